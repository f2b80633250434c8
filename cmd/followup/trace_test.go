package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/joydevie/followup/internal/traces"
)

// collected is a collector that keeps what it is sent.
type collected struct {
	*httptest.Server
	mu    sync.Mutex
	raw   strings.Builder
	spans []*otlp.Span
}

func collect(t *testing.T) *collected {
	c := &collected{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var sent collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &sent)
		}
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.raw.Write(body)
		for _, resource := range sent.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// trace lists the names of the spans of the trace in which a form was posted.
func (c *collected) trace() (names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, root := range c.spans {
		if root.Name != "POST /contact" {
			continue
		}
		for _, span := range c.spans {
			if string(span.TraceId) == string(root.TraceId) {
				names = append(names, span.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestATraceLeadsFromTheFormToTheProviderAndNamesNobody(t *testing.T) {
	t.Parallel()
	w, c := newClinicWorld(t), collect(t)
	env := w.with("FOLLOWUP_GUARD=off", "OTEL_EXPORTER_OTLP_ENDPOINT="+c.URL, "OTEL_BSP_SCHEDULE_DELAY=50")
	server, worker := launch(t, env, "serve"), launch(t, env, "work")
	post(t, server.port("public"), canary)
	want := []string{
		"POST /contact", "queue contact:submitted", "queue message:email", "queue message:sms", "send email", "send sms",
		"task contact:submitted", "task message:email", "task message:sms",
	}
	eventually(t, "the whole way", func() bool { return slices.Equal(c.trace(), want) })
	for _, p := range []*process{server, worker} {
		if code := p.stop(); code != 0 {
			t.Errorf("stopped with %d", code)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, span := range c.spans {
		for _, a := range span.Attributes {
			if !slices.Contains(traces.Allowed, a.Key) {
				t.Errorf("%s has %s", span.Name, a.Key)
			}
		}
		if len(span.Events)+len(span.Links) > 0 || span.Status.GetMessage() != "" {
			t.Errorf("%s holds text: %v", span.Name, span)
		}
	}
	for _, secret := range []string{"anaria", "ogelsang", "5550142", "zebra", "mailbox.example"} {
		if strings.Contains(c.raw.String(), secret) {
			t.Errorf("%q stands in a trace", secret)
		}
	}
	w.nothingPersonal(server, worker)
}

func TestWithoutACollectorNothingIsTraced(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	p := launch(t, w.env, "serve")
	post(t, p.port("public"), canary)
	if task := w.dump("asynq:{intake}:t:*"); task == "" || strings.Contains(task, "traceparent") {
		t.Errorf("the task carries a trace: %q", task)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("stopped with %d", code)
	}
	wrong := launch(t, w.with("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"), "serve")
	if code := wrong.wait(); code != failed || !strings.Contains(wrong.log.String(), "OTEL_EXPORTER_OTLP_PROTOCOL") {
		t.Errorf("exit %d, %s", code, wrong.log)
	}
}

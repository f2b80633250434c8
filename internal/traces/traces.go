// Package traces hands the way of a message, from the form to the provider, to
// a collector that speaks OTLP over HTTP. It is off unless the standard settings
// of OpenTelemetry name a collector. It imports nothing of ours.
package traces

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Allowed are the attributes that leave the house: ids, and names of ours. What
// is not here, and whatever could hold text (events, links, the words of an
// error), is taken off every span before it goes.
var Allowed = []string{
	"http.request.method", "http.route", "http.response.status_code",
	"task", "id", "attempt", "contact", "entry", "channel", "outcome", "code",
}

// Start makes a tracer from the environment, as os.Environ gives it: settings of
// the SDK and its exporter are read there (opentelemetry.io: Environment
// Variable Specification). Without a collector the tracer is nil. stop hands on
// what is left, for some seconds at most.
func Start(ctx context.Context, environ []string, log *slog.Logger) (t trace.Tracer, stop func(), err error) {
	env := map[string]string{}
	for _, e := range environ {
		if name, value, ok := strings.Cut(e, "="); ok && strings.HasPrefix(name, "OTEL_") {
			env[name] = strings.TrimSpace(value)
		}
	}
	nowhere := env["OTEL_EXPORTER_OTLP_ENDPOINT"] == "" && env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] == ""
	if nowhere || env["OTEL_TRACES_EXPORTER"] == "none" || strings.EqualFold(env["OTEL_SDK_DISABLED"], "true") {
		return nil, func() {}, nil
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if p := env[name]; p != "" && p != "http/protobuf" {
			return nil, nil, fmt.Errorf("%s: %q is not spoken here; use http/protobuf, on port 4318 as a rule", name, p)
		}
	}
	out, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	// What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say wins.
	about, err := resource.Merge(resource.NewSchemaless(attribute.String("service.name", "followup")), resource.Environment())
	if err != nil {
		return nil, nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	var said atomic.Int64
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { // process-wide, as the SDK has it
		if now := time.Now().Unix(); now-said.Load() >= 60 {
			said.Store(now)
			log.Warn("traces do not reach their collector", "err", err)
		}
	}))
	provider := sdk.NewTracerProvider(sdk.WithResource(about), sdk.WithBatcher(strict{out}))
	stop = func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			otel.Handle(err)
		}
	}
	return provider.Tracer("followup"), stop, nil
}

// strict lets nothing through that is not allowed.
type strict struct{ sdk.SpanExporter }

// ExportSpans implements sdk.SpanExporter.
func (s strict) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	cleaned := make([]sdk.ReadOnlySpan, len(spans))
	for i, span := range spans {
		cleaned[i] = clean{span}
	}
	return s.SpanExporter.ExportSpans(ctx, cleaned)
}

type clean struct{ sdk.ReadOnlySpan }

func (c clean) Attributes() []attribute.KeyValue {
	return slices.DeleteFunc(slices.Clone(c.ReadOnlySpan.Attributes()), func(a attribute.KeyValue) bool {
		return !slices.Contains(Allowed, string(a.Key))
	})
}

func (c clean) Events() []sdk.Event { return nil }
func (c clean) Links() []sdk.Link   { return nil }
func (c clean) Status() sdk.Status  { return sdk.Status{Code: c.ReadOnlySpan.Status().Code} }

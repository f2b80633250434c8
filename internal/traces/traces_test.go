package traces

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

func TestWhatIsNotAllowedIsTakenOff(t *testing.T) {
	t.Parallel()
	kept := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(strict{kept}))
	_, span := provider.Tracer("").Start(t.Context(), "send email", trace.WithAttributes(
		attribute.String("contact", "abc"), attribute.String("to", "ann@example.com")))
	span.RecordError(errors.New("ann@example.com is unknown"))
	span.SetStatus(codes.Error, "ann@example.com is unknown")
	span.End()
	got := kept.GetSpans()[0]
	if len(got.Attributes) != 1 || got.Attributes[0].Key != "contact" || len(got.Events) != 0 || got.Status.Code != codes.Error || got.Status.Description != "" {
		t.Errorf("went out: %+v", got)
	}
}

func TestItIsOffUnlessACollectorIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env []string
		on  bool
	}{
		{nil, false},
		{[]string{"OTEL_SERVICE_NAME=x"}, false},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1"}, true},
		{[]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://127.0.0.1:1/v1/traces"}, true},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_SDK_DISABLED=true"}, false},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_TRACES_EXPORTER=none"}, false},
	} {
		tracer, stop, err := Start(context.Background(), c.env, slog.New(slog.DiscardHandler))
		if err != nil || (tracer != nil) != c.on {
			t.Errorf("%v: %v, %v", c.env, tracer, err)
			continue
		}
		stop()
	}
}

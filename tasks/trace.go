package tasks

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traced is the span of one enqueue, a child of the caller's; without one there
// is none, and it costs nothing.
func traced(ctx context.Context, kind, id string) (context.Context, func(error)) {
	ctx, span := trace.SpanFromContext(ctx).TracerProvider().Tracer("followup").Start(ctx, "queue "+kind,
		trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(attribute.String("task", kind), attribute.String("id", id)))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// headers carry the caller's trace to whoever takes the task: two opaque ids
// (W3C Trace Context). Nil where nothing is traced.
func headers(ctx context.Context) map[string]string {
	h := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, h)
	if len(h) == 0 {
		return nil
	}
	return h
}

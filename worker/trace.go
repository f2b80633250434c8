package worker

import (
	"context"

	"github.com/hibiken/asynq"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/ledger"
)

// traced gives every run of a task a span, which goes on where the one who
// queued it left off.
func (w *Worker) traced(next asynq.Handler) asynq.Handler {
	if w.Tracer == nil {
		return next
	}
	return asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		id, _ := asynq.GetTaskID(ctx)
		attempt, _ := asynq.GetRetryCount(ctx)
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier(t.Headers()))
		ctx, span := w.Tracer.Start(ctx, "task "+t.Type(), trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
			attribute.String("task", t.Type()), attribute.String("id", id), attribute.Int("attempt", attempt+1)))
		defer span.End()
		err := next.ProcessTask(ctx, t)
		if err != nil && isFailure(err) {
			span.SetStatus(codes.Error, "")
		}
		return err
	})
}

// send hands a message to its channel, within the time that a send has.
func (w *Worker) send(ctx context.Context, p *ledger.Planned, m channel.Message) channel.Outcome {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	ctx, span := trace.SpanFromContext(ctx).TracerProvider().Tracer("followup").Start(ctx, "send "+string(p.Via), trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	out := w.Channels[p.Via].Send(ctx, m)
	span.SetAttributes(attribute.String("contact", string(p.Contact)), attribute.String("entry", p.Entry.String()),
		attribute.String("channel", string(p.Via)), attribute.String("outcome", out.State.String()), attribute.String("code", out.Code))
	if out.State != channel.Accepted {
		span.SetStatus(codes.Error, "")
	}
	return out
}

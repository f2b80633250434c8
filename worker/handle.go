package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/hibiken/asynq"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/tasks"
)

// routes gives each kind its handler by its exact name: asynq's own ServeMux
// matches prefixes, so a new kind could be caught by an old one.
type routes map[string]asynq.HandlerFunc

// ProcessTask implements asynq.Handler. A kind that this version does not know
// is tried again later: during a rolling deploy another worker knows it.
func (r routes) ProcessTask(ctx context.Context, t *asynq.Task) error {
	h, ok := r[t.Type()]
	if !ok {
		return fmt.Errorf("task %s: %w", t.Type(), asynq.ErrHandlerNotFound)
	}
	return h(ctx, t)
}

func (w *Worker) handlers() routes {
	r := routes{}
	route(r, tasks.Submitted, w.Sealer, w.submitted)
	route(r, tasks.Email, w.Sealer, func(ctx context.Context, m tasks.Message) error { return w.deliver(ctx, contact.ViaEmail, m) })
	route(r, tasks.SMS, w.Sealer, func(ctx context.Context, m tasks.Message) error { return w.deliver(ctx, contact.ViaSMS, m) })
	route(r, tasks.Reported, w.Sealer, w.reported)
	route(r, tasks.PersonReplied, w.Sealer, w.replied)
	route(r, tasks.Canary, w.Sealer, w.canary)
	route(r, tasks.Redact, w.Sealer, w.redact)
	return r
}

// route is the one adapter between asynq and our handlers: it decodes.
func route[P any](r routes, k tasks.Kind[P], s tasks.Sealer, h func(context.Context, P) error) {
	r[k.Name] = func(ctx context.Context, t *asynq.Task) (err error) {
		defer func() {
			// asynq would keep the panic's text in Redis (processor.go:424), and it
			// may hold what was being worked on.
			if v := recover(); v != nil {
				err = fmt.Errorf("task %s: panic: %T at %s", k.Name, v, where())
			}
		}()
		p, err := k.Decode(t.Payload(), s)
		if err != nil {
			// Tried again, not set aside: a key set that lacks a key is mended by
			// the operator, and a person waits behind this task.
			return err
		}
		return h(ctx, p)
	}
}

// where names the functions that led to a panic, the innermost first.
func where() string {
	var calls [12]uintptr
	frames, names := runtime.CallersFrames(calls[:runtime.Callers(4, calls[:])]), []string{}
	for {
		f, more := frames.Next()
		names = append(names, fmt.Sprintf("%s:%d", f.Function, f.Line))
		if !more {
			return strings.Join(names, " < ")
		}
	}
}

// busy says that the message cannot be looked at now, most often since another
// attempt holds it; ask again after that long.
type busy struct{ after time.Duration }

func (b *busy) Error() string { return "this message cannot be looked at now" }

// waits are the pauses between tries at something of our own that failed.
var waits = []time.Duration{time.Second, 5 * time.Second, 15 * time.Second, time.Minute}

func retryDelay(n int, err error, _ *asynq.Task) time.Duration {
	if b, ok := errors.AsType[*busy](err); ok {
		return b.after
	}
	if errors.Is(err, asynq.ErrLeaseExpired) {
		return 0 // the worker died with it: it has waited a minute already
	}
	return waits[min(n, len(waits)-1)]
}

// isFailure: waiting for another attempt, and the death of a worker, are no
// fault of the task and use up none of its retries.
func isFailure(err error) bool {
	_, waiting := errors.AsType[*busy](err)
	return !waiting && !errors.Is(err, asynq.ErrLeaseExpired)
}

func (w *Worker) logFailure(ctx context.Context, t *asynq.Task, err error) {
	if !isFailure(err) {
		return
	}
	w.Metrics.TaskFailed(t.Type())
	id, _ := asynq.GetTaskID(ctx)
	attempt, _ := asynq.GetRetryCount(ctx)
	w.Log.ErrorContext(ctx, "task failed", "task", t.Type(), "id", id, "attempt", attempt+1, "err", err)
}

// asynqLog lets asynq speak through our log. What it says at this level holds
// task ids and errors of Redis, no payload.
type asynqLog struct{ log *slog.Logger }

func (l asynqLog) say(level slog.Level, args []any) {
	l.log.Log(context.Background(), level, "asynq", "err", strings.TrimSpace(fmt.Sprint(args...)))
}

func (l asynqLog) Debug(args ...any) { l.say(slog.LevelDebug, args) }
func (l asynqLog) Info(args ...any)  { l.say(slog.LevelInfo, args) }
func (l asynqLog) Warn(args ...any)  { l.say(slog.LevelWarn, args) }
func (l asynqLog) Error(args ...any) { l.say(slog.LevelError, args) }
func (l asynqLog) Fatal(args ...any) { l.say(slog.LevelError, args) }

// Package worker turns a task into an outcome. One file a kind; plan says what
// should follow from a submission, deliver takes one message through the gate
// to its channel, and outcome maps what came back to retry, wait, stop or set
// aside.
package worker

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace"

	"github.com/joydevie/followup/internal/alarm"
	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/metrics"
	"github.com/joydevie/followup/tasks"
	"github.com/joydevie/followup/templates"
)

// Clinic is what messages say of the clinic and where staff are reached.
type Clinic struct {
	Name       string
	Sender     string // neutral: the only name that a text carries
	Phone      string // as people read it
	Postal     string
	ReplyTo    string
	Staff      []string        // addresses that get the note about each submission
	StaffPhone []string        // numbers of theirs, E.164; in a trial they get texts, and no others do
	Reminders  []gate.Lead     // of every appointment
	FollowUps  []time.Duration // after the submission; growing; none switches them off
	BookingURL string          // "" leaves the button out
	PrivacyURL string
	Zone       *time.Location
	Office     hours.Office
}

// Links makes the URLs that only their reader may use.
type Links interface {
	Unsubscribe(id contact.ID, n int) string
	Note(id contact.ID, n int, action string) string // "read", "answered", "booked", "stop"
	ReplyNote(id contact.ID, n, k int, action string) string
	Item(id contact.ID, n int) string // the short name of a submission among staff
}

// Words writes messages. What stands behind it may be replaced between two of
// them.
type Words interface {
	Render(name, language string, d templates.Data) (templates.Rendered, error)
	Class(name string) string
	HasCalendar(name string) bool
}

// Worker does the tasks. Every field is required but SMS in Channels, Pace,
// Retention and those that say what their zero value means.
type Worker struct {
	Ledger    *ledger.Ledger
	Alarm     alarm.Clock
	Sealer    tasks.Sealer
	Templates Words
	Channels  map[contact.Via]channel.Sender // without ViaSMS no text is planned
	Clinic    Clinic
	Links     Links
	Windows   hours.Windows
	Trial     bool                        // only staff get messages until the ledger says that the service is live
	Pace      map[contact.Via]ledger.Rate // of all workers together; no entry sets no limit
	ReadFirst bool                        // a person reads a submission before more than the confirmation email goes
	TextFirst bool                        // no automated text goes to a number that has not texted in
	Guard     bool                        // the form has limits
	Reminders hours.Windows               // in which reminders go by text
	Retention Retention
	Log       *slog.Logger
	Metrics   *metrics.Metrics // nil: nothing is counted
	Canary    *Canary          // nil: the house does not write to itself
	Tracer    trace.Tracer     // nil: no task is traced

	// Hold reports whether nothing may be sent now, since an opt-out that somebody
	// was told of is not yet in force. nil: something always may.
	Hold func() bool

	Evidence   Evidence      // settles texts whose answer was lost; nil: a report of the provider alone does
	Redact     Redact        // empties texts at their provider; nil: they stay as they are
	Sheet      Sheet         // what stands in the morning sheet; nil: there is none
	SweepEvery time.Duration // how often somebody looks for what went missing; zero: every minute

	sheetOf   string // the day whose sheet is planned
	patrolled string // the place at which the walk through all people goes on
}

// Concurrency is how many tasks of a server run at the same time.
type Concurrency struct{ Intake, Mail, SMS int }

// DefaultConcurrency suits a relay that takes some dozen connections.
var DefaultConcurrency = Concurrency{Intake: 10, Mail: 20, SMS: 10}

// Sum is how many connections to Redis the workers may need at once.
func (c Concurrency) Sum() int { return c.Intake + c.Mail + c.SMS }

// Grace is how long a stopping worker may finish what it holds. It is longer
// than every task's timeout: asynq puts a task back after the grace while its
// goroutine may still be sending (asynq v0.26.0 processor.go:221-249).
const Grace = 50 * time.Second

// sendTimeout bounds one call to a provider; what remains of the task's
// timeout is for the ledger.
const sendTimeout = 30 * time.Second

// Run serves the queues over rdb until ctx is done, then finishes what is in
// hand, for Grace at most. There is one asynq server a channel, so that a slow
// provider fills no slots but its own.
func (w *Worker) Run(ctx context.Context, rdb redis.UniversalClient, c Concurrency) error {
	handlers := &busyRoutes{routes: w.handlers()}
	var servers []*asynq.Server
	var sweeper sync.WaitGroup
	stop := func() {
		finished := make(chan struct{})
		go func() {
			defer close(finished)
			together(servers, (*asynq.Server).Stop) // no new work anywhere before waiting for any
			together(servers, (*asynq.Server).Shutdown)
			sweeper.Wait()
		}()
		if !handlers.wait(finished) {
			w.Log.Warn("stopped without waiting any longer for redis")
		}
	}
	w.resume(ctx)
	w.keepWords(ctx)
	for _, group := range []struct {
		queues      map[string]int
		concurrency int
	}{
		{map[string]int{tasks.QueueIntake: 1}, c.Intake},
		{map[string]int{tasks.QueueMail: 3, tasks.QueueMailTurn: 2, tasks.QueueMailLater: 1}, c.Mail},
		{map[string]int{tasks.QueueSMS: 3, tasks.QueueSMSTurn: 2, tasks.QueueSMSLater: 1}, c.SMS},
	} {
		s := asynq.NewServerFromRedisClient(rdb, asynq.Config{
			Queues: group.queues, StrictPriority: true, Concurrency: group.concurrency,
			// asynq polls: these bound how long a task that is due may lie. An
			// idle poll is a script of some 15 µs.
			TaskCheckInterval: 20 * time.Millisecond, DelayedTaskCheckInterval: time.Second,
			ShutdownTimeout: Grace, RetryDelayFunc: retryDelay, IsFailure: isFailure,
			ErrorHandler: asynq.ErrorHandlerFunc(w.logFailure), Logger: asynqLog{w.Log}, LogLevel: asynq.WarnLevel,
		})
		if err := s.Start(w.traced(handlers)); err != nil {
			stop()
			return err
		}
		servers = append(servers, s)
	}
	sweeper.Go(func() { w.sweeping(ctx, asynq.NewInspectorFromRedisClient(rdb)) })
	<-ctx.Done()
	stop()
	return nil
}

// together does one thing with every server at the same time.
func together(servers []*asynq.Server, do func(*asynq.Server)) {
	var all sync.WaitGroup
	for _, s := range servers {
		all.Go(func() { do(s) })
	}
	all.Wait()
}

// resume lets every channel be tried again: a worker that starts may have the
// settings that mend what paused it. If not, its first message pauses it anew.
func (w *Worker) resume(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for v := range w.Channels {
		if err := w.Ledger.TryAgain(ctx, v); err != nil {
			w.Log.WarnContext(ctx, "pause not lifted", "channel", v, "err", err)
		}
	}
}

// now is the plan's time.
func (w *Worker) now() time.Time { return w.Alarm.Plan.Now() }

// in gives the plan's time that lies d of real time ahead: retries do not run
// faster than the world they wait for.
func (w *Worker) in(d time.Duration) time.Time {
	speed := time.Duration(w.Alarm.Plan.Speed())
	return w.now().Add(min(d, math.MaxInt64/speed) * speed) // hours times a million is more than a Duration holds
}

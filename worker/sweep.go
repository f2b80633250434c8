package worker

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/hibiken/asynq"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// An alarm can get lost: with a task that asynq set aside, that Redis threw
// away, or that lies in "active" with nobody to run it (asynq v0.26.0
// rdb.go:229-236, 1322). So somebody looks, now and then, for what should have
// ended and has not.
const (
	sweepEvery   = time.Minute
	overdueAfter = 2 * time.Minute  // longer than a task waits between two tries
	behindWait   = 5 * time.Minute  // until a look at what a queue that is behind still holds
	ringAgain    = 10 * time.Minute // until a message that was rung for is looked at again
	sweepPage    = 100
)

// sweeping sweeps until ctx is done. Every worker runs it; of all of them one
// sweeps at a time.
func (w *Worker) sweeping(ctx context.Context, in *asynq.Inspector) {
	every := cmp.Or(w.SweepEvery, sweepEvery)
	me := rand.Text()[:8]
	for tick := time.NewTicker(every); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		turn, cancel := context.WithTimeout(ctx, every)
		mine, err := w.Ledger.TakeChore(turn, ledger.ChoreSweep, me, every*9/10)
		if err == nil && mine {
			err = w.sweep(turn, in)
		}
		cancel()
		if err != nil && ctx.Err() == nil {
			w.Log.WarnContext(ctx, "sweep not finished", "err", err)
		}
	}
}

// round is one run of the sweeper.
type round struct {
	behind map[contact.Via]bool // what is overdue there may simply wait its turn
	found  ledger.Swept
	asked  int // how often a provider was asked for a text
}

// sweep looks once at what is overdue.
func (w *Worker) sweep(ctx context.Context, in *asynq.Inspector) error {
	w.emptyArchives(ctx, in)
	r := &round{behind: map[contact.Via]bool{
		contact.ViaEmail: isBehind(in, tasks.QueueMail, tasks.QueueMailTurn, tasks.QueueMailLater),
		contact.ViaSMS:   isBehind(in, tasks.QueueSMS, tasks.QueueSMSTurn, tasks.QueueSMSLater),
	}}
	for {
		looks, err := w.Ledger.Overdue(ctx, w.in(-overdueAfter), sweepPage)
		if err != nil {
			return err
		}
		for _, look := range looks {
			if err := w.lookAfter(ctx, look, r); err != nil {
				return err
			}
		}
		if len(looks) < sweepPage {
			r.found.At = time.Now()
			if err := w.Ledger.NoteSwept(ctx, r.found); err != nil {
				return err
			}
			if err := w.sheet(ctx); err != nil {
				return err
			}
			return w.patrol(ctx)
		}
	}
}

// isBehind reports whether something has lain in a queue for so long that an
// overdue message may simply wait its turn there. A queue that cannot be asked
// counts as on time: asynq cannot tell of one that lost tasks (inspect.go:266).
func isBehind(in *asynq.Inspector, queues ...string) bool {
	for _, q := range queues {
		if info, err := in.GetQueueInfo(q); err == nil && info.Latency > overdueAfter/4 {
			return true
		}
	}
	return false
}

// lookAfter looks at a person, and notes when to look next. One that cannot be
// looked at must not keep all others from being looked after.
func (w *Worker) lookAfter(ctx context.Context, look ledger.Look, r *round) error {
	next, err := w.lookAt(ctx, look.Contact, r)
	if err != nil && ctx.Err() == nil {
		w.Log.ErrorContext(ctx, "person not looked after", "contact", look.Contact, "err", err)
		next, err = w.in(ringAgain), nil
	}
	if err != nil {
		return err
	}
	return w.Ledger.LookAgain(ctx, look, next) // fails where Redis is away
}

// lookAt looks at every message of a person that should have an alarm, rings
// again for what is overdue, and says when to look next; the zero time: not
// before something new is planned.
func (w *Worker) lookAt(ctx context.Context, id contact.ID, r *round) (next time.Time, err error) {
	person, err := w.Ledger.Person(ctx, id)
	if errors.Is(err, ledger.ErrNone) {
		return next, nil // erased
	}
	if err != nil {
		return next, err
	}
	if person.Erasing != "" {
		return next, w.Ledger.FinishErasing(ctx, person)
	}
	if err := w.lookForCall(ctx, person); err != nil {
		return next, err
	}
	for _, m := range person.Alarmed() {
		at, err := w.chase(ctx, person, &m, r)
		if err != nil {
			return next, err
		}
		next = sooner(next, at)
	}
	for _, m := range person.Messages {
		at, err := w.seek(ctx, person, &m, r)
		if err != nil {
			return next, err
		}
		next = sooner(next, at)
	}
	return next, nil
}

// sooner is the earlier of two times, where the zero time is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// chase rings for a message if it is overdue, and says when to look at it again.
func (w *Worker) chase(ctx context.Context, person *ledger.Person, m *ledger.Planned, r *round) (time.Time, error) {
	if m.Row.State == ledger.Sending {
		if left := time.Until(unix(m.Row.Since).Add(stale)); left > 0 {
			return w.in(left), nil
		}
	} else if due := unix(m.Row.Due); due.After(w.in(-overdueAfter)) {
		return due, nil
	}
	if r.behind[m.Via] {
		r.found.Behind++
		return w.in(behindWait), nil
	}
	return w.in(ringAgain), w.ringOverdue(ctx, person, m, r)
}

// ringOverdue sets the alarm that was lost. Where that did not help before,
// people must know.
func (w *Worker) ringOverdue(ctx context.Context, person *ledger.Person, m *ledger.Planned, r *round) error {
	name := m.Entry.Template + "/" + string(m.Via)
	events, err := w.Ledger.Timeline(ctx, m.Contact)
	if err != nil {
		return err
	}
	say, words, count := w.Log.WarnContext, "alarm lost; rung again", &r.found.Lost
	for _, e := range events {
		if e.What == "overdue" && e.N == m.Entry.N && e.Message == name {
			say, words, count = w.Log.ErrorContext, "message overdue though it was rung for; look at it", &r.found.Again
		}
	}
	*count++
	say(ctx, words, "contact", m.Contact, "entry", m.Entry, "channel", m.Via, "state", m.Row.State)
	if err := w.Ledger.Record(ctx, m.Contact, ledger.Event{What: "overdue", N: m.Entry.N, Message: name, By: "sweeper"}); err != nil {
		return err
	}
	if before := predecessor(person, m); before != nil && m.Row.State == ledger.Waiting {
		return w.advance(ctx, before) // which keeps the gap between the two
	}
	return w.Alarm.Ring(ctx, m)
}

// predecessor is the message of a sequence after which m goes; nil when there is none.
func predecessor(person *ledger.Person, m *ledger.Planned) *ledger.Planned {
	var before *ledger.Planned
	for _, other := range person.Sequence(m.Entry.N) {
		if other.Entry == m.Entry {
			return before
		}
		before = &other
	}
	return nil
}

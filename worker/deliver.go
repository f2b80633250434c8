package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// stale is when a claim has outlived its holder: the task's timeout and a
// minute on top.
var stale = tasks.Email.Timeout + time.Minute

// deliver takes one planned message as far as it can go now. The order is what
// keeps the promises: claim, then decide on what is true after the claim, then
// send, then write down. Of two alarms for one message the second finds it
// claimed or done.
func (w *Worker) deliver(ctx context.Context, v contact.Via, t tasks.Message) error {
	if w.Hold != nil && w.Hold() {
		return &busy{time.Second} // before the claim, which reads what is in force
	}
	entry, err := ledger.ParseEntry(t.Entry)
	if err != nil {
		return err
	}
	p, err := w.Ledger.Message(ctx, contact.ID(t.Contact), entry, v)
	if errors.Is(err, ledger.ErrNone) {
		w.Log.InfoContext(ctx, "alarm for nothing", "contact", t.Contact, "entry", t.Entry)
		return nil // erased meanwhile
	}
	if err != nil {
		return err
	}
	switch {
	case p.Row.State == ledger.Sending:
		if done, err := w.abandoned(ctx, p); done || err != nil {
			return err
		}
	case !p.Row.State.Pending():
		return w.advance(ctx, p) // sent by a run that died before it set the next alarm
	case p.Row.Due > w.now().Unix():
		return w.Alarm.Ring(ctx, p) // planned anew since this alarm was set
	}
	if err := w.attempt(ctx, p); err != nil {
		if errors.Is(err, ledger.ErrRace) {
			return &busy{time.Second}
		}
		return err
	}
	if p.Row.State.Pending() {
		return w.Alarm.Ring(ctx, p)
	}
	return w.advance(ctx, p)
}

// attempt claims, decides, sends and settles: p.Row is what came of it.
func (w *Worker) attempt(ctx context.Context, p *ledger.Planned) error {
	start, before := time.Now(), p.Row
	moment, err := w.Ledger.Claim(ctx, p, rand.Text()[:8], start)
	if err != nil {
		return err
	}
	if moved(p) {
		return w.retime(ctx, p)
	}
	verdict := gate.Decide(w.snapshot(p, moment), w.now())
	if verdict.Do != gate.Go {
		return w.refrain(ctx, p, verdict)
	}
	if moment.PausedByStaff {
		p.Row.Tries-- // no provider was asked
		return w.settle(ctx, p, ledger.Held, gate.ReasonPaused, w.in(min(moment.Paused, pausedLook)))
	}
	if deadline, ok := ctx.Deadline(); moment.Paused > 0 || ok && time.Until(deadline) < sendTimeout {
		// A provider that is cut off in mid-answer leaves a message unknown: after
		// a long wait for Redis the next run has the time.
		p.Row.Tries-- // no provider was asked
		return w.settle(ctx, p, ledger.Waiting, gate.ReasonProvider, w.in(moment.Paused))
	}
	if hold := w.turn(ctx, p, before, moment); hold.Do != gate.Go {
		p.Row.Tries-- // no provider was asked
		return w.settle(ctx, p, ledger.Waiting, hold.Why, hold.Until)
	}
	message, words, err := w.write(ctx, p)
	if err != nil {
		w.Log.ErrorContext(ctx, "message not written", "contact", p.Contact, "entry", p.Entry, "err", err)
		return w.settle(ctx, p, ledger.Waiting, gate.ReasonWords, w.in(wordsWait))
	}
	if verdict, err = w.reserve(ctx, p, moment); err != nil {
		w.Log.ErrorContext(ctx, "no place under the caps", "contact", p.Contact, "entry", p.Entry, "err", err)
		verdict = gate.Verdict{Do: gate.Hold, Until: w.in(time.Minute), Why: gate.ReasonUnreadable}
	}
	if verdict.Do != gate.Go {
		return w.refrain(ctx, p, verdict)
	}
	out := w.send(ctx, p, message)
	level := slog.LevelInfo
	if out.State != channel.Accepted {
		level = slog.LevelWarn
	}
	w.Log.Log(ctx, level, "message "+out.State.String(), "contact", p.Contact, "entry", p.Entry, "channel", p.Via,
		"attempt", p.Row.Tries, "code", out.Code, "took", time.Since(start).Round(time.Millisecond), "err", out.Err)
	w.countSend(p, out)
	w.giveBack(ctx, p, out)
	p.Row.Words, p.Row.Provider, p.Row.Code = words, out.ID, out.Code
	return w.conclude(ctx, p, out)
}

// pausedLook is how long at most a message waits until somebody looks whether
// staff have ended a pause.
const pausedLook = 5 * time.Minute

// wordsWait is how long a message whose template is at fault waits for a
// deploy that mends it.
const wordsWait = 10 * time.Minute

// refrain writes down that the message does not go now, or never.
func (w *Worker) refrain(ctx context.Context, p *ledger.Planned, v gate.Verdict) error {
	p.Row.Tries-- // no provider was asked
	if v.Do != gate.Hold {
		return w.settle(ctx, p, ledger.NotSent, v.Why, time.Time{})
	}
	if err := w.settle(ctx, p, ledger.Held, v.Why, v.Until); err != nil {
		return err
	}
	if v.Why == gate.ReasonUnread && !p.Unread || v.Why == gate.ReasonHold && !p.OnHold {
		// Somebody released it since the claim, and did not see that this was held.
		return w.settle(ctx, p, ledger.Waiting, "", w.now())
	}
	if v.Why == gate.ReasonTrial {
		// Who went live since the claim did not see that this was held.
		if live, err := w.Ledger.Live(ctx); err != nil || live.At > 0 {
			return errors.Join(err, w.settle(ctx, p, ledger.Waiting, "", w.now()))
		}
	}
	return nil
}

// settle moves the claimed message into a state. due is when its alarm should
// ring, zero for never. What a provider has said must be written down, so it
// does not give up with the task's time or with a Redis that is away, but only
// shortly before a stopping worker is no longer waited for.
func (w *Worker) settle(ctx context.Context, p *ledger.Planned, s ledger.State, why gate.Reason, due time.Time) error {
	deadline := unix(p.Row.Since).Add(Grace - settleReserve)
	if least := time.Now().Add(settleReserve); deadline.Before(least) {
		deadline = least
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	defer cancel()
	if s == ledger.NotSent && p.Row.Repeat {
		s, why = ledger.Unknown, gate.ReasonLostAnswer // the first attempt may have gone
	}
	row, err := p.Row.To(s, why, w.now())
	if err != nil {
		return err
	}
	row.Try, row.Since, row.Due = "", 0, 0
	if !due.IsZero() {
		row.Due = due.Unix()
		if due.Nanosecond() > 0 {
			row.Due++
		}
	}
	for {
		err := w.Ledger.Settle(ctx, p, row)
		if err == nil {
			w.countSettled(p)
			if p.Via == contact.ViaSMS && (s == ledger.Sent || s == ledger.Unknown) {
				w.nameInHand(ctx, p)
			}
		}
		if err == nil || errors.Is(err, ledger.ErrRace) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(settleAgain):
		}
	}
}

const (
	settleReserve = 5 * time.Second
	settleAgain   = 500 * time.Millisecond
)

// abandoned looks at a message that another attempt holds. While that attempt
// may still be alive the task waits. After that nobody knows whether the
// provider has the message: an email is repeated, once, under the same
// Message-ID, by which a reader's server can tell; a text never.
func (w *Worker) abandoned(ctx context.Context, p *ledger.Planned) (done bool, err error) {
	if left := time.Until(time.Unix(p.Row.Since, 0).Add(stale)); left > 0 {
		return true, &busy{left.Truncate(time.Second) + time.Second}
	}
	if p.Via == contact.ViaEmail && !p.Row.Repeat {
		p.Row.Repeat = true
		return false, nil
	}
	w.Log.WarnContext(ctx, "message unknown", "contact", p.Contact, "entry", p.Entry, "channel", p.Via)
	if err := w.settle(ctx, p, ledger.Unknown, gate.ReasonLostAnswer, time.Time{}); err != nil {
		return true, err
	}
	return true, w.advance(ctx, p)
}

// advance sets the alarm of the next follow-up once one has come to its end. A
// step that was delayed pushes the later ones: the gaps between them stay.
func (w *Worker) advance(ctx context.Context, p *ledger.Planned) error {
	if !ledger.IsFollowUp(p.Entry.Template) {
		return nil
	}
	person, err := w.Ledger.Person(ctx, p.Contact)
	if errors.Is(err, ledger.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, m := range person.Sequence(p.Entry.N) {
		if m.Entry == p.Entry || !m.Row.State.Pending() {
			continue
		}
		if m.Row.State != ledger.Waiting {
			return nil // it is next, and has an alarm of its own
		}
		if due := w.pushed(p, &m); due > m.Row.Due {
			row, err := m.Row.To(ledger.Waiting, "", w.now())
			if err != nil {
				return err
			}
			row.Due, row.Planned = due, due
			if err := w.Ledger.Settle(ctx, &m, row); err != nil {
				return fmt.Errorf("push the next follow-up: %w", err)
			}
		}
		return w.Alarm.Ring(ctx, &m)
	}
	return nil
}

// pushed is when the step next is due once the one before it has ended: the gap
// between them is the one that the clinic's plan has, however late the former
// went. Where the plan has changed since, it is the one that was planned.
func (w *Worker) pushed(before, next *ledger.Planned) int64 {
	gap := next.Row.Planned - before.Row.Planned
	from, to := w.after(before.Entry.Template), w.after(next.Entry.Template)
	if from > 0 && to > from {
		gap = int64((to - from) / time.Second)
	}
	return max(next.Row.Due, before.Row.At+gap)
}

// after is how long after the submission the plan has a follow-up; 0 when it
// has it no more.
func (w *Worker) after(template string) time.Duration {
	for i, after := range w.Clinic.FollowUps {
		if ledger.FollowUp(i+1) == template {
			return after
		}
	}
	return 0
}

func unix(seconds int64) time.Time { return time.Unix(seconds, 0) }

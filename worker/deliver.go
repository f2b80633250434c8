package worker

import (
	"context"
	"crypto/rand"
	"errors"
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

// attempt claims, decides, waits for its turn or takes it, writes, takes a place
// under the caps, sends and settles: p.Row is what came of it.
func (w *Worker) attempt(ctx context.Context, p *ledger.Planned) error {
	start, before := time.Now(), p.Row
	moment, err := w.Ledger.Claim(ctx, p, rand.Text()[:8], start)
	if err != nil {
		return err
	}
	if moved(p) {
		return w.retime(ctx, p)
	}
	if v := gate.Decide(w.snapshot(p, moment), w.now()); v.Do != gate.Go {
		return w.refrain(ctx, p, v)
	}
	if state, v := w.turn(ctx, p, before, moment); v.Do != gate.Go {
		p.Row.Tries-- // no provider was asked
		return w.settle(ctx, p, state, v.Why, v.Until)
	}
	message, words, err := w.write(ctx, p)
	if err != nil {
		w.Log.ErrorContext(ctx, "message not written", "contact", p.Contact, "entry", p.Entry, "err", err)
		return w.settle(ctx, p, ledger.Waiting, gate.ReasonWords, w.in(wordsWait))
	}
	if v := w.reserve(ctx, p, moment); v.Do != gate.Go {
		return w.refrain(ctx, p, v)
	}
	out := w.send(ctx, p, message)
	w.note(ctx, p, out, time.Since(start))
	w.giveBack(ctx, p, out)
	p.Row.Words, p.Row.Provider, p.Row.Code = words, out.ID, out.Code
	return w.conclude(ctx, p, out)
}

// wordsWait is how long a message whose template is at fault waits for a
// deploy that mends it.
const wordsWait = 10 * time.Minute

// note tells log and metrics what the provider said.
func (w *Worker) note(ctx context.Context, p *ledger.Planned, out channel.Outcome, took time.Duration) {
	level := slog.LevelInfo
	if out.State != channel.Accepted {
		level = slog.LevelWarn
	}
	w.Log.Log(ctx, level, "message "+out.State.String(), "contact", p.Contact, "entry", p.Entry, "channel", p.Via,
		"attempt", p.Row.Tries, "code", out.Code, "took", took.Round(time.Millisecond), "err", out.Err)
	w.countSend(p, out)
}

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

package worker

import (
	"context"
	"errors"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

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
	row.Try, row.Due = "", 0
	if s != ledger.Unknown { // by when its provider was asked it is sought there
		row.Since = 0
	}
	if !due.IsZero() {
		row.Due = ledger.NotBefore(due)
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

func unix(seconds int64) time.Time { return time.Unix(seconds, 0) }

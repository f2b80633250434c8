package worker

import (
	"context"
	"time"

	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
)

// pausedLook is how long at most a message waits until somebody looks whether
// staff have ended a pause.
const pausedLook = 5 * time.Minute

// turn says whether it is the message's turn at its provider, and else in which
// state it waits for that. Nobody waits here. before is the row as it was before
// the claim.
func (w *Worker) turn(ctx context.Context, p *ledger.Planned, before ledger.Row, m ledger.Moment) (ledger.State, gate.Verdict) {
	deadline, ok := ctx.Deadline()
	switch {
	case m.PausedByStaff:
		return ledger.Held, gate.Verdict{Do: gate.Hold, Until: w.in(min(m.Paused, pausedLook)), Why: gate.ReasonPaused}
	case m.Paused > 0 || ok && time.Until(deadline) < sendTimeout:
		// A provider that is cut off in mid-answer leaves a message unknown: after
		// a long wait for Redis the next run has the time.
		return ledger.Waiting, gate.Verdict{Do: gate.Hold, Until: w.in(m.Paused), Why: gate.ReasonProvider}
	default:
		return ledger.Waiting, w.slot(ctx, p, before, m)
	}
}

// slot asks for a place among what the provider takes a second and a day from
// all workers together. Where it is not this second's, the message is planned
// anew for the second that was reserved for it, which its row then has.
func (w *Worker) slot(ctx context.Context, p *ledger.Planned, before ledger.Row, m ledger.Moment) gate.Verdict {
	rate := w.Pace[p.Via]
	if rate == (ledger.Rate{}) {
		return gate.Verdict{Do: gate.Go}
	}
	snapshot := w.snapshot(p, m)
	ask := ledger.Turn{
		Urgent: isUrgent(snapshot.Class), Reserved: before.Why == gate.ReasonPace, Midnight: hours.Midnight(w.now(), w.Clinic.Zone, 1),
	}
	for {
		slot, err := w.Ledger.Pace(ctx, p.Via, rate, ask)
		if err != nil {
			w.Log.ErrorContext(ctx, "pace not known", "contact", p.Contact, "entry", p.Entry, "channel", p.Via, "err", err)
			return gate.Verdict{Do: gate.Hold, Until: w.in(time.Minute), Why: gate.ReasonUnreadable}
		}
		at := unix(w.now().Unix()).Add(slot.Wait)
		switch {
		case slot.Wait == 0:
			return gate.Verdict{Do: gate.Go}
		case slot.Daily:
			return gate.Verdict{Do: gate.Hold, Until: at, Why: gate.ReasonDaily}
		case gate.Decide(snapshot, at).Do != gate.Never:
			return gate.Verdict{Do: gate.Hold, Until: at, Why: gate.ReasonPace}
		case ask.Urgent:
			return gate.Verdict{Do: gate.Go} // then it would be too late: better over the pace than never
		}
		ask.Urgent = true
	}
}

// isUrgent: somebody waits for these; what is scheduled can give way.
func isUrgent(c gate.Class) bool {
	return c == gate.Confirmation || c == gate.Reply || c == gate.Staff
}

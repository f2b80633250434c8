package worker

import (
	"context"
	"time"

	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// turn says whether it is the message's turn at its provider, who takes only so
// many a second and a day from all workers together. Nobody waits here for a
// turn: the message is planned anew for the second that was reserved for it.
// before is the row as it was before the claim, with the slot that it may have.
func (w *Worker) turn(ctx context.Context, p *ledger.Planned, before ledger.Row, m ledger.Moment) gate.Verdict {
	rate := w.Pace[p.Via]
	if rate == (ledger.Rate{}) {
		return gate.Verdict{Do: gate.Go}
	}
	snapshot := w.snapshot(p, m)
	ask := ledger.Turn{Urgent: isUrgent(snapshot.Class), Midnight: midnight(w.now().In(w.Clinic.Zone))}
	if before.Why == gate.ReasonPace {
		ask.Reserved = unix(before.Due)
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

// midnight is when the day after t begins.
func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, t.Location())
}

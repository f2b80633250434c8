package worker

import (
	"context"
	"errors"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// counted reports whether the message takes a place under the caps of its number.
func (w *Worker) counted(p *ledger.Planned) bool {
	name, _ := template(p)
	return gate.Counted(gate.Class(w.Templates.Class(name)), p.Via)
}

// reserve takes the place of a text that the gate let pass. What has no place
// does not go.
func (w *Worker) reserve(ctx context.Context, p *ledger.Planned, m ledger.Moment) gate.Verdict {
	v, err := w.place(ctx, p, m)
	if err != nil {
		w.Log.ErrorContext(ctx, "no place under the caps", "contact", p.Contact, "entry", p.Entry, "err", err)
		return gate.Verdict{Do: gate.Hold, Until: w.in(time.Minute), Why: gate.ReasonUnreadable}
	}
	return v
}

// place does it. Where another text to the number was faster, or its STOP, the
// gate decides again, on what is true now.
func (w *Worker) place(ctx context.Context, p *ledger.Planned, m ledger.Moment) (gate.Verdict, error) {
	if !w.counted(p) {
		return gate.Verdict{Do: gate.Go}, nil
	}
	for {
		earlier, err := w.Ledger.Reserve(ctx, p)
		switch {
		case errors.Is(err, ledger.ErrBlocked):
			if m.Suppressed, err = w.Ledger.Suppression(ctx, p.Via, string(p.Submission.Phone)); err != nil {
				return gate.Verdict{}, err
			}
		case !errors.Is(err, ledger.ErrRace):
			return gate.Verdict{Do: gate.Go}, err
		default:
			m.Earlier = earlier
		}
		if v := gate.Decide(w.snapshot(p, m), w.now()); v.Do != gate.Go {
			return v, nil
		}
	}
}

// giveBack gives the place back of a text that the provider has definitely not
// taken. What may have gone keeps its place, and so does what could not give it
// back: its next attempt finds it.
func (w *Worker) giveBack(ctx context.Context, p *ledger.Planned, out channel.Outcome) {
	if !w.counted(p) || out.State == channel.Accepted || out.State == channel.Unknown {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleReserve)
	defer cancel()
	if err := w.Ledger.Unreserve(ctx, p); err != nil {
		w.Log.WarnContext(ctx, "place under the caps not given back", "contact", p.Contact, "entry", p.Entry, "err", err)
	}
}

// nameInHand writes on the timeline that a text was with the provider when its
// number was blocked: it may arrive although the person has said stop, and
// nobody was too slow.
func (w *Worker) nameInHand(ctx context.Context, p *ledger.Planned) {
	why, err := w.Ledger.Suppression(ctx, p.Via, string(p.Submission.Phone))
	if err == nil && (why == gate.OptedOut || why == gate.WrongNumber) {
		err = w.Ledger.Record(ctx, p.Contact, ledger.Event{
			What: "in_hand", N: p.Entry.N, Message: p.Entry.Template + "/" + string(p.Via), By: "worker", Code: string(why),
		})
	}
	if err != nil {
		w.Log.WarnContext(ctx, "not looked whether its number was blocked meanwhile", "contact", p.Contact, "entry", p.Entry, "err", err)
	}
}

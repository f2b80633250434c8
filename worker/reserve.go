package worker

import (
	"context"
	"errors"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// counted reports whether the message takes a place under the caps of its number.
func (w *Worker) counted(p *ledger.Planned) bool {
	name, _ := template(p)
	return gate.Counted(gate.Class(w.Templates.Class(name)), p.Via)
}

// reserve takes the place of a text that the gate let pass. Where another text
// to the number was faster the gate decides again, on what is true now.
func (w *Worker) reserve(ctx context.Context, p *ledger.Planned, m ledger.Moment) (gate.Verdict, error) {
	if !w.counted(p) {
		return gate.Verdict{Do: gate.Go}, nil
	}
	for {
		earlier, err := w.Ledger.Reserve(ctx, p)
		if !errors.Is(err, ledger.ErrRace) {
			return gate.Verdict{Do: gate.Go}, err
		}
		m.Earlier = earlier
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

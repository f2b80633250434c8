package worker

import (
	"context"
	"errors"

	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// reopen rings earlier for what is held for its hours where the windows open
// earlier than when it was held: the clinic has widened them since. Where they
// open later nothing is to be done: the gate decides when the alarm rings.
func (w *Worker) reopen(ctx context.Context, p *ledger.Person) error {
	for _, m := range p.Alarmed() {
		if m.Row.State != ledger.Held || m.Row.Why != gate.ReasonHours {
			continue
		}
		s := w.snapshot(&m, ledger.Moment{})
		open, ok := s.Windows.Next(w.now(), s.Zones)
		if !ok || open.Unix()+1 >= m.Row.Due {
			continue
		}
		row, err := m.Row.To(ledger.Waiting, "", w.now())
		if err != nil {
			return err
		}
		row.Due = ledger.NotBefore(open)
		if err := w.Ledger.Settle(ctx, &m, row); err != nil {
			if errors.Is(err, ledger.ErrRace) {
				continue // somebody else is at it
			}
			return err
		}
		if err := w.Alarm.Ring(ctx, &m); err != nil {
			return err
		}
	}
	return nil
}

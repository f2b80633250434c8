package desk

import (
	"context"
	"errors"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// GoLive ends the trial and rings for what was held by it: what still says
// something goes, the rest ends as too late. It gives how many messages it rang
// for; twice is harmless, and makes good a call that broke off.
func (d *Desk) GoLive(ctx context.Context, by string) (rung int, err error) {
	live, err := d.Ledger.GoLive(ctx, by)
	if err != nil {
		return 0, err
	}
	d.Log.InfoContext(ctx, "live", "by", live.By, "at", live.At)
	err = d.Ledger.Awaited(ctx, func(id contact.ID) error {
		p, err := d.Ledger.Person(ctx, id)
		if errors.Is(err, ledger.ErrNone) {
			return nil // erased
		}
		if err != nil {
			return err
		}
		for _, m := range p.Alarmed() {
			if m.Row.State != ledger.Held || m.Row.Why != gate.ReasonTrial {
				continue
			}
			if err := d.release(ctx, &m); err != nil {
				return err
			}
			rung++
		}
		return nil
	})
	return rung, err
}

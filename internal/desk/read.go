package desk

import (
	"context"
	"errors"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// Read notes that a person at the clinic has read the submissions up to n, and
// rings for what waited for that. The gate still decides about each.
func (d *Desk) Read(ctx context.Context, id contact.ID, n int, by string) error {
	if err := d.Ledger.MarkRead(ctx, id, n, by); err != nil {
		return err
	}
	p, err := d.Ledger.Person(ctx, id)
	if err != nil {
		return err
	}
	d.Log.InfoContext(ctx, "submission read", "contact", id, "by", by)
	return d.wake(ctx, p, gate.ReasonUnread)
}

// wake rings for what was held for that reason, and for what is due already: an
// earlier call may have died between the release and the alarm, and an alarm
// that rings twice does no harm.
func (d *Desk) wake(ctx context.Context, p *ledger.Person, why gate.Reason) error {
	now := d.now().Unix()
	for _, m := range p.Alarmed() {
		var err error
		switch {
		case m.Row.State == ledger.Held && m.Row.Why == why:
			err = d.release(ctx, &m)
		case m.Row.State == ledger.Waiting && m.Row.Due <= now:
			err = d.Alarm.Ring(ctx, &m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// release makes a held message due and rings at once. A worker that is about
// to hold it looks again once it has.
func (d *Desk) release(ctx context.Context, m *ledger.Planned) error {
	row, err := m.Row.To(ledger.Waiting, "", d.now())
	if err != nil {
		return err
	}
	row.Due = min(row.Planned, d.now().Unix()) // a text was due before its moment where that is closed
	if err := d.Ledger.Settle(ctx, m, row); err != nil && !errors.Is(err, ledger.ErrRace) {
		return err
	}
	return d.Alarm.Ring(ctx, m)
}

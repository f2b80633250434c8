// Package desk is what people at the clinic, and the person who wrote, do with
// what the ledger knows. One operation a function, each safe to do twice, none
// prints; every surface calls these.
package desk

import (
	"context"
	"errors"
	"log/slog"

	"github.com/joydevie/followup/internal/alarm"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// Desk does the operations. Every field is required.
type Desk struct {
	Ledger *ledger.Ledger
	Alarm  alarm.Clock
	Log    *slog.Logger
}

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
	now := d.Alarm.Plan.Now().Unix()
	for _, m := range p.Alarmed() {
		switch {
		case m.Row.State == ledger.Held && m.Row.Why == gate.ReasonUnread:
			err = d.release(ctx, &m)
		case m.Row.State == ledger.Waiting && m.Row.Due <= now:
			// An earlier call may have died between the release and the alarm; an
			// alarm that rings twice does no harm.
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
	row, err := m.Row.To(ledger.Waiting, "", d.Alarm.Plan.Now())
	if err != nil {
		return err
	}
	row.Due = row.Planned
	if err := d.Ledger.Settle(ctx, m, row); err != nil && !errors.Is(err, ledger.ErrRace) {
		return err
	}
	return d.Alarm.Ring(ctx, m)
}

// Answered notes that somebody has answered the person: the follow-ups end.
func (d *Desk) Answered(ctx context.Context, id contact.ID, n int, by string) error {
	return d.end(ctx, id, n, gate.ReasonReplied, by)
}

// Booked notes that the person has booked: the follow-ups end.
func (d *Desk) Booked(ctx context.Context, id contact.ID, n int, by string) error {
	return d.end(ctx, id, n, gate.ReasonBooked, by)
}

// Stop notes that the person wants nothing more: the follow-ups end, and the
// address and the number of submission n get no further ones and no texts,
// whichever way the wish reached the clinic (47 CFR 64.1200(a)(10)).
func (d *Desk) Stop(ctx context.Context, id contact.ID, n int, by string) error {
	if err := d.Ledger.Suppress(ctx, id, n, contact.ViaEmail, gate.Unsubscribed, by); err != nil {
		return err
	}
	if err := d.Ledger.Suppress(ctx, id, n, contact.ViaSMS, gate.OptedOut, by); err != nil {
		return err
	}
	return d.end(ctx, id, n, gate.ReasonStaff, by)
}

// end stops the sequence. Who acts on a submission has read it.
func (d *Desk) end(ctx context.Context, id contact.ID, n int, why gate.Reason, by string) error {
	if err := d.Ledger.Stop(ctx, id, n, why, by); err != nil {
		return err
	}
	d.Log.InfoContext(ctx, "sequence ended", "contact", id, "by", by, "why", why)
	return d.Read(ctx, id, n, by)
}

// Unsubscribe ends follow-ups by email to the address of submission n, now and
// for later submissions, as the reader asked (RFC 8058).
func (d *Desk) Unsubscribe(ctx context.Context, id contact.ID, n int) error {
	if err := d.Ledger.Suppress(ctx, id, n, contact.ViaEmail, gate.Unsubscribed, "recipient"); err != nil {
		return err
	}
	d.Log.InfoContext(ctx, "unsubscribed", "contact", id)
	return nil
}

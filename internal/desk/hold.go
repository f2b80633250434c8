package desk

import (
	"context"
	"errors"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// Hold keeps back everything automated to a person until Release, what is
// planned later too: all but the confirmation by email, the answer to a STOP
// and the notes to staff. It gives what it keeps back now.
func (d *Desk) Hold(ctx context.Context, id contact.ID, by By) ([]ledger.Planned, error) {
	if err := d.Ledger.Hold(ctx, id, by.event("hold")); err != nil {
		return nil, err
	}
	p, err := d.Ledger.Person(ctx, id)
	if err != nil {
		return nil, err
	}
	d.Log.InfoContext(ctx, "person on hold", "contact", id, "by", by.Name)
	var kept []ledger.Planned
	for _, m := range ordered(p.Messages) {
		if m.Row.State.Pending() && gate.Decide(d.snapshot(&m, ""), d.now()).Why == gate.ReasonHold {
			kept = append(kept, m)
		}
	}
	return kept, nil
}

// Released is what the end of a hold meant.
type Released struct {
	On    []ledger.Planned // they go on: the gate decides about each
	Stale []ledger.Planned // they became too late while they were held, and will not go
}

// Release ends a hold. What is still timely goes on; what has become stale is
// listed, and none of it goes.
func (d *Desk) Release(ctx context.Context, id contact.ID, by By) (Released, error) {
	before, err := d.Ledger.Person(ctx, id)
	if err != nil {
		return Released{}, err
	}
	if err := d.Ledger.Release(ctx, id, by.event("release")); err != nil {
		return Released{}, err
	}
	d.Log.InfoContext(ctx, "person released", "contact", id, "by", by.Name)
	p, err := d.Ledger.Person(ctx, id)
	if err != nil {
		return Released{}, err
	}
	var r Released
	for _, m := range ordered(p.Messages) {
		late, held := d.snapshot(&m, "").TooLate(), m.Row.State == ledger.Held && m.Row.Why == gate.ReasonHold
		switch {
		case held && d.now().After(late):
			if err := d.stale(ctx, &m); err != nil {
				return r, err
			}
			r.Stale = append(r.Stale, m)
		case held:
			r.On = append(r.On, m)
		case before.Hold.On && m.Row.State == ledger.NotSent && m.Row.Why == gate.ReasonTooLate && m.Row.At >= before.Hold.At:
			r.Stale = append(r.Stale, m)
		}
	}
	return r, d.wake(ctx, p, gate.ReasonHold)
}

// stale writes down that a message has become too late.
func (d *Desk) stale(ctx context.Context, m *ledger.Planned) error {
	row, err := m.Row.To(ledger.NotSent, gate.ReasonTooLate, d.now())
	if m.Row.Repeat && err == nil { // an answer was lost: it may have gone
		row, err = m.Row.To(ledger.Unknown, gate.ReasonLostAnswer, d.now())
	}
	if err != nil {
		return err
	}
	row.Due = 0
	// A race means that a worker has it, who finds it too late as well.
	if err := d.Ledger.Settle(ctx, m, row); err != nil && !errors.Is(err, ledger.ErrRace) {
		return err
	}
	return nil
}

// snapshot is what the gate looks at before the moment of sending: what may
// still change by then is decided again.
func (d *Desk) snapshot(m *ledger.Planned, suppressed gate.Suppression) gate.Snapshot {
	s := gate.Snapshot{
		Class: gate.Class(d.Words.Class(m.Words())), Via: m.Via,
		Address: m.Submission.Address(m.Via) != "" && (m.Via != contact.ViaSMS || d.Texts), Consent: m.Submission.Consent.Given(m.Via),
		Suppressed: suppressed, Unread: m.Unread, OnHold: m.OnHold, Stopped: string(m.Stopped),
		Due: time.Unix(m.Row.Planned, 0), Windows: d.Windows, Zones: gate.Zones(m.Submission, m.Via, d.Zone),
	}
	if m.Row.Late > 0 {
		s.Late = time.Unix(m.Row.Late, 0)
	}
	return s
}

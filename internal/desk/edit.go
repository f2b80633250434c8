package desk

import (
	"context"
	"errors"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// Edit is what staff change about a planned message. A zero field stays as it was.
type Edit struct {
	At       time.Time // when it goes; at least the desk's wait from now
	Template string    // other words; for reminders alone
}

// Edited is what became of it.
type Edited struct {
	Planned []ledger.Planned // as they stand now
	Gone    []ledger.Planned // too late for them: see each Row.State
}

// Edit changes a planned message, by that way or with "" by all: the time of a
// follow-up or a reminder, the words of a reminder. The steps of a sequence
// keep their gaps to one that was moved; a reminder of an appointment goes by
// the plan again when that moves. It returns a *Wrong or a *Closed for what
// cannot be, and ErrNone when there is no such message.
func (d *Desk) Edit(ctx context.Context, id contact.ID, e ledger.Entry, v contact.Via, change Edit, by By) (Edited, error) {
	p, err := d.Ledger.Person(ctx, id)
	if err != nil {
		return Edited{}, err
	}
	var edited Edited
	var meant []ledger.Planned
	for _, m := range ordered(p.Messages) {
		if m.Entry != e || v != "" && v != m.Via {
			continue
		}
		if err := d.checkEdit(&m, change); err != nil {
			return Edited{}, err
		}
		meant = append(meant, m)
	}
	if len(meant) == 0 {
		return Edited{}, ErrNone
	}
	for _, m := range meant {
		if err := again(func() error { return d.edit(ctx, &m, change, by) }); err != nil {
			return edited, err
		}
		if m.Row.State == ledger.Waiting || m.Row.State == ledger.Held {
			edited.Planned = append(edited.Planned, m)
		} else {
			edited.Gone = append(edited.Gone, m)
		}
	}
	return edited, d.ring(ctx, edited.Planned)
}

// edit does one step with one message; after ErrRace m is as it stands now.
func (d *Desk) edit(ctx context.Context, m *ledger.Planned, change Edit, by By) error {
	if m.Row.State != ledger.Waiting && m.Row.State != ledger.Held {
		return nil
	}
	row := m.Row
	if change.Template != "" && change.Template != m.Words() {
		row.Template = change.Template
	}
	if !change.At.IsZero() && change.At.Unix() != row.Planned {
		row, _ = row.To(ledger.Waiting, "", d.now())
		if row.Late > 0 { // of use for as long as before
			row.Late += change.At.Unix() - row.Planned
		}
		if a := m.Appointment; a != nil && row.Late > a.At.Unix() {
			row.Late = a.At.Unix()
		}
		row.Planned = change.At.Unix()
		row.Due = max(row.Planned, d.now().Add(d.Wait).Unix()+1)
	}
	if row == m.Row {
		return nil
	}
	event := by.event("edited")
	event.N, event.Message = m.Entry.N, m.Entry.Template+"/"+string(m.Via)
	return d.settleAgain(ctx, m, row, event)
}

// settleAgain changes a message that was read before; after ErrRace m is as it
// stands now.
func (d *Desk) settleAgain(ctx context.Context, m *ledger.Planned, row ledger.Row, event ledger.Event) error {
	err := d.Ledger.SettleAs(ctx, m, row, event)
	if errors.Is(err, ledger.ErrRace) {
		now, err := d.Ledger.Message(ctx, m.Contact, m.Entry, m.Via)
		if err != nil {
			return err
		}
		*m = *now
		return ledger.ErrRace
	}
	return err
}

func (d *Desk) checkEdit(m *ledger.Planned, change Edit) error {
	class, now := gate.Class(d.Words.Class(m.Words())), d.now()
	hangs, _ := m.Entry.Hangs()
	switch {
	case class != gate.Reminder && class != gate.FollowUp:
		return &Wrong{"message", "it is neither a follow-up nor a reminder", "cancel it, or leave it as it is"}
	case change.Template != "" && class != gate.Reminder:
		return &Wrong{"template", "only a reminder takes other words", "change the time, or cancel it"}
	case change.Template != "" && d.Words.Class(change.Template) != string(gate.Reminder):
		return &Wrong{"template", "there is no such reminder", "see the list of templates"}
	case change.Template != "" && d.Words.HasCalendar(change.Template) && hangs.Appointment == 0:
		return &Wrong{"template", "it is about an appointment", "choose another"}
	case change.Template != "" && m.Via == contact.ViaSMS && !d.Words.HasSMS(change.Template):
		return &Wrong{"template", "it has no words for a text", "choose another, or change the email alone"}
	case change.At.IsZero():
		return nil
	case change.At.Before(now):
		return &Wrong{"at", "it lies in the past", "name a time that is to come"}
	case m.Appointment != nil && !change.At.Before(m.Appointment.At):
		return &Wrong{"at", "it lies after the appointment", "name a time before it"}
	case class == gate.Reminder && m.Via == contact.ViaSMS:
		zones := gate.Zones(m.Submission, m.Via, d.Zone)
		if m.Appointment != nil {
			if at, ok := m.Appointment.In(change.At); ok {
				zones = []*time.Location{at.Location()}
			}
		}
		if next, ok := d.Windows.Next(change.At, zones); ok && next.After(change.At) {
			return &Closed{change.At, next.In(zones[0])}
		}
	}
	return nil
}

package worker

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/templates"
)

// Words about the change itself are true although the appointment is off.
const cancelled = "cancelled"

// remindSnapshot adds what holds for reminders: their own window, by the zone
// of the appointment where they hang on one, and what became of that.
func (w *Worker) remindSnapshot(s *gate.Snapshot, p *ledger.Planned) {
	h, hangs := p.Entry.Hangs()
	if !hangs {
		return
	}
	s.Windows = w.Reminders
	if p.Row.Late > 0 {
		s.Late = unix(p.Row.Late)
	}
	if h.Appointment == 0 {
		return
	}
	if p.Appointment == nil {
		s.Unreadable = true
		return
	}
	s.Off = p.Appointment.Cancelled && p.Words() != cancelled
	at, ok := p.Appointment.In(p.Appointment.At)
	if !ok {
		s.Unreadable = true
		return
	}
	s.Zones = []*time.Location{at.Location()}
}

// moved reports whether the appointment has another time than the one by which
// the reminder was planned.
func moved(p *ledger.Planned) bool {
	h, _ := p.Entry.Hangs()
	return h.Lead > 0 && p.Appointment != nil && !p.Appointment.Cancelled && p.Appointment.At.Unix() != p.Row.For
}

// retime plans the claimed reminder by the present time of its appointment. The
// desk does so when it moves one; this is for what it did not come to.
func (w *Worker) retime(ctx context.Context, p *ledger.Planned) error {
	h, _ := p.Entry.Hangs()
	p.Row.Tries-- // no provider was asked
	person, err := w.Ledger.Person(ctx, p.Contact)
	if err != nil {
		return err
	}
	for _, m := range person.Messages {
		if o, ok := m.Entry.Hangs(); ok && m.Via == p.Via && o.Appointment == h.Appointment && o.Lead == h.Lead && o.Set > h.Set {
			return w.settle(ctx, p, ledger.NotSent, gate.ReasonMoved, time.Time{}) // it has a successor
		}
	}
	at, ok := p.Appointment.In(p.Appointment.At)
	if !ok {
		return w.settle(ctx, p, ledger.Held, gate.ReasonUnreadable, w.in(wordsWait))
	}
	p.Row.For = at.Unix()
	slots := gate.Slots(at, w.Clinic.Reminders, p.Via, w.Reminders, at.Location(), w.now())
	i := slices.IndexFunc(slots, func(s gate.Slot) bool { return s.Before == h.Lead })
	if i < 0 {
		return w.settle(ctx, p, ledger.NotSent, gate.ReasonMoved, time.Time{})
	}
	p.Row.Planned, p.Row.Late = slots[i].Planned.Unix(), slots[i].Late.Unix()
	return w.settle(ctx, p, ledger.Waiting, "", slots[i].Due)
}

// remindData adds what a reminder says of the appointment as it is now.
func (w *Worker) remindData(d *templates.Data, p *ledger.Planned, language string) {
	h, hangs := p.Entry.Hangs()
	if !hangs {
		return
	}
	if h.Alone > 0 {
		d.CalledOn = templates.Day(unix(p.Row.Planned).In(w.Clinic.Zone), language)
		return
	}
	a := p.Appointment
	at, _ := a.In(a.At)
	d.When, d.WhenSMS, d.Place = templates.When(at, language), templates.DateSMS(at, language), string(a.Place)
	if !a.Before.IsZero() {
		before, _ := a.In(a.Before)
		d.WhenBefore = templates.When(before, language)
	}
}

// calendar is the appointment as a file, for an email that has it.
func (w *Worker) calendar(p *ledger.Planned, language string) []channel.File {
	a := p.Appointment
	if p.Via != contact.ViaEmail || a == nil || !w.Templates.HasCalendar(p.Words()) {
		return nil
	}
	_, host, _ := strings.Cut(w.Clinic.ReplyTo, "@")
	body := templates.Appointment{
		UID: string(p.Contact) + "-a" + strconv.Itoa(a.K) + "@" + cmp.Or(host, "followup.invalid"), Version: a.Version,
		Start: a.At, Written: a.Written, Sender: w.Clinic.Sender, Place: string(a.Place), Cancelled: a.Cancelled,
	}.Calendar(language)
	return []channel.File{{Name: "appointment.ics", Type: "text/calendar; charset=utf-8; method=PUBLISH", Body: body}}
}

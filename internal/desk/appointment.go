package desk

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// Meeting is what staff say of an appointment. With Reschedule a zero field
// stays as it was.
type Meeting struct {
	At    time.Time
	Zone  string          // IANA name, in which the person is told the time; "": the clinic's
	Place contact.Private // as people find it, on one line; "" names none
	Kind  ledger.Kind     // "": a visit
	Tell  bool            // the person gets a message about it; else nobody is told
}

// Booking is an appointment with what hangs on it.
type Booking struct {
	Appointment ledger.Appointment
	Planned     []ledger.Planned            // what will go about it, by time
	Refused     map[contact.Via]gate.Reason // the ways by which nothing new goes, and why
	Ended       []ledger.Planned            // with Schedule: the follow-ups that it has kept from going
}

// Format prints the appointment's number for every verb of fmt.
func (b Booking) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, fmt.Sprint(b.Appointment))
}

// mostPlace is longer than an address; the line must fit a calendar.
const mostPlace = 160

// Schedule makes an appointment and plans its reminders. Who has one has
// booked: the follow-ups end. Of one person at one moment there is one
// appointment, so twice is once. It returns a *Wrong, and ErrNone for nobody.
func (d *Desk) Schedule(ctx context.Context, id contact.ID, m Meeting, by By) (Booking, error) {
	a := ledger.Appointment{At: m.At, Zone: m.Zone, Place: m.Place, Kind: m.Kind}
	if a.Zone == "" {
		a.Zone = d.Zone.String()
	}
	if a.Kind == "" {
		a.Kind = ledger.KindVisit
	}
	if err := d.checkMeeting(a, m.Place); err != nil {
		return Booking{}, err
	}
	event := by.event("appointment")
	event.When = m.At
	goes := map[string]bool{} // what was yet to go before, by id
	err := again(func() error {
		p, err := d.Ledger.Person(ctx, id)
		if err != nil {
			return err
		}
		for _, m := range p.Messages {
			goes[m.ID()] = m.Row.State.Pending()
		}
		for _, old := range p.Appointments {
			if !old.Cancelled && old.At.Equal(a.At) {
				a = old
				return nil
			}
		}
		a, err = d.Ledger.Schedule(ctx, p, a, event)
		return err
	})
	if err != nil {
		return Booking{}, err
	}
	d.Log.InfoContext(ctx, "appointment made", "contact", id, "by", by.Name)
	b, err := d.hang(ctx, id, a.K, told(m.Tell, "booked"), by)
	if err != nil {
		return b, err
	}
	ended, err := d.Booked(ctx, id, 0, by)
	for _, m := range ended.Stopped {
		if goes[m.ID()] {
			b.Ended = append(b.Ended, m)
		}
	}
	return b, err
}

// Reschedule changes an appointment: what hangs on it moves with it, and what
// went out for the time before is planned again. It returns a *Wrong for what
// cannot be, and ErrNone when there is no such appointment.
func (d *Desk) Reschedule(ctx context.Context, id contact.ID, k int, m Meeting, by By) (Booking, error) {
	err := d.change(ctx, id, k, by, func(a *ledger.Appointment) (string, error) {
		if a.Cancelled {
			return "", &Wrong{"appointment", "it is cancelled", "make a new one"}
		}
		was, what := *a, "appointment_changed"
		if !m.At.IsZero() && !m.At.Equal(a.At) {
			a.At, a.Before, what = m.At, a.At, "appointment_moved"
		}
		if m.Zone != "" {
			a.Zone = m.Zone
		}
		if m.Place != "" {
			a.Place = m.Place
		}
		if m.Kind != "" {
			a.Kind = m.Kind
		}
		if *a == was {
			return "", nil
		}
		return what, d.checkMeeting(*a, m.Place)
	})
	if err != nil {
		return Booking{}, err
	}
	return d.hang(ctx, id, k, told(m.Tell, "rescheduled"), by)
}

// CancelAppointment calls an appointment off: nothing about it goes any more,
// but, where tell asks for it, the message that it is off.
func (d *Desk) CancelAppointment(ctx context.Context, id contact.ID, k int, tell bool, by By) (Booking, error) {
	err := d.change(ctx, id, k, by, func(a *ledger.Appointment) (string, error) {
		if a.Cancelled {
			return "", nil
		}
		a.Cancelled = true
		return "appointment_cancelled", nil
	})
	if err != nil {
		return Booking{}, err
	}
	return d.hang(ctx, id, k, told(tell, cancelled), by)
}

func told(tell bool, words string) string {
	if tell {
		return words
	}
	return ""
}

// change applies edit to an appointment as it is now; edit names the event, ""
// for no change.
func (d *Desk) change(ctx context.Context, id contact.ID, k int, by By, edit func(*ledger.Appointment) (string, error)) error {
	return again(func() error {
		p, err := d.Ledger.Person(ctx, id)
		if err != nil {
			return err
		}
		if k < 1 || k > len(p.Appointments) {
			return ErrNone
		}
		a := p.Appointments[k-1]
		if a.At.IsZero() {
			return &Wrong{"appointment", "it cannot be read", "look for the key set with which it was sealed"}
		}
		what, err := edit(&a)
		if err != nil || what == "" {
			return err
		}
		event := by.event(what)
		event.When = a.At
		if _, err := d.Ledger.Change(ctx, id, a, event); err != nil {
			return err
		}
		d.Log.InfoContext(ctx, strings.ReplaceAll(what, "_", " "), "contact", id, "by", by.Name)
		return nil
	})
}

// checkMeeting looks at an appointment as it would be; place is one that is new.
func (d *Desk) checkMeeting(a ledger.Appointment, place contact.Private) error {
	_, known := a.In(a.At)
	telling := d.Words.Telling(string(place))
	switch {
	case a.At.Before(d.now()):
		return &Wrong{"at", "it lies in the past", "name a time that is to come"}
	case a.At.After(d.now().AddDate(2, 0, 0)):
		return &Wrong{"at", "it is more than two years away", "look at the year"}
	case !known:
		return &Wrong{"zone", "there is no such time zone", "write its IANA name, such as America/Denver"}
	case !slices.Contains(ledger.Kinds[:], a.Kind):
		return &Wrong{"kind", "there is no such kind", "choose visit, call or video"}
	case utf8.RuneCountInString(string(place)) > mostPlace || strings.ContainsAny(string(place), "\r\n"):
		return &Wrong{"place", "it is no short line", "write an address on one line"}
	case telling != "": // it is the location of an entry in the person's calendar
		return &Wrong{"place", fmt.Sprintf("%q tells on a lock screen why somebody comes", telling), "name the street, the number and the floor alone"}
	}
	return nil
}

// hang brings what hangs on an appointment into line with it as it is now, and
// with words plans a message about the change.
func (d *Desk) hang(ctx context.Context, id contact.ID, k int, words string, by By) (Booking, error) {
	var b Booking
	err := again(func() error {
		p, err := d.Ledger.Person(ctx, id)
		if err != nil {
			return err
		}
		l := line{Desk: d, p: p, a: p.Appointments[k-1], by: by, now: d.now(), refused: map[contact.Via]gate.Reason{}}
		if err := l.reminders(ctx); err != nil {
			return err
		}
		if err := l.tell(ctx, words); err != nil {
			return err
		}
		planned, err := d.Ledger.Hang(ctx, p, l.a, l.missing)
		b = Booking{Appointment: l.a, Planned: ordered(append(l.kept, planned...)), Refused: l.refused}
		return err
	})
	if err != nil {
		return b, err
	}
	return b, d.ring(ctx, b.Planned)
}

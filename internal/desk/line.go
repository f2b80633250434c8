package desk

import (
	"context"
	"slices"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// line brings what hangs on one appointment into line with it. Every change is
// a compare-and-set, so that whoever comes second begins anew with what the
// first has left.
type line struct {
	*Desk
	p   *ledger.Person
	a   ledger.Appointment
	by  By
	now time.Time

	kept    []ledger.Planned // what will go
	missing []ledger.Wish    // what is yet to be planned
	refused map[contact.Via]gate.Reason
}

// reminders goes through the clinic's plan. A reminder that waits is moved; one
// that has gone for another time has a successor; one that staff took back
// stays so.
func (l *line) reminders(ctx context.Context) error {
	for _, v := range ways {
		slots := l.slots(v)
		for _, m := range l.latest(v, func(h ledger.Hung) bool { return h.Lead > 0 }) {
			h, _ := m.Entry.Hangs()
			i := slices.IndexFunc(slots, func(s gate.Slot) bool { return s.Before == h.Lead })
			same := m.Row.For == l.a.At.Unix()
			switch waits := m.Row.State == ledger.Waiting || m.Row.State == ledger.Held; {
			case waits && same && !l.a.Cancelled: // its time may be one that staff chose
				l.kept = append(l.kept, m)
			case waits && (i < 0 || m.Row.Repeat):
				if err := l.drop(ctx, &m); err != nil {
					return err
				}
				if i >= 0 { // it may have gone for the time before
					h.Set++
					if err := l.miss(ctx, v, h, slots[i]); err != nil {
						return err
					}
				}
			case waits:
				if err := l.retime(ctx, &m, slots[i]); err != nil {
					return err
				}
			case i >= 0 && !same && m.Row.Why != gate.ReasonWithdrawn:
				h.Set++
				if err := l.miss(ctx, v, h, slots[i]); err != nil {
					return err
				}
			}
			if i >= 0 {
				slots = slices.Delete(slots, i, i+1)
			}
		}
		for _, s := range slots {
			if err := l.miss(ctx, v, ledger.Hung{Appointment: l.a.K, Lead: s.Before, Set: 1}, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// slots are the reminders that the appointment should have by a way. One that
// would go at once can still be taken back.
func (l *line) slots(v contact.Via) []gate.Slot {
	at, ok := l.a.In(l.a.At)
	if !ok || l.a.Cancelled || !at.After(l.now) {
		return nil
	}
	slots := gate.Slots(at, l.Reminders, v, l.Windows, at.Location(), l.now)
	for i := range slots {
		if least := l.now.Add(l.Wait); slots[i].Due.Before(least) {
			slots[i].Due = least
		}
	}
	return slots
}

// latest gives, of the messages by a way that hang on the appointment and are
// meant, the last of each name.
func (l *line) latest(v contact.Via, meant func(ledger.Hung) bool) []ledger.Planned {
	var latest []ledger.Planned
	for _, m := range l.p.Messages {
		h, ok := m.Entry.Hangs()
		if !ok || m.Via != v || h.Appointment != l.a.K || !meant(h) {
			continue
		}
		i := slices.IndexFunc(latest, func(o ledger.Planned) bool {
			oh, _ := o.Entry.Hangs()
			return oh.Lead == h.Lead && oh.Template == h.Template
		})
		if i < 0 {
			latest = append(latest, m)
		} else if oh, _ := latest[i].Entry.Hangs(); oh.Set < h.Set {
			latest[i] = m
		}
	}
	return latest
}

// miss notes a message that is yet to be planned, where its way may be used as
// things stand: the gate decides again at the moment of sending.
func (l *line) miss(ctx context.Context, v contact.Via, h ledger.Hung, s gate.Slot) error {
	n := l.p.Newest(v)
	if n == 0 {
		l.refused[v] = gate.ReasonNoAddress
		return nil
	}
	m := ledger.Planned{
		Contact: l.p.ID, Entry: ledger.Entry{N: n, Template: h.Name()}, Via: v, Submission: l.p.Submissions[n-1],
		Row: ledger.Row{Planned: s.Planned.Unix(), Late: s.Late.Unix()},
	}
	suppressed, err := l.Ledger.Suppression(ctx, v, m.Submission.Address(v))
	if err != nil {
		return err
	}
	if verdict := gate.Decide(l.snapshot(&m, suppressed), s.Due); verdict.Do == gate.Never {
		l.refused[v] = verdict.Why
		return nil
	}
	l.missing = append(l.missing, ledger.Wish{
		Hung: h, N: n, Via: v, Planned: s.Planned, Due: s.Due, Late: s.Late, For: l.a.At, By: l.by.Name,
	})
	return nil
}

// drop takes back what the appointment as it is now has no use for.
func (l *line) drop(ctx context.Context, m *ledger.Planned) error {
	m.Row.For = l.a.At.Unix() // by this time it was decided
	why := gate.ReasonMoved
	if l.a.Cancelled {
		why = gate.ReasonAppointment
	}
	return l.takeBack(ctx, m, why, l.by)
}

func (l *line) retime(ctx context.Context, m *ledger.Planned, s gate.Slot) error {
	row, err := m.Row.To(ledger.Waiting, "", l.now)
	if err != nil {
		return err
	}
	row.Planned, row.Due, row.Late, row.For = s.Planned.Unix(), ledger.NotBefore(s.Due), s.Late.Unix(), l.a.At.Unix()
	if err := l.Ledger.Settle(ctx, m, row); err != nil {
		return err
	}
	l.kept = append(l.kept, *m)
	return nil
}

// cancelled is the one message that goes about an appointment that is off.
const cancelled = "cancelled"

// tell plans the message about a change, "" for none. One that still waits says
// what is true when it goes. What a cancelled appointment leaves of such
// messages is taken back.
func (l *line) tell(ctx context.Context, words string) error {
	slot := gate.Slot{Planned: l.now, Due: l.now.Add(l.Wait), Late: l.a.At}
	if l.a.Cancelled {
		slot.Late = l.now.Add(24 * time.Hour)
	}
	for _, v := range ways {
		asked := words != "" && (v == contact.ViaEmail || l.Words.HasSMS(words))
		next := ledger.Hung{Template: words, Appointment: l.a.K, Set: 1}
		for _, m := range l.latest(v, func(h ledger.Hung) bool { return h.Lead == 0 }) {
			h, _ := m.Entry.Hangs()
			waits := m.Row.State == ledger.Waiting || m.Row.State == ledger.Held
			switch {
			case waits && l.a.Cancelled && h.Template != cancelled:
				if err := l.drop(ctx, &m); err != nil {
					return err
				}
			case waits && m.Row.For != l.a.At.Unix():
				if err := l.retime(ctx, &m, slot); err != nil {
					return err
				}
			case waits:
				l.kept = append(l.kept, m)
			}
			if waits && !l.a.Cancelled && h.Template != words {
				asked = false // it says the same once it goes
			}
			if h.Template == words {
				next.Set = h.Set + 1
				asked = asked && !waits && m.Row.For != l.a.At.Unix()
			}
		}
		if asked {
			if err := l.miss(ctx, v, next, slot); err != nil {
				return err
			}
		}
	}
	return nil
}

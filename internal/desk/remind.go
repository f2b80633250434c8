package desk

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// Ask is a reminder that staff want one person to get.
type Ask struct {
	Template string        // of the class reminder, and not about an appointment
	At       time.Time     // zero: now
	Vias     []contact.Via // none: every way that may be used
	Batch    string        // id of the list it comes with; "" for a single one
	Wait     time.Duration // so long it can be taken back at least; zero: the desk's own wait
}

// Reminder is what was planned for one person.
type Reminder struct {
	Alone    int                         // its number, by which Undo knows it
	Planned  []ledger.Planned            // one a way; Row.Due says when it goes
	Refused  map[contact.Via]gate.Reason // the other ways, and why it does not take them
	Waits    gate.Reason                 // what keeps it back at present, such as a hold; "" for nothing
	Existing bool                        // it was planned before: the same ask twice is once
}

// Format prints its number for every verb of fmt: it names a person.
func (r Reminder) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, fmt.Sprintf("reminder %d", r.Alone))
}

// Remind plans a reminder that stands alone. Until it is due, and at least for
// the wait, Undo takes it back. The same template for the same moment, while
// the first still waits, is the same reminder; so is, of one batch, the same
// template ever. It returns a *Wrong, a *Closed or a *Refused for what cannot
// be planned, and ErrNone for nobody.
func (d *Desk) Remind(ctx context.Context, id contact.ID, a Ask, by By) (r Reminder, err error) {
	err = again(func() error {
		r, err = d.remind(ctx, id, a, by)
		return err
	})
	return r, err
}

func (d *Desk) remind(ctx context.Context, id contact.ID, a Ask, by By) (Reminder, error) {
	p, err := d.Ledger.Person(ctx, id)
	if err != nil {
		return Reminder{}, err
	}
	r, wishes, err := d.prepare(ctx, p, a, by, d.blocked)
	if err != nil {
		return r, err
	}
	if !r.Existing {
		event := by.event("reminder_planned")
		event.Batch = a.Batch
		if r.Planned, err = d.Ledger.Remind(ctx, p, wishes, event); err != nil {
			return r, err
		}
		d.Log.InfoContext(ctx, "reminder planned", "contact", id, "entry", r.Planned[0].Entry, "by", by.Name)
	}
	return r, d.ring(ctx, r.Planned)
}

// ring sets the alarms of what waits.
func (d *Desk) ring(ctx context.Context, planned []ledger.Planned) error {
	for _, m := range planned {
		if m.Row.State != ledger.Waiting {
			continue
		}
		if err := d.Alarm.Ring(ctx, &m); err != nil {
			return err
		}
	}
	return nil
}

// Check says what Remind would do, and changes nothing: p is the person as read
// from the ledger. It returns the same errors.
func (d *Desk) Check(ctx context.Context, p *ledger.Person, a Ask) (Reminder, error) {
	r, _, err := d.prepare(ctx, p, a, By{}, d.blocked)
	return r, err
}

// blocks says what stands against an address.
type blocks func(context.Context, ledger.Reach) (gate.Suppression, error)

func (d *Desk) blocked(ctx context.Context, r ledger.Reach) (gate.Suppression, error) {
	return d.Ledger.Suppression(ctx, r.Via, r.Address)
}

func (d *Desk) prepare(ctx context.Context, p *ledger.Person, a Ask, by By, blocked blocks) (Reminder, []ledger.Wish, error) {
	now := d.now()
	if err := d.checkAsk(a, now); err != nil {
		return Reminder{}, nil, err
	}
	meant, wait := a.At, a.Wait
	if meant.IsZero() {
		meant = now
	}
	if wait == 0 {
		wait = d.Wait
	}
	due := meant
	if least := now.Add(wait); due.Before(least) {
		due = least
	}
	if r, ok := asked(p, a, now); ok {
		return r, nil, nil
	}
	r := Reminder{Alone: p.Alone + 1, Refused: map[contact.Via]gate.Reason{}}
	var wishes []ledger.Wish
	for _, v := range ways {
		if len(a.Vias) > 0 && !slices.Contains(a.Vias, v) {
			continue
		}
		n := p.Newest(v)
		verdict, err := d.decide(ctx, p, n, v, a.Template, meant, due, blocked)
		if err != nil {
			return r, nil, err
		}
		switch {
		case verdict.Do == gate.Never:
			r.Refused[v] = verdict.Why
			continue
		case verdict.Why == gate.ReasonHours:
			return r, nil, &Closed{due, verdict.Until.In(gate.Zones(p.Submissions[n-1], v, d.Zone)[0])}
		case verdict.Do == gate.Hold:
			r.Waits = verdict.Why
		}
		wishes = append(wishes, ledger.Wish{
			Hung: ledger.Hung{Template: a.Template}, N: n, Via: v, Planned: meant, Due: due, Batch: a.Batch, By: by.Name,
		})
	}
	if len(wishes) == 0 {
		return r, nil, &Refused{r.Refused}
	}
	return r, wishes, nil
}

func (d *Desk) checkAsk(a Ask, now time.Time) error {
	switch class := d.Words.Class(a.Template); {
	case class == "":
		return &Wrong{"template", "there is no such message", "see the list of templates"}
	case class != string(gate.Reminder):
		return &Wrong{"template", "it is of the class " + class, "choose one of the class reminder"}
	case d.Words.HasCalendar(a.Template):
		return &Wrong{"template", "it is about an appointment", "make or change the appointment, or choose another"}
	case !a.At.IsZero() && a.At.Before(now):
		return &Wrong{"at", "it lies in the past", "leave it out to send now"}
	}
	return nil
}

// decide asks the gate about a reminder that is yet to be planned, as if it
// were its time.
func (d *Desk) decide(ctx context.Context, p *ledger.Person, n int, v contact.Via, name string, planned, due time.Time, blocked blocks) (gate.Verdict, error) {
	if n == 0 || v == contact.ViaSMS && !d.Words.HasSMS(name) {
		return gate.Verdict{Do: gate.Never, Why: gate.ReasonNoAddress}, nil
	}
	s := p.Submissions[n-1]
	suppressed, err := blocked(ctx, ledger.Reach{Via: v, Address: s.Address(v)})
	if err != nil {
		return gate.Verdict{}, err
	}
	m := ledger.Planned{
		Contact: p.ID, Entry: ledger.Entry{N: n, Template: name}, Via: v, Submission: s,
		Row: ledger.Row{Planned: planned.Unix()}, Unread: p.Unread+p.Heard > 0, OnHold: p.Hold.On,
	}
	snapshot := d.snapshot(&m, suppressed)
	verdict := gate.Decide(snapshot, due)
	if verdict.Why == gate.ReasonHold || verdict.Why == gate.ReasonUnread {
		// It may be released by then: the hours must be open all the same.
		snapshot.OnHold, snapshot.Unread = false, false
		if free := gate.Decide(snapshot, due); free.Do != gate.Go {
			return free, nil
		}
	}
	return verdict, nil
}

// asked finds the reminder that the same ask has planned before.
func asked(p *ledger.Person, a Ask, now time.Time) (Reminder, bool) {
	r := Reminder{Existing: true}
	for _, m := range p.Messages {
		h, ok := m.Entry.Hangs()
		if !ok || h.Alone == 0 || m.Words() != a.Template || m.Row.Batch != a.Batch || h.Alone <= r.Alone {
			continue
		}
		waits := m.Row.State == ledger.Waiting || m.Row.State == ledger.Held
		same := m.Row.Planned == a.At.Unix()
		if a.At.IsZero() {
			same = m.Row.Planned <= now.Unix() && m.Row.Due > now.Unix()
		}
		if a.Batch != "" || waits && same {
			r.Alone = h.Alone
		}
	}
	for _, m := range p.Messages {
		if h, ok := m.Entry.Hangs(); ok && h.Alone > 0 && h.Alone == r.Alone {
			r.Planned = append(r.Planned, m)
		}
	}
	r.Planned = ordered(r.Planned)
	return r, r.Alone > 0
}

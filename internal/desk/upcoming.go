package desk

import (
	"context"
	"slices"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
)

// Upcoming is what is planned up to a time.
type Upcoming struct {
	Until  time.Time      `json:"until"`
	People int64          `json:"people"` // with something planned; exact where all of them were read
	Read   int            `json:"read"`   // people that the rest speaks of: the first
	All    bool           `json:"all"`    // they are all there are
	Counts map[string]int `json:"counts"` // messages by kind: "reminder", "follow-up"
	Held   int            `json:"held"`   // messages that wait for somebody to read first, or for a release
	Next   []Plan         `json:"next"`   // the first, in the order of their times
}

// Plan is one message that is planned.
type Plan struct {
	Line
	Brief
}

// readMost is how many people are read to count what is planned for them: what
// a screen may wait for.
const readMost = 250

// Upcoming tells what is planned before a time, with the first most messages.
// Where more people than a screen can wait for have something planned, it reads
// the first of them alone.
func (v *View) Upcoming(ctx context.Context, until time.Time, most int) (Upcoming, error) {
	u := Upcoming{Until: until.In(v.Zone), Counts: map[string]int{}, Next: []Plan{}}
	var err error
	if u.People, err = v.Ledger.Planning(ctx, until); err != nil {
		return u, err
	}
	ids, err := v.Ledger.Plans(ctx, until, 0, readMost)
	if err != nil {
		return u, err
	}
	people, err := v.Ledger.People(ctx, ids)
	if err != nil {
		return u, err
	}
	u.All = u.People <= readMost
	for _, p := range people {
		if p != nil && u.add(v, p, until) {
			u.Read++
		}
	}
	if u.All {
		u.People = int64(u.Read)
	}
	slices.SortStableFunc(u.Next, func(a, b Plan) int { return a.Due.Compare(b.Due) })
	u.Next = u.Next[:min(most, len(u.Next))]
	return u, nil
}

// UpcomingOf tells what is planned for one person, as read from the ledger.
func (v *View) UpcomingOf(p *ledger.Person) Upcoming {
	u := Upcoming{People: 1, Read: 1, All: true, Counts: map[string]int{}, Next: []Plan{}}
	u.add(v, p, time.Time{})
	slices.SortStableFunc(u.Next, func(a, b Plan) int { return a.Due.Compare(b.Due) })
	return u
}

// add counts what is planned for a person before a time, the zero time for all
// of it, and reports whether there is anything.
func (u *Upcoming) add(v *View, p *ledger.Person, until time.Time) (any bool) {
	for _, m := range p.Messages {
		if !m.Row.State.Pending() || ledger.ToStaff(m.Entry.Template) || m.Stopped != "" && ledger.IsFollowUp(m.Entry.Template) {
			continue
		}
		line := v.line(p, &m)
		switch {
		case line.Due.IsZero(): // until somebody reads, or releases
			u.Held++
			any = true
			continue
		case !until.IsZero() && !line.Due.Before(until):
			continue
		}
		any = true
		u.Counts[kind(m.Entry)]++
		u.Next = append(u.Next, Plan{line, v.brief(p, m.Entry.N)})
	}
	return any
}

// Failed lists the messages that did not reach their readers, the latest first,
// most at most, and how many there are.
func (v *View) Failed(ctx context.Context, most int) ([]Plan, int64, error) {
	for range looks {
		slips, err := v.Ledger.Tray(ctx, ledger.TrayFailed, int64(most))
		if err != nil {
			return nil, 0, err
		}
		ids := make([]contact.ID, len(slips))
		for i, s := range slips {
			ids[i] = s.Contact
		}
		people, err := v.Ledger.People(ctx, ids)
		if err != nil {
			return nil, 0, err
		}
		var failed []Plan
		var settled []ledger.Slip
		for i, p := range people {
			if m := message(p, slips[i]); m != nil && m.Row.Failed() {
				failed = append(failed, Plan{v.line(p, m), v.brief(p, m.Entry.N)})
			} else {
				settled = append(settled, slips[i])
			}
		}
		if err := v.Ledger.Take(ctx, ledger.TrayFailed, settled...); err != nil {
			return nil, 0, err
		}
		if len(settled) > 0 {
			continue
		}
		total, err := v.Ledger.InTray(ctx, ledger.TrayFailed, time.Time{})
		return failed, total, err
	}
	return nil, 0, nil
}

// message is the one that a slip names; nil when the person has none such.
func message(p *ledger.Person, s ledger.Slip) *ledger.Planned {
	e, via, ok := s.Entry()
	if p == nil || !ok {
		return nil
	}
	for _, m := range p.Messages {
		if m.Entry == e && m.Via == via {
			return &m
		}
	}
	return nil
}

package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/list"
	"github.com/joydevie/followup/internal/seal"
)

// ListAsk is a reminder that everybody on a list is to get.
type ListAsk struct {
	Template string        // as that of Ask
	At       time.Time     // zero: as soon as the wait is over
	Vias     []contact.Via // none: every way that may be used
	Pace     int           // so many people an hour after the first ones; 0: as the providers take them
	Again    bool          // although the list, or some of its people, had it within a day
}

// Left is a row that does not go, and why.
type Left struct {
	Line int
	Code string // "unreadable_row", "unknown", "twice", "two_people", "had" or that of a gate.Reason
	Say  string // the reason, and the cure
}

// The codes of Left that are none of the gate's.
const (
	LeftBad     = "unreadable_row"
	LeftUnknown = "unknown"
	LeftTwice   = "twice"
	LeftTwo     = "two_people"
	LeftHad     = "had"
)

// Roll is a list as checked: who goes, and who not.
type Roll struct {
	Rows  int // all of the list
	Go    []Goes
	Left  []Left // in the order of their lines
	Start time.Time
	Rest  time.Time // when those after the first ones begin; zero: there are none

	Known *ledger.Batch // it was begun before, and goes on as this; nil for a new one
	ask   ListAsk
	hash  string
	id    string
}

// Goes is a row that goes.
type Goes struct {
	Line    int
	Contact contact.ID
	Waits   gate.Reason // what would keep it back at present; "" for nothing
}

// Firsts is how many rows of a list go alone: whoever looks at what became of
// them can still stop all others.
const Firsts = 3

// listPage is how many people are read at once: some milliseconds of Redis in
// all, a fraction of one each.
const listPage = 200

// CheckList says what SendList would do, and changes nothing. Whoever is not
// known is named and gets nothing. It returns a *Wrong for what cannot be asked
// of any list, and for one that had the same within a day.
func (d *Desk) CheckList(ctx context.Context, l *list.List, a ListAsk) (*Roll, error) {
	now := d.now()
	if err := d.checkAsk(Ask{Template: a.Template, At: a.At}, now); err != nil {
		return nil, err
	}
	s := &Roll{Rows: len(l.Rows) + len(l.Faults), ask: a, hash: d.Ledger.HashList(a.Template, addresses(l)), id: seal.NewID()[:8]}
	if err := d.known(ctx, s); err != nil {
		return nil, err
	}
	s.Start = a.At
	if least := now.Add(d.ListWait); s.Start.Before(least) {
		s.Start = least
	}
	for _, f := range l.Faults {
		s.Left = append(s.Left, Left{f.Line, LeftBad, f.Problem + "; " + f.Cure})
	}
	seen := map[contact.ID]int{}
	for page := range slices.Chunk(l.Rows, listPage) {
		if err := d.checkPage(ctx, s, page, seen, now); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(s.Left, func(a, b Left) int { return cmp.Compare(a.Line, b.Line) })
	if len(s.Go) > Firsts {
		s.Rest = s.slot(Firsts, d.ListWait)
	}
	return s, nil
}

// addresses is what a list says, in one text.
func addresses(l *list.List) string {
	var b strings.Builder
	for _, r := range l.Rows {
		for _, p := range r.Phones {
			b.WriteString(string(p) + " ")
		}
		for _, e := range r.Emails {
			b.WriteString(e.Key() + " ")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// known finds the batch that the list has had.
func (d *Desk) known(ctx context.Context, s *Roll) error {
	b, err := d.Ledger.Batched(ctx, s.hash)
	unfinished := err == nil && (b.Stage == ledger.Planning || b.Stage == ledger.Going && !b.Rung)
	switch {
	case errors.Is(err, ErrNone):
		return nil
	case err != nil:
		return err
	case unfinished && (b.At != 0 || !s.ask.At.IsZero()) && b.At != s.ask.At.Unix():
		return &Wrong{"at", "this list was begun for another time, as batch " + b.ID, "give that time, or abort the batch"}
	case unfinished:
		s.Known, s.id, s.ask.Vias, s.ask.Pace = b, b.ID, b.Vias, b.Pace
		return nil
	case s.ask.Again:
		return nil
	default:
		return &Wrong{"list", "it had this message within a day, as batch " + b.ID, "add --again if everybody is to get it once more"}
	}
}

// slot is when the row goes that is the i-th of those that go.
func (s *Roll) slot(i int, wait time.Duration) time.Time {
	if i < Firsts {
		return s.Start
	}
	rest := s.Start.Add(wait)
	if s.ask.Pace > 0 {
		rest = rest.Add(time.Duration(i-Firsts) * time.Hour / time.Duration(s.ask.Pace))
	}
	return rest
}

// row is what is asked for the i-th of those that go.
func (d *Desk) row(s *Roll, i int) Ask {
	return Ask{Template: s.ask.Template, At: s.slot(i, d.ListWait), Vias: s.ask.Vias, Batch: s.id}
}

func (d *Desk) checkPage(ctx context.Context, s *Roll, rows []list.Row, seen map[contact.ID]int, now time.Time) error {
	ids, err := d.meant(ctx, rows)
	if err != nil {
		return err
	}
	var flat []contact.ID
	for _, found := range ids {
		flat = append(flat, found[:min(1, len(found))]...)
	}
	people, blocked, err := d.peopleOf(ctx, flat, s.ask.Vias)
	if err != nil {
		return err
	}
	for i, r := range rows {
		left := func(code, say string) { s.Left = append(s.Left, Left{r.Line, code, say}) }
		var p *ledger.Person
		if len(ids[i]) > 0 {
			p = people[ids[i][0]]
		}
		switch {
		case len(ids[i]) > 1:
			left(LeftTwo, "its addresses lead to two people; leave those of one")
			continue
		case p == nil || p.Erasing != "":
			left(LeftUnknown, "not known: nobody has written with this number or address; correct it, or take the row out")
			continue
		case seen[p.ID] > 0:
			left(LeftTwice, fmt.Sprintf("the same person as line %d, and gets it once; take the row out", seen[p.ID]))
			continue
		}
		seen[p.ID] = r.Line
		if !s.ask.Again && had(p, s, now) {
			left(LeftHad, "had it with another list within a day; --again sends it once more")
			continue
		}
		made, _, err := d.prepare(ctx, p, d.row(s, len(s.Go)), By{}, blocked)
		refused, isRefused := errors.AsType[*Refused](err)
		closed, isClosed := errors.AsType[*Closed](err)
		switch {
		case isRefused:
			why := refused.main()
			left(string(why), because(why))
		case isClosed:
			left(string(gate.ReasonHours), "no text may go then where this person lives; the next hour is "+closed.Next.Format("Mon 15:04 MST"))
		case err != nil:
			return err
		default:
			s.Go = append(s.Go, Goes{r.Line, p.ID, made.Waits})
		}
	}
	return nil
}

// meant gives, for each row, the people that it leads to.
func (d *Desk) meant(ctx context.Context, rows []list.Row) ([][]contact.ID, error) {
	var all []ledger.Reach
	for _, r := range rows {
		all = append(all, reaches(r)...)
	}
	led, err := d.Ledger.Led(ctx, all)
	if err != nil {
		return nil, err
	}
	ids := make([][]contact.ID, len(rows))
	for i, r := range rows {
		for range reaches(r) {
			if id := led[0]; id != "" && !slices.Contains(ids[i], id) {
				ids[i] = append(ids[i], id)
			}
			led = led[1:]
		}
	}
	return ids, nil
}

func reaches(r list.Row) []ledger.Reach {
	var all []ledger.Reach
	for _, p := range r.Phones {
		all = append(all, ledger.Reach{Via: contact.ViaSMS, Address: string(p)})
	}
	for _, e := range r.Emails {
		all = append(all, ledger.Reach{Via: contact.ViaEmail, Address: string(e)})
	}
	return all
}

// peopleOf reads people and what stands against their addresses, in two round trips.
func (d *Desk) peopleOf(ctx context.Context, ids []contact.ID, vias []contact.Via) (map[contact.ID]*ledger.Person, blocks, error) {
	read, err := d.Ledger.People(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	people := map[contact.ID]*ledger.Person{}
	var all []ledger.Reach
	for _, p := range read {
		if p == nil {
			continue
		}
		people[p.ID] = p
		for _, v := range ways {
			if n := p.Newest(v); n > 0 && (len(vias) == 0 || slices.Contains(vias, v)) {
				s := p.Submissions[n-1] // whose address is not "": to ask for it again costs
				address := string(s.Email)
				if v == contact.ViaSMS {
					address = string(s.Phone)
				}
				all = append(all, ledger.Reach{Via: v, Address: address})
			}
		}
	}
	known, err := d.Ledger.Suppressions(ctx, all)
	if err != nil {
		return nil, nil, err
	}
	return people, func(ctx context.Context, r ledger.Reach) (gate.Suppression, error) {
		if why, ok := known[r]; ok {
			return why, nil
		}
		return d.blocked(ctx, r)
	}, nil
}

// had reports whether a person got, or is to get, the same message with another
// list within a day of this one: a list that was corrected is another list.
func had(p *ledger.Person, s *Roll, now time.Time) bool {
	return slices.ContainsFunc(p.Messages, func(m ledger.Planned) bool {
		h, ok := m.Entry.Hangs()
		return ok && h.Alone > 0 && m.Row.Batch != "" && m.Row.Batch != s.id && m.Words() == s.ask.Template &&
			(m.Row.State.Pending() || m.Row.State.Gone()) && m.Row.Planned > now.Add(-24*time.Hour).Unix()
	})
}

// main is the reason that tells most: that of a way with an address.
func (r *Refused) main() gate.Reason {
	for _, v := range []contact.Via{contact.ViaSMS, contact.ViaEmail} {
		if why := r.Why[v]; why != "" && why != gate.ReasonNoAddress {
			return why
		}
	}
	return gate.ReasonNoAddress
}

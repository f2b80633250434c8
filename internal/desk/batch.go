package desk

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
)

// hands is how many people of a list are worked on at once.
const hands = 16

// SendList plans what CheckList has found: a batch. Not one row of it goes
// before all are planned and that is confirmed, nor before the wait is over;
// the first three go alone. What died on the way is taken up by checking and
// sending the same list again: neither doubles nor loses a row. A list of which
// nobody goes is refused. progress, if not nil, is told how many are planned.
func (d *Desk) SendList(ctx context.Context, s *Roll, by By, progress func(done int)) (*ledger.Batch, error) {
	if len(s.Go) == 0 {
		return nil, &Wrong{"list", "nobody on it may get this message", "see why for each line"}
	}
	b := s.Known
	if b == nil {
		fresh := ledger.Batch{
			ID: s.id, Template: s.ask.Template, Vias: s.ask.Vias, Made: d.now().Unix(), By: by.Name, List: s.hash, Pace: s.ask.Pace,
		}
		if !s.ask.At.IsZero() {
			fresh.At = s.ask.At.Unix()
		}
		var err error
		if b, err = d.Ledger.NewBatch(ctx, fresh, s.ask.Again); err != nil {
			return nil, err
		}
		if b.ID != s.id {
			return nil, &Wrong{"list", "somebody else is sending it now, as batch " + b.ID, "look at that one"}
		}
	}
	if b.Stage == ledger.Planning {
		if err := d.plan(ctx, s, b, by, progress); err != nil {
			return b, err
		}
		start := s.Start
		if least := d.now().Add(d.ListWait); start.Before(least) {
			start = least // planning has taken its time, or is taken up again
		}
		if err := d.Ledger.Confirm(ctx, b, start); err != nil {
			return b, err
		}
		d.Log.InfoContext(ctx, "list planned", "id", b.ID, "by", by.Name)
	}
	if b.Stage != ledger.Going {
		if err := d.takeAll(ctx, b, by); err != nil { // what was planned after the abort
			return b, err
		}
		return b, &Wrong{"list", "somebody has aborted it, as batch " + b.ID, "look at that one"}
	}
	err := d.rows(ctx, b, func(ctx context.Context, m []ledger.Planned) error { return d.ring(ctx, m) })
	if err != nil {
		return b, err
	}
	b.Rung = true
	return b, d.Ledger.SetRung(ctx, b)
}

// plan writes the rows.
func (d *Desk) plan(ctx context.Context, s *Roll, b *ledger.Batch, by By, progress func(int)) error {
	done, planned := 0, 0
	for page := range slices.Chunk(s.Go, listPage) {
		people, blocked, err := d.readPage(ctx, page, s)
		if err != nil {
			return err
		}
		rows := make([]ledger.BatchRow, len(page))
		all, each := errgroup.WithContext(ctx)
		all.SetLimit(hands)
		for i, goes := range page {
			ask := d.row(s, done+i)
			all.Go(func() error {
				r, err := d.planRow(each, people[i], goes, ask, by, blocked)
				if err == nil {
					rows[i] = ledger.BatchRow{Line: goes.Line, Contact: goes.Contact, Alone: r.Alone}
				}
				return changed(err)
			})
		}
		if err := all.Wait(); err != nil {
			return err
		}
		// Who has changed since the check may have no row.
		rows = slices.DeleteFunc(rows, func(r ledger.BatchRow) bool { return r.Contact == "" })
		if err := d.Ledger.AddRows(ctx, b, rows); err != nil {
			return err
		}
		done, planned = done+len(page), planned+len(rows)
		if progress != nil {
			progress(done)
		}
	}
	if planned == 0 {
		return &Wrong{"list", "nobody on it may get this message any more", "check it again"}
	}
	return nil
}

func (d *Desk) readPage(ctx context.Context, page []Goes, s *Roll) ([]*ledger.Person, blocks, error) {
	ids := make([]contact.ID, len(page))
	for i, g := range page {
		ids[i] = g.Contact
	}
	found, blocked, err := d.peopleOf(ctx, ids, s.ask.Vias)
	people := make([]*ledger.Person, len(page))
	for i, id := range ids {
		people[i] = found[id]
	}
	return people, blocked, err
}

// changed makes nothing of what may have become of a person since the check.
func changed(err error) error {
	_, refused := errors.AsType[*Refused](err)
	_, closed := errors.AsType[*Closed](err)
	if refused || closed || errors.Is(err, ErrNone) {
		return nil
	}
	return err
}

// planRow plans the reminder of one row. p is the person as read; nil for
// nobody.
func (d *Desk) planRow(ctx context.Context, p *ledger.Person, g Goes, a Ask, by By, blocked blocks) (r Reminder, err error) {
	if p == nil {
		return r, ErrNone
	}
	err = again(func() error {
		if p == nil {
			if p, err = d.Ledger.Person(ctx, g.Contact); err != nil {
				return err
			}
		}
		var wishes []ledger.Wish
		r, wishes, err = d.prepare(ctx, p, a, by, blocked)
		if err != nil || r.Existing {
			return err
		}
		event := by.event("reminder_planned")
		event.Batch = a.Batch
		r.Planned, err = d.Ledger.Remind(ctx, p, wishes, event)
		p = nil // to be read again after a race
		return err
	})
	return r, err
}

// rows does something with the messages of each row of a batch, many at once.
func (d *Desk) rows(ctx context.Context, b *ledger.Batch, do func(context.Context, []ledger.Planned) error) error {
	return eachRow(ctx, d.Ledger, b, func(rows []row) error {
		all, each := errgroup.WithContext(ctx)
		all.SetLimit(hands)
		for _, r := range rows {
			all.Go(func() error { return do(each, r.messages) })
		}
		return all.Wait()
	})
}

// row is a row of a batch, and what there is of it.
type row struct {
	ledger.BatchRow
	person   *ledger.Person // nil: erased since
	messages []ledger.Planned
}

// eachRow reads the rows of a batch, a page at a time.
func eachRow(ctx context.Context, l *ledger.Ledger, b *ledger.Batch, do func([]row) error) error {
	for from := 0; ; from += listPage {
		found, err := l.Rows(ctx, b, from, listPage)
		if err != nil || len(found) == 0 {
			return err
		}
		ids := make([]contact.ID, len(found))
		for i, r := range found {
			ids[i] = r.Contact
		}
		people, err := l.People(ctx, ids)
		if err != nil {
			return err
		}
		rows := make([]row, len(found))
		for i, r := range found {
			rows[i] = row{BatchRow: r, person: people[i]}
			if people[i] == nil {
				continue
			}
			for _, m := range ordered(people[i].Messages) {
				if h, ok := m.Entry.Hangs(); ok && h.Alone == r.Alone {
					rows[i].messages = append(rows[i].messages, m)
				}
			}
		}
		if err := do(rows); err != nil {
			return err
		}
	}
}

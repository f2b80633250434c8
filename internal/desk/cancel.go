package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// Cancel takes back one planned message, by that way or with "" by all. The
// steps of a sequence after it stay. It returns ErrNone when there is none.
func (d *Desk) Cancel(ctx context.Context, id contact.ID, e ledger.Entry, v contact.Via, by By) (Stopped, error) {
	return d.found(d.withdraw(ctx, id, gate.ReasonWithdrawn, by, func(m ledger.Planned) bool {
		return m.Entry == e && (v == "" || v == m.Via)
	}))
}

// Undo takes back a reminder that stands alone, by its number, or with 0 the
// one that staff asked for last. Within the wait of the desk it always wins
// over the send; after that what has gone is said. It returns ErrNone when
// there is no such reminder.
func (d *Desk) Undo(ctx context.Context, id contact.ID, alone int, by By) (Stopped, error) {
	if alone == 0 {
		p, err := d.Ledger.Person(ctx, id)
		if err != nil {
			return Stopped{}, err
		}
		alone = p.Alone
	}
	return d.found(d.withdraw(ctx, id, gate.ReasonWithdrawn, by, func(m ledger.Planned) bool {
		h, ok := m.Entry.Hangs()
		return ok && alone > 0 && h.Alone == alone
	}))
}

func (d *Desk) found(s Stopped, err error) (Stopped, error) {
	if err == nil && len(s.Stopped)+len(s.Gone) == 0 {
		err = ErrNone
	}
	return s, err
}

// withdraw takes back what is meant and has not gone. A message that a worker
// holds is not tried again, but may be gone.
func (d *Desk) withdraw(ctx context.Context, id contact.ID, why gate.Reason, by By, meant func(ledger.Planned) bool) (Stopped, error) {
	p, err := d.Ledger.Person(ctx, id)
	if err != nil {
		return Stopped{}, err
	}
	var s Stopped
	for _, m := range ordered(p.Messages) {
		if !meant(m) {
			continue
		}
		if err := again(func() error { return d.takeBack(ctx, &m, why, by) }); err != nil {
			return s, err
		}
		if m.Row.State == ledger.Cancelled {
			s.Stopped = append(s.Stopped, m)
		} else {
			s.Gone = append(s.Gone, m)
		}
	}
	if len(s.Stopped) > 0 {
		d.Log.InfoContext(ctx, "messages taken back", "contact", id, "by", by.Name, "why", why)
	}
	return s, nil
}

// takeBack does one step with one message: m is what became of it. After
// ErrRace m is as it stands now.
func (d *Desk) takeBack(ctx context.Context, m *ledger.Planned, why gate.Reason, by By) error {
	event := by.event("cancelled")
	event.N, event.Message, event.Code = m.Entry.N, m.Entry.Template+"/"+string(m.Via), string(why)
	if m.Row.State == ledger.Sending {
		return d.Ledger.Withdraw(ctx, m, event)
	}
	if !m.Row.State.Pending() {
		return nil
	}
	row, err := m.Row.Cancel(why, by.Name, d.now())
	if err != nil {
		return err
	}
	return d.settleAgain(ctx, m, row, event)
}

// ordered gives messages by when they were planned for.
func ordered(all []ledger.Planned) []ledger.Planned {
	return slices.SortedStableFunc(slices.Values(all), func(a, b ledger.Planned) int {
		return cmp.Or(cmp.Compare(a.Row.Planned, b.Row.Planned), strings.Compare(a.ID(), b.ID()))
	})
}

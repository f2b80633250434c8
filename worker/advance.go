package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/joydevie/followup/internal/ledger"
)

// advance sets the alarm of the next follow-up once one has come to its end. A
// step that was delayed pushes the later ones: the gaps between them stay.
func (w *Worker) advance(ctx context.Context, p *ledger.Planned) error {
	if !ledger.IsFollowUp(p.Entry.Template) {
		return nil
	}
	person, err := w.Ledger.Person(ctx, p.Contact)
	if errors.Is(err, ledger.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, m := range person.Sequence(p.Entry.N) {
		if m.Entry == p.Entry || !m.Row.State.Pending() {
			continue
		}
		if m.Row.State != ledger.Waiting {
			return nil // it is next, and has an alarm of its own
		}
		if due := w.pushed(p, &m); due > m.Row.Due {
			row, err := m.Row.To(ledger.Waiting, "", w.now())
			if err != nil {
				return err
			}
			row.Due, row.Planned = due, due
			if err := w.Ledger.Settle(ctx, &m, row); err != nil {
				return fmt.Errorf("push the next follow-up: %w", err)
			}
		}
		return w.Alarm.Ring(ctx, &m)
	}
	return nil
}

// pushed is when the step next is due once the one before it has ended: the gap
// between them is the one that the clinic's plan has, however late the former
// went. Where the plan has changed since, it is the one that was planned.
func (w *Worker) pushed(before, next *ledger.Planned) int64 {
	gap := next.Row.Planned - before.Row.Planned
	from, to := w.after(before.Entry.Template), w.after(next.Entry.Template)
	if from > 0 && to > from {
		gap = int64((to - from) / time.Second)
	}
	return max(next.Row.Due, before.Row.At+gap)
}

// after is how long after the submission the plan has a follow-up; 0 when it
// has it no more.
func (w *Worker) after(template string) time.Duration {
	for i, after := range w.Clinic.FollowUps {
		if ledger.FollowUp(i+1) == template {
			return after
		}
	}
	return 0
}

package worker

import (
	"context"
	"fmt"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// submitted takes a contact form into the ledger and sets the first alarms. It
// may run again after any step of it: Admit plans once, and an alarm that
// rings twice finds the message sent.
func (w *Worker) submitted(ctx context.Context, t tasks.Submission) error {
	if ours, err := w.ours(ctx, t); ours || err != nil {
		return err
	}
	s := submission(t)
	admitted, err := w.Ledger.Admit(ctx, s, ledger.Once{Content: t.Content, Keyed: t.Keyed}, func(p *ledger.Person) ledger.Plan {
		g, err := w.guard(ctx, p.Admits, t, s)
		if err != nil {
			return ledger.Plan{Err: err}
		}
		return w.plan(s, p, g)
	})
	if err != nil {
		return fmt.Errorf("submission %s: %w", s.ID, err)
	}
	if admitted.Reused {
		w.Log.WarnContext(ctx, "another submission came under the same idempotency key; it was taken in", "id", s.ID)
	}
	if admitted.Erased {
		w.Metrics.Erased()
		w.Log.InfoContext(ctx, "submission dropped: its person was erased since it was made", "id", s.ID)
		return nil
	}
	if admitted.Folded {
		w.Log.InfoContext(ctx, "submission folded", "id", s.ID)
		return nil
	}
	for _, p := range admitted.Steps {
		// Of a sequence only the next message has an alarm; each sets the one after it.
		if p.Row.State != ledger.Waiting || ledger.IsFollowUp(p.Entry.Template) && p.Entry.Template != ledger.FollowUp(1) {
			continue
		}
		if err := w.Alarm.Ring(ctx, &p); err != nil {
			return fmt.Errorf("submission %s: %w", s.ID, err)
		}
	}
	w.Log.InfoContext(ctx, "submission admitted", "id", s.ID, "contact", admitted.Contact, "why", admitted.Guard)
	return nil
}

// submission is what the task carries, in the words of the house.
func submission(t tasks.Submission) contact.Submission {
	return contact.Submission{
		ID: t.ID, At: t.At, Name: contact.Private(t.Name), Email: contact.Email(t.Email), Phone: contact.Phone(t.Phone),
		Message: contact.Private(t.Message), Language: contact.Language(t.Language), Preferred: contact.Via(t.Preferred),
		Zone: t.Zone, Page: t.Page,
		Consent: contact.Consent{
			Email: t.ConsentEmail, SMS: t.ConsentSMS, Wording: t.Wording, Hash: t.WordingHash,
			IP: contact.Private(t.IP), UserAgent: contact.Private(t.UserAgent),
		},
	}
}

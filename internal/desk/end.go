package desk

import (
	"context"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// Answered notes that somebody has answered the person: the follow-ups to the
// submissions up to n end, with 0 to all of them. So do the operations below.
func (d *Desk) Answered(ctx context.Context, id contact.ID, n int, by By) (Stopped, error) {
	return d.end(ctx, id, n, gate.ReasonReplied, by)
}

// Booked notes that the person has booked.
func (d *Desk) Booked(ctx context.Context, id contact.ID, n int, by By) (Stopped, error) {
	return d.end(ctx, id, n, gate.ReasonBooked, by)
}

// Called notes that somebody at the clinic has called the person.
func (d *Desk) Called(ctx context.Context, id contact.ID, n int, by By) (Stopped, error) {
	return d.end(ctx, id, n, gate.ReasonCalled, by)
}

// NotInterested notes that the person wants no more of it: reminders that stand
// alone are taken back too. What is about an appointment stays, and so does
// what the person may be written later: Stop blocks.
func (d *Desk) NotInterested(ctx context.Context, id contact.ID, n int, by By) (Stopped, error) {
	return d.endAll(ctx, id, n, gate.ReasonUninterested, by)
}

// endAll stops the sequences and takes the reminders back that stand alone.
func (d *Desk) endAll(ctx context.Context, id contact.ID, n int, why gate.Reason, by By) (Stopped, error) {
	ended, err := d.end(ctx, id, n, why, by)
	if err != nil {
		return ended, err
	}
	more, err := d.withdraw(ctx, id, why, by, func(m ledger.Planned) bool {
		h, ok := m.Entry.Hangs()
		return ok && h.Alone > 0
	})
	ended.add(more)
	return ended, err
}

// Stop notes that the person wants nothing more: the follow-ups end, reminders
// that stand alone are taken back, and the address and the number of submission n
// get no further ones and no texts, whichever way the wish reached the clinic
// (47 CFR 64.1200(a)(10)).
func (d *Desk) Stop(ctx context.Context, id contact.ID, n int, by By) (Stopped, error) {
	n, err := d.newest(ctx, id, n)
	if err != nil {
		return Stopped{}, err
	}
	if _, err := d.Ledger.SuppressFor(ctx, id, n, contact.ViaEmail, by.evidence(gate.Unsubscribed)); err != nil {
		return Stopped{}, err
	}
	if _, err := d.Ledger.SuppressFor(ctx, id, n, contact.ViaSMS, by.evidence(gate.OptedOut)); err != nil {
		return Stopped{}, err
	}
	return d.endAll(ctx, id, n, gate.ReasonStaff, by)
}

// WrongNumber notes that who answers at the number of submission n is somebody
// else: no text goes there any more, and the number leads to the person no
// longer.
func (d *Desk) WrongNumber(ctx context.Context, id contact.ID, n int, by By) (Stopped, error) {
	n, err := d.newest(ctx, id, n)
	if err != nil {
		return Stopped{}, err
	}
	p, err := d.Ledger.Person(ctx, id)
	if err != nil {
		return Stopped{}, err
	}
	number := p.Submissions[n-1].Phone
	if number == "" {
		return Stopped{}, &Wrong{"number", "the person left none with that submission", "name another submission"}
	}
	told, err := d.Ledger.SuppressFor(ctx, id, n, contact.ViaSMS, by.evidence(gate.WrongNumber))
	if err != nil {
		return Stopped{}, err
	}
	if err := d.Ledger.Detach(ctx, number, id); err != nil {
		return Stopped{}, err
	}
	event := by.event(string(gate.ReasonWrongNumber))
	if told {
		event.What = ""
	}
	ended, err := d.endAs(ctx, id, n, gate.ReasonWrongNumber, event)
	if err != nil {
		return ended, err
	}
	more, err := d.withdraw(ctx, id, gate.ReasonWrongNumber, by, func(m ledger.Planned) bool {
		return m.Via == contact.ViaSMS && m.Submission.Phone == number && !ledger.IsFollowUp(m.Entry.Template)
	})
	ended.add(more)
	return ended, err
}

// newest is submission n, or with 0 the newest; ErrNone when there is none.
func (d *Desk) newest(ctx context.Context, id contact.ID, n int) (int, error) {
	p, err := d.Ledger.Person(ctx, id)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		n = len(p.Submissions)
	}
	if n < 1 || n > len(p.Submissions) {
		return 0, ErrNone
	}
	return n, nil
}

// end stops the sequences. Who acts on a submission has read it.
func (d *Desk) end(ctx context.Context, id contact.ID, n int, why gate.Reason, by By) (Stopped, error) {
	return d.endAs(ctx, id, n, why, by.event(string(why)))
}

// endAs does the same with what shall stand on the timeline.
func (d *Desk) endAs(ctx context.Context, id contact.ID, n int, why gate.Reason, event ledger.Event) (Stopped, error) {
	n, err := d.newest(ctx, id, n)
	if err != nil {
		return Stopped{}, err
	}
	if err := d.Ledger.Stop(ctx, id, n, why, event); err != nil {
		return Stopped{}, err
	}
	d.Log.InfoContext(ctx, "sequence ended", "contact", id, "by", event.By, "why", why)
	p, err := d.Ledger.Person(ctx, id)
	if err != nil {
		return Stopped{}, err
	}
	var ended Stopped
	for i := range n {
		for _, m := range p.Sequence(i + 1) {
			if m.Row.State == ledger.Cancelled {
				ended.Stopped = append(ended.Stopped, m)
			} else {
				ended.Gone = append(ended.Gone, m)
			}
		}
	}
	return ended, d.Read(ctx, id, n, event.By)
}

// Unsubscribe ends follow-ups by email to the address of submission n, now and
// for later submissions, as the reader asked (RFC 8058).
func (d *Desk) Unsubscribe(ctx context.Context, id contact.ID, n int) error {
	if err := d.Ledger.Suppress(ctx, id, n, contact.ViaEmail, gate.Unsubscribed, "recipient"); err != nil {
		return err
	}
	d.Log.InfoContext(ctx, "unsubscribed", "contact", id)
	return nil
}

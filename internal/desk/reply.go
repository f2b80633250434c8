package desk

import (
	"context"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// ReadReply notes that a person at the clinic has read what the person wrote
// back, up to reply k, and rings for what waited for that. The gate still
// decides about each.
func (d *Desk) ReadReply(ctx context.Context, id contact.ID, k int, by string) error {
	if err := d.Ledger.MarkHeard(ctx, id, k, by); err != nil {
		return err
	}
	p, err := d.Ledger.Person(ctx, id)
	if err != nil {
		return err
	}
	d.Log.InfoContext(ctx, "reply read", "contact", id, "by", by)
	for _, m := range p.Messages {
		if m.Row.State != ledger.Held || m.Row.Why != gate.ReasonUnread {
			continue
		}
		if err := d.release(ctx, &m); err != nil {
			return err
		}
	}
	return nil
}

// actOnReply does what the link of a note about a reply asks for. The reply is
// marked as read before anything is released.
func (d *Desk) actOnReply(ctx context.Context, t Target, by string) error {
	if err := d.ReadReply(ctx, t.Contact, t.Reply, by); err != nil || t.Action == "read" {
		return err
	}
	t.Reply = 0
	return d.Act(ctx, t, by)
}

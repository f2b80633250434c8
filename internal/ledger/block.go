package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
)

// Suppress blocks the address that the way of that submission leads to, for
// the person and for whoever else has it, and cancels what is planned by that
// way: all of it after an opt-out or a wrong number, the follow-ups else. It is
// in force, and its evidence kept, when Suppress returns. A weaker reason never
// outweighs a stronger one. Twice is once.
func (l *Ledger) Suppress(ctx context.Context, id contact.ID, n int, v contact.Via, why gate.Suppression, by string) error {
	return l.SuppressFor(ctx, id, n, v, Evidence{What: string(why), By: by})
}

// SuppressFor does the same with all that is known of the reason: What must be
// a gate.Suppression; At is now.
func (l *Ledger) SuppressFor(ctx context.Context, id contact.ID, n int, v contact.Via, e Evidence) error {
	p, err := l.Person(ctx, id)
	if err != nil {
		return err
	}
	if n < 1 || n > len(p.Submissions) {
		return ErrNone
	}
	s := p.Submissions[n-1]
	if v == contact.ViaEmail && s.Email == "" || v == contact.ViaSMS && s.Phone == "" {
		return nil // there is nothing to block
	}
	hash := l.addressHash(v, s)
	e.At = l.now()
	changed, err := l.block(ctx, v, hash, e)
	if err != nil {
		return fmt.Errorf("block %s for %s: %w", v, id, err)
	}
	return l.blocked(ctx, id, n, v, e, changed, func(Planned) bool { return true })
}

// Block blocks an address or a number for whoever has it, people we do not know
// too, and of a person we know cancels what is planned to go there, as Suppress
// does. It is in force when Block returns. Twice is once.
func (l *Ledger) Block(ctx context.Context, v contact.Via, address string, why gate.Suppression, by, code string) error {
	hash, e := l.hashOf(v, address), Evidence{At: l.now(), What: string(why), By: by, Code: code}
	changed, err := l.block(ctx, v, hash, e)
	if err != nil {
		return fmt.Errorf("block: %w", err)
	}
	id, err := l.Find(ctx, v, address)
	if err == nil {
		err = l.blocked(ctx, id, 0, v, e, changed, func(m Planned) bool { return l.addressHash(v, m.Submission) == hash })
	}
	if errors.Is(err, ErrNone) {
		return nil // unknown, or erased meanwhile
	}
	return err
}

// blocked writes a block that has changed something on the person's timeline, and
// cancels what of theirs is planned by that way: all of it after an opt-out or a
// wrong number, the follow-ups else.
func (l *Ledger) blocked(ctx context.Context, id contact.ID, n int, v contact.Via, e Evidence, changed bool, theirs func(Planned) bool) error {
	if changed {
		if err := l.Record(ctx, id, Event{What: e.What, N: n, By: e.By, Code: e.Code}); err != nil {
			return fmt.Errorf("block %s for %s: %w", v, id, err)
		}
	}
	why := gate.Suppression(e.What)
	return l.cancel(ctx, id, gate.Reason(why), e.By, func(m Planned) bool {
		return m.Via == v && theirs(m) && (why == gate.OptedOut || why == gate.WrongNumber || IsFollowUp(m.Entry.Template))
	})
}

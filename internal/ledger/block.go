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
	_, err := l.SuppressFor(ctx, id, n, v, Evidence{What: string(why), By: by})
	return err
}

// SuppressFor does the same with all that is known of the reason: What must be
// a gate.Suppression; At is now. It reports whether it wrote the block on the
// timeline.
func (l *Ledger) SuppressFor(ctx context.Context, id contact.ID, n int, v contact.Via, e Evidence) (bool, error) {
	p, err := l.Person(ctx, id)
	if err != nil {
		return false, err
	}
	if n < 1 || n > len(p.Submissions) {
		return false, ErrNone
	}
	s := p.Submissions[n-1]
	if v == contact.ViaEmail && s.Email == "" || v == contact.ViaSMS && s.Phone == "" {
		return false, nil // there is nothing to block
	}
	hash := l.addressHash(v, s)
	e.At = l.now()
	changed, err := l.block(ctx, v, hash, e)
	if err != nil {
		return false, fmt.Errorf("block %s for %s: %w", v, id, err)
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
		_, err = l.blocked(ctx, id, 0, v, e, changed, func(m Planned) bool { return l.addressHash(v, m.Submission) == hash })
	}
	if errors.Is(err, ErrNone) {
		return nil // unknown, or erased meanwhile
	}
	return err
}

// blocked writes a block on the person's timeline that has changed something, or
// that did so for somebody who died before writing it there, and cancels what of
// theirs is planned by that way: all of it after an opt-out or a wrong number, the
// follow-ups else. It reports whether it wrote.
func (l *Ledger) blocked(ctx context.Context, id contact.ID, n int, v contact.Via, e Evidence, changed bool, theirs func(Planned) bool) (bool, error) {
	if !changed {
		told, err := l.told(ctx, id, e.What)
		if err != nil {
			return false, fmt.Errorf("block %s for %s: %w", v, id, err)
		}
		changed = !told
	}
	if changed {
		if err := l.Record(ctx, id, Event{What: e.What, N: n, By: e.By, Code: e.Code, Text: contact.Private(e.Note)}); err != nil {
			return false, fmt.Errorf("block %s for %s: %w", v, id, err)
		}
	}
	why := gate.Suppression(e.What)
	return changed, l.cancel(ctx, id, gate.Reason(why), e.By, func(m Planned) bool {
		return m.Via == v && theirs(m) && (why == gate.OptedOut || why == gate.WrongNumber || IsFollowUp(m.Entry.Template))
	})
}

// told reports whether a block that stands is on the person's timeline.
func (l *Ledger) told(ctx context.Context, id contact.ID, what string) (bool, error) {
	events, err := l.Timeline(ctx, id)
	told := false
	for _, e := range events {
		switch {
		case e.What == what:
			told = true
		case e.What == Lifted && e.Code == what, e.What == OptedIn && what == string(gate.OptedOut):
			told = false
		}
	}
	return told, err
}

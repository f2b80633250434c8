package desk

import (
	"context"
	"unicode/utf8"

	"github.com/joydevie/followup/internal/contact"
)

// mostNote is a page, in characters.
const mostNote = 2000

// Note writes what staff want to remember of a person on the timeline; it lies
// sealed. The same note by the same person, with nothing between the two, is
// one. It returns a *Wrong, and ErrNone for nobody.
func (d *Desk) Note(ctx context.Context, id contact.ID, text contact.Private, by By) error {
	switch n := utf8.RuneCountInString(string(text)); {
	case n == 0:
		return &Wrong{"note", "it says nothing", "write what you want to remember"}
	case n > mostNote || !utf8.ValidString(string(text)):
		return &Wrong{"note", "it is too long, or no text", "keep it to a page"}
	}
	if _, err := d.Ledger.Person(ctx, id); err != nil {
		return err
	}
	events, err := d.Ledger.Timeline(ctx, id)
	if err != nil {
		return err
	}
	event := by.event("note")
	event.Text = text
	if n := len(events); n > 0 && events[n-1].What == event.What && events[n-1].By == event.By && events[n-1].Text == text {
		return nil
	}
	return d.Ledger.Record(ctx, id, event)
}

package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
)

// Event is one thing that happened to a person, for the timeline.
type Event struct {
	At   int64  `json:"at"` // seconds since 1970 on the plan's clock
	What string `json:"what"`
	N    int    `json:"n,omitempty"`  // the submission meant
	By   string `json:"by,omitempty"` // who did it; never the person's name

	Message string `json:"message,omitempty"` // the entry and the channel of the message meant
	Reply   int    `json:"reply,omitempty"`   // the reply meant
	Code    string `json:"code,omitempty"`    // the rule or the provider's code that decided

	Appointment int    `json:"appointment,omitempty"` // the one meant
	Batch       string `json:"batch,omitempty"`       // the list it came with

	// What people wrote, and a moment that tells who somebody is, lie sealed.
	Text   contact.Private `json:"-"` // why, or a note
	When   time.Time       `json:"-"` // of the appointment
	Sealed []byte          `json:"sealed,omitempty"`
}

func (e Event) encode() string {
	b, _ := json.Marshal(e)
	return string(b)
}

// private is what of an event lies sealed.
type private struct {
	Text contact.Private `json:"text,omitempty"`
	When time.Time       `json:"when,omitzero"`
}

func eventPlace(id contact.ID) string { return string(id) + " event" }

// line is an event of this moment as it lies on the person's timeline.
func (l *Ledger) line(id contact.ID, e Event) (string, error) {
	e.At = l.now().Unix()
	err := l.sealEvent(id, &e)
	return e.encode(), err
}

// sealEvent seals what of an event tells who somebody is.
func (l *Ledger) sealEvent(id contact.ID, e *Event) error {
	e.Sealed = nil
	if e.Text == "" && e.When.IsZero() {
		return nil
	}
	plain, err := json.Marshal(private{e.Text, e.When})
	if err != nil {
		return errors.New("event: cannot be written")
	}
	e.Sealed = l.keys.Seal(plain, eventPlace(id))
	return nil
}

// reveal opens what of an event lies sealed; what does not open stays away.
func (l *Ledger) reveal(id contact.ID, e *Event) {
	if len(e.Sealed) == 0 {
		return
	}
	var p private
	if plain, err := l.keys.Open(e.Sealed, eventPlace(id)); err == nil && json.Unmarshal(plain, &p) == nil {
		e.Text, e.When = p.Text, p.When
	}
}

// Timeline reads what happened to a person, oldest first.
func (l *Ledger) Timeline(ctx context.Context, id contact.ID) ([]Event, error) {
	lines, err := l.redis.LRange(ctx, logKey(id), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("read timeline of %s: %w", id, err)
	}
	events := make([]Event, 0, len(lines))
	for _, line := range lines {
		var e Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return nil, fmt.Errorf("read timeline of %s: %w", id, err)
		}
		l.reveal(id, &e)
		events = append(events, e)
	}
	return events, nil
}

// recordEvent writes an event unless the person is gone: nothing may grow where
// somebody was erased.
var recordEvent = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('RPUSH', KEYS[2], ARGV[1])`)

// Record writes an event of the house on the person's timeline; its time is
// now. Of somebody who is not there it writes nothing.
func (l *Ledger) Record(ctx context.Context, id contact.ID, e Event) error {
	line, err := l.line(id, e)
	if err == nil {
		err = recordEvent.Run(ctx, l.redis, []string{personKey(id), logKey(id)}, line).Err()
	}
	if err != nil {
		return fmt.Errorf("record %s for %s: %w", e.What, id, err)
	}
	return nil
}

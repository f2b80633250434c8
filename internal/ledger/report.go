package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
)

// Report is what a provider says became of a message.
type Report struct {
	State    State       // Sent, Delivered or Undelivered
	Why      gate.Reason // with Undelivered; "" when the code says it all
	Provider string      // its id of the message; "" when it gave none
	Code     string      // its code of what went wrong
}

// ErrClaimed says that a worker holds the message: it will write down what it
// was told, and the report must wait for that.
var ErrClaimed = errors.New("ledger: a worker holds the message")

// Report merges a report into the message's row, forward only: a report that
// says no more than is known changes nothing, in whatever order and however
// often reports come. stale tells a claim whose holder is dead; nil means that
// every claim is alive. It returns ErrClaimed, ErrNone and ErrRace.
func (l *Ledger) Report(ctx context.Context, id contact.ID, e Entry, v contact.Via, r Report, stale func(Row) bool) (changed bool, err error) {
	for range 5 {
		p, err := l.Message(ctx, id, e, v)
		if err != nil {
			return false, err
		}
		if p.Row.State == Sending && (stale == nil || !stale(p.Row)) {
			return false, ErrClaimed
		}
		row, ok := p.Row.reported(r, v, l.now())
		if !ok {
			return false, nil
		}
		err = l.Settle(ctx, p, row)
		if !errors.Is(err, ErrRace) {
			return err == nil, err
		}
	}
	return false, ErrRace
}

// reported gives the row after a report, and whether it says anything new.
func (r Row) reported(rep Report, v contact.Via, at time.Time) (Row, bool) {
	if rep.Provider != "" && r.Provider != "" && rep.Provider != r.Provider {
		return r, false // about another message than the one we know
	}
	if !slices.Contains(may(r, v), rep.State) {
		return r, false
	}
	row, err := r.To(rep.State, rep.Why, at)
	if err != nil {
		return r, false
	}
	row.Try, row.Since, row.Due, row.Code = "", 0, 0, rep.Code
	if rep.Provider != "" {
		row.Provider = rep.Provider
	}
	return row, true
}

// may lists what a report may still make of a message.
func may(r Row, v contact.Via) []State {
	switch r.State {
	case Sending, Unknown:
		return []State{Sent, Delivered, Undelivered}
	case Waiting, Held:
		if r.Repeat { // an earlier attempt, whose answer was lost, came through
			return []State{Sent, Delivered, Undelivered}
		}
		// A failover has lost the claim, and whoever held it has died. What failed may
		// be an attempt from before staff asked for another one.
		return []State{Sent, Delivered}
	case Sent:
		return []State{Delivered, Undelivered}
	case Delivered:
		if v == contact.ViaEmail { // taken by the reader's server, and returned later
			return []State{Undelivered}
		}
		return nil
	case Undelivered:
		if v == contact.ViaSMS { // a carrier that gave up too early
			return []State{Delivered}
		}
		return nil
	default:
		return nil
	}
}

// eventsFor is how long an event is remembered by its id: longer than a
// provider goes on delivering it.
const eventsFor = 7 * 24 * time.Hour

// Seen reports whether an event of a provider was taken in before.
func (l *Ledger) Seen(ctx context.Context, event string) (bool, error) {
	n, err := l.redis.Exists(ctx, eventKey(l.keys.Hash("event", event))).Result()
	if err != nil {
		return false, fmt.Errorf("look for an event: %w", err)
	}
	return n > 0, nil
}

// Saw notes that an event was taken in.
func (l *Ledger) Saw(ctx context.Context, event string) error {
	if err := l.redis.Set(ctx, eventKey(l.keys.Hash("event", event)), "1", eventsFor).Err(); err != nil {
		return fmt.Errorf("note an event: %w", err)
	}
	return nil
}

package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
)

// Reach is an address or a number, and the way that leads to it.
type Reach struct {
	Via     contact.Via
	Address string
}

// Led gives the person that each leads to, in their order; "" where it leads to
// nobody. One round trip.
func (l *Ledger) Led(ctx context.Context, all []Reach) ([]contact.ID, error) {
	values, err := l.lookUp(ctx, all, func(r Reach) string { return indexKey(kindOf(r.Via), l.hashOf(r.Via, r.Address)) })
	if err != nil {
		return nil, fmt.Errorf("look up %d people: %w", len(all), err)
	}
	ids := make([]contact.ID, len(all))
	for i, v := range values {
		ids[i] = contact.ID(v)
	}
	return ids, nil
}

// Suppressions gives what stands against each, "" for nothing. One round trip.
func (l *Ledger) Suppressions(ctx context.Context, all []Reach) (map[Reach]gate.Suppression, error) {
	values, err := l.lookUp(ctx, all, func(r Reach) string { return suppressionKey(r.Via, l.hashOf(r.Via, r.Address)) })
	if err != nil {
		return nil, fmt.Errorf("read %d suppressions: %w", len(all), err)
	}
	found := make(map[Reach]gate.Suppression, len(all))
	for i, r := range all {
		found[r] = strongest(values[i])
	}
	return found, nil
}

// lookUp reads a key for each, "" where there is none.
func (l *Ledger) lookUp(ctx context.Context, all []Reach, key func(Reach) string) ([]string, error) {
	cmds := make([]*redis.StringCmd, len(all))
	_, err := l.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, r := range all {
			cmds[i] = pipe.Get(ctx, key(r))
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	values := make([]string, len(all))
	for i, c := range cmds {
		if values[i], err = optional(c); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// HashList is the keyed hash by which the same list with the same template is
// known again.
func (l *Ledger) HashList(template, list string) string {
	return l.keys.Hash("list", template+"\n"+list)
}

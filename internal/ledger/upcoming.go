package ledger

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
)

// What is planned is found by the index of when to look after people: nobody
// is looked after later than their next message is due, so whoever has one
// before a time is before it there. For some minutes after a message has gone
// the index still has its time; who reads the person knows better.

// Planning counts the people who are to be looked after before a time: those
// with something planned before it, and those whose last message has just gone.
func (l *Ledger) Planning(ctx context.Context, before time.Time) (int64, error) {
	n, err := l.redis.ZCount(ctx, keyDue, "-inf", "("+strconv.FormatInt(before.Unix(), 10)).Result()
	if err != nil {
		return 0, fmt.Errorf("count what is planned: %w", err)
	}
	return n, nil
}

// Plans lists them, the first to be looked after first, from place from on and
// most at most.
func (l *Ledger) Plans(ctx context.Context, before time.Time, from, most int64) ([]contact.ID, error) {
	found, err := l.redis.ZRangeArgs(ctx, redis.ZRangeArgs{
		Key: keyDue, ByScore: true, Start: "-inf", Stop: "(" + strconv.FormatInt(before.Unix(), 10), Offset: from, Count: most,
	}).Result()
	if err != nil {
		return nil, fmt.Errorf("list what is planned: %w", err)
	}
	ids := make([]contact.ID, len(found))
	for i, id := range found {
		ids[i] = contact.ID(id)
	}
	return ids, nil
}

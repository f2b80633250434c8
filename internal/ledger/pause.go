package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
)

// Pause keeps everybody from asking the provider of a channel for that long, in
// real time, and reports whether this caller was the first to say so. code is
// what the provider answered.
func (l *Ledger) Pause(ctx context.Context, v contact.Via, code string, pause time.Duration) (first bool, err error) {
	first, err = l.redis.SetNX(ctx, pauseKey(v), code, pause).Result()
	if err != nil {
		return false, fmt.Errorf("pause %s: %w", v, err)
	}
	return first, nil
}

// Resume ends a pause, whoever made it, if there is one.
func (l *Ledger) Resume(ctx context.Context, v contact.Via) error {
	if err := l.redis.Del(ctx, pauseKey(v)).Err(); err != nil {
		return fmt.Errorf("resume %s: %w", v, err)
	}
	return nil
}

// byStaff begins what lies under the key of a pause that staff made.
const byStaff = "staff "

// PauseBy keeps everybody from asking the provider of a channel for that long,
// in real time, because staff want it so; e says who and why.
func (l *Ledger) PauseBy(ctx context.Context, v contact.Via, pause time.Duration, e Event) error {
	value, err := l.line(pausePlace(v), e)
	if err == nil {
		err = l.redis.Set(ctx, pauseKey(v), byStaff+value, pause).Err()
	}
	if err != nil {
		return fmt.Errorf("pause %s: %w", v, err)
	}
	return nil
}

func pausePlace(v contact.Via) contact.ID { return contact.ID("pause " + v) }

// PausedBy tells of a pause of a channel: how long it lasts yet, in real time, 0
// for none, and the event where staff made it.
func (l *Ledger) PausedBy(ctx context.Context, v contact.Via) (time.Duration, Event, error) {
	var e Event
	var value *redis.StringCmd
	var ttl *redis.DurationCmd
	_, err := l.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		value, ttl = pipe.Get(ctx, pauseKey(v)), pipe.PTTL(ctx, pauseKey(v))
		return nil
	})
	if errors.Is(err, redis.Nil) {
		return 0, e, nil
	}
	if err != nil {
		return 0, e, fmt.Errorf("read the pause of %s: %w", v, err)
	}
	if text, ok := strings.CutPrefix(value.Val(), byStaff); ok {
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			return 0, e, fmt.Errorf("read the pause of %s: %w", v, err)
		}
		l.reveal(pausePlace(v), &e)
	}
	return left(ttl), e, nil
}

// TryAgain ends a pause that a provider's answer caused; one that staff made
// stays.
func (l *Ledger) TryAgain(ctx context.Context, v contact.Via) error {
	have, err := l.redis.Get(ctx, pauseKey(v)).Result()
	switch {
	case errors.Is(err, redis.Nil), err == nil && strings.HasPrefix(have, byStaff):
		return nil
	case err == nil:
		err = detach.Run(ctx, l.redis, []string{pauseKey(v)}, have).Err()
	}
	if err != nil {
		return fmt.Errorf("try %s again: %w", v, err)
	}
	return nil
}

// left reads how long a pause lasts from what PTTL answered, which is below
// zero for a key that is not there.
func left(d *redis.DurationCmd) time.Duration { return max(0, d.Val()) }

package ledger

import (
	"context"
	"fmt"
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

// Resume ends a pause, if there is one.
func (l *Ledger) Resume(ctx context.Context, v contact.Via) error {
	if err := l.redis.Del(ctx, pauseKey(v)).Err(); err != nil {
		return fmt.Errorf("resume %s: %w", v, err)
	}
	return nil
}

// left reads how long a pause lasts from what PTTL answered, which is below
// zero for a key that is not there.
func left(d *redis.DurationCmd) time.Duration { return max(0, d.Val()) }

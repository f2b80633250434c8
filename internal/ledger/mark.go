package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// ErrForgotten says that Redis has lost what it was given: with it went who
// must not be written to.
var ErrForgotten = errors.New("ledger: Redis has forgotten what it was given")

// Mark leaves a mark in Redis, unless there is one, and gives the one that is
// there. As long as Remembers finds it, nothing was flushed. It returns
// ErrNewer where a newer version is at home.
func (l *Ledger) Mark(ctx context.Context) (string, error) {
	if err := l.claimSchema(ctx); err != nil {
		return "", err
	}
	mark, err := l.first(ctx, keyMark, rand.Text(), 0)
	if err != nil {
		return "", fmt.Errorf("mark: %w", err)
	}
	return mark, nil
}

// Remembers asks for the mark. It returns ErrForgotten when there is none or
// another one, and any other error when Redis could not be asked.
func (l *Ledger) Remembers(ctx context.Context, mark string) error {
	have, err := l.redis.Get(ctx, keyMark).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("look for the mark: %w", err)
	}
	if have != mark {
		return ErrForgotten
	}
	return nil
}

package tasks

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// Client queues tasks. Safe for use by many goroutines.
type Client struct {
	asynq *asynq.Client
	seal  Sealer
}

// NewClient queues over rdb, whose patience and closing are the caller's.
func NewClient(rdb redis.UniversalClient, s Sealer) *Client {
	return &Client{asynq: asynq.NewClientFromRedisClient(rdb), seal: s}
}

// Enqueue commits one task; at is when it is due, rounded by asynq to the
// whole second below, and zero means at once. A nil error means that Redis has
// it; after an error it may have it all the same. A task whose id is already
// there counts as committed: go-redis sends a script again when the answer to
// the first was lost, and then finds its own task (asynq v0.26.0 rdb.go:99).
func Enqueue[P any](ctx context.Context, c *Client, k Kind[P], p P, at time.Time) error {
	payload, err := k.Encode(p, c.seal)
	if err != nil {
		return err
	}
	id := rand.Text()[:16] // 80 bits: two alarms never meet
	if k.id != nil {
		id = k.id(p)
	}
	ctx, end := traced(ctx, k.Name, id)
	task, options := k.task(ctx, payload, id, at)
	_, err = c.asynq.EnqueueContext(ctx, task, options...)
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		err = nil
	}
	if end(err); err != nil {
		return fmt.Errorf("enqueue %s: %w", k.Name, err)
	}
	return nil
}

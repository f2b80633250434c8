package tasks

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Queue is one queue as it stands.
type Queue struct {
	Name   string
	States map[string]int64 // tasks, by asynq's name of their state

	// Latency is how long the oldest task that is due has waited; zero for a
	// queue with none.
	Latency time.Duration
}

// Queues lists every queue once.
func Queues() (names []string) {
	seen := map[string]bool{"": true}
	for _, l := range All() {
		for _, q := range []string{l.Queue, l.Turn, l.Later} {
			if !seen[q] {
				seen[q] = true
				names = append(names, q)
			}
		}
	}
	return names
}

// lists and sets are where asynq keeps the ids of a queue's tasks (asynq
// v0.26.0 internal/base/base.go:116-152).
var (
	lists = []string{"pending", "active"}
	sets  = []string{"scheduled", "retry", "archived"}
)

// Depths looks at every queue, in two round trips. asynq's Inspector would take
// no context, would fail for a queue that lost a task (inspect.go:266), and does
// not count as waiting what is scheduled and due, which is what piles up when no
// worker serves a queue.
func Depths(ctx context.Context, rdb redis.UniversalClient) ([]Queue, error) {
	type asked struct {
		sizes  map[string]*redis.IntCmd
		oldest *redis.StringCmd
		due    []*redis.ZSliceCmd
	}
	names := Queues()
	asks := make([]asked, len(names))
	cmds, _ := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, q := range names {
			a := asked{sizes: map[string]*redis.IntCmd{}, oldest: pipe.LIndex(ctx, queueKey(q, "pending"), -1)}
			for _, s := range lists {
				a.sizes[s] = pipe.LLen(ctx, queueKey(q, s))
			}
			for _, s := range sets {
				a.sizes[s] = pipe.ZCard(ctx, queueKey(q, s))
			}
			for _, s := range []string{"scheduled", "retry"} {
				a.due = append(a.due, pipe.ZRangeWithScores(ctx, queueKey(q, s), 0, 0))
			}
			asks[i] = a
		}
		return nil
	})
	if err := failed(cmds); err != nil {
		return nil, fmt.Errorf("look at the queues: %w", err)
	}
	since := make([]*redis.StringCmd, len(names))
	cmds, _ = rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, q := range names {
			since[i] = pipe.HGet(ctx, queueKey(q, "t:"+asks[i].oldest.Val()), "pending_since")
		}
		return nil
	})
	if err := failed(cmds); err != nil {
		return nil, fmt.Errorf("look at the queues: %w", err)
	}
	now, found := time.Now(), make([]Queue, len(names))
	for i, q := range names {
		found[i] = Queue{Name: q, States: map[string]int64{}}
		for s, n := range asks[i].sizes {
			found[i].States[s] = n.Val()
		}
		wait := func(t time.Time) { found[i].Latency = max(found[i].Latency, now.Sub(t)) }
		if ns, err := strconv.ParseInt(since[i].Val(), 10, 64); err == nil {
			wait(time.Unix(0, ns))
		}
		for _, first := range asks[i].due {
			for _, z := range first.Val() {
				wait(time.Unix(int64(z.Score), 0))
			}
		}
	}
	return found, nil
}

// failed gives the error of the first command that has one: that something is
// not there is none.
func failed(cmds []redis.Cmder) error {
	for _, c := range cmds {
		if err := c.Err(); err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
	}
	return nil
}

func queueKey(queue, what string) string { return "asynq:{" + queue + "}:" + what }

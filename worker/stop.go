package worker

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
)

// busyRoutes knows whether a task is in hand.
type busyRoutes struct {
	routes
	inHand atomic.Int64
}

// ProcessTask implements asynq.Handler.
func (b *busyRoutes) ProcessTask(ctx context.Context, t *asynq.Task) error {
	b.inHand.Add(1)
	defer b.inHand.Add(-1)
	return b.routes.ProcessTask(ctx, t)
}

// wait reports whether a stopping worker has finished before nobody waits for
// it any longer. asynq's own housekeeping knows no context and waits for a Redis
// that is away: once no task has been in hand for settleReserve, that alone is
// left, and the process may end. A task that it still meant to mark as done runs
// again one day, and finds in the ledger that it was.
func (b *busyRoutes) wait(finished <-chan struct{}) bool {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	end, busy := time.After(Grace+settleReserve), time.Now()
	for {
		select {
		case <-finished:
			return true
		case <-end:
			return false
		case now := <-tick.C:
			if b.inHand.Load() > 0 {
				busy = now
			} else if now.Sub(busy) > settleReserve {
				return false
			}
		}
	}
}

package main

import (
	"context"
	"runtime"
	"runtime/debug"

	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/metrics"
	"github.com/joydevie/followup/tasks"
)

// look is what a scrape sees beside what this process has counted. What Redis
// knows is the same whichever process is asked.
func (w *watch) look(ctx context.Context) metrics.Look {
	var found metrics.Look
	if w.spool != nil {
		waiting, aside := w.spool.Depth()
		found.Spool = &metrics.Spool{Waiting: waiting, Aside: aside}
	}
	found.Redis = <-within(ctx, w.lookAtRedis, nil)
	return found
}

func (w *watch) lookAtRedis(ctx context.Context) *metrics.Redis {
	known, err := w.ledger.Watch(ctx)
	if err != nil {
		return nil
	}
	queues, err := tasks.Depths(ctx, w.redis)
	if err != nil {
		return nil
	}
	r := &metrics.Redis{
		Paused: map[string]bool{}, Paces: map[string]metrics.Pace{}, Trial: w.trial && !known.Live,
		Sweep:  metrics.Sweep{At: known.Swept.At, Lost: known.Swept.Lost, Again: known.Swept.Again, Behind: known.Swept.Behind},
		Canary: metrics.Canary(known.Canary),
	}
	for v, is := range known.Paused {
		r.Paused[string(v)] = is
	}
	for v, p := range known.Paced {
		r.Paces[string(v)] = metrics.Pace{Ahead: p.Ahead, Today: p.Today, DayMax: w.pace[v].PerDay}
	}
	for _, q := range queues {
		r.Queues = append(r.Queues, metrics.Queue(q))
	}
	// Where its memory may not be asked for, the rest is still worth knowing.
	r.MemoryUsed, r.MemoryMax, _ = dial.Memory(ctx, w.redis)
	return r
}

// built says what this binary was made from.
func built() metrics.Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return metrics.Build{Version: "unknown", Commit: "unknown", Go: runtime.Version()}
	}
	v := readVersion(info)
	return metrics.Build{Version: v.Version, Commit: v.Commit, Go: v.Go}
}

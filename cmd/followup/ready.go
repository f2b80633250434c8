package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/tasks"
)

const (
	// answerWithin bounds an answer about health: who asks for it gives up after
	// a second (kubernetes.io: probes, timeoutSeconds).
	answerWithin = 800 * time.Millisecond

	// behindAfter is how long the oldest task that is due may wait before nobody
	// seems to work. A worker that died holds its tasks for two minutes.
	behindAfter = 5 * time.Minute

	// unsweptAfter is how long the sweeper may not have ended a run. It runs once
	// a minute.
	unsweptAfter = 5 * time.Minute
)

// health answers on the admin port: /healthz while the process lives, /readyz
// while everything holds, else it names what does not, and /metrics.
func (w *watch) health() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(rw http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
		defer cancel()
		notes, faults := w.ready(ctx)
		state := strings.Join(append([]string{""}, notes...), "; ")
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if len(faults) == 0 {
			fmt.Fprintln(rw, "ready"+state)
			return
		}
		rw.WriteHeader(http.StatusServiceUnavailable)
		for _, f := range faults {
			fmt.Fprintln(rw, f)
		}
		if state != "" {
			fmt.Fprintln(rw, "not ready"+state)
		}
	})
	mux.Handle("GET /metrics", w.metrics.Handler())
	return mux
}

// ready lists what does not hold, and notes what else is worth knowing. What
// takes forms in is ready as long as they are kept: while the spool takes them,
// neither a Redis that is away nor workers that are behind are a reason to send
// people elsewhere, where they would find the same. What works alone is ready
// when the work gets done.
func (w *watch) ready(ctx context.Context) (notes, faults []string) {
	note := func(what string) { notes = append(notes, what) }
	fault := func(what string) { faults = append(faults, what) }
	// Both are asked at once: one that hangs must not use up the other's time.
	redis := within(ctx, w.redisFaults, redisFaults{away: "redis does not answer"})
	away, behind := fault, fault
	if w.spool != nil {
		spool := <-within(ctx, w.spoolFaults, spoolFaults{err: "spool: the disk does not answer"})
		if spool.waiting > 0 {
			note(fmt.Sprintf("in the spool: %d", spool.waiting))
		}
		if spool.err != "" {
			fault(spool.err)
		} else {
			away = note
		}
	}
	if w.command != config.Work {
		behind = note
	}
	select {
	case <-w.lost:
		fault("redis has forgotten what it was given; nothing is sent")
	default:
	}
	found := <-redis
	if found.away != "" {
		away(found.away)
	}
	for _, b := range found.behind {
		behind(b)
	}
	return notes, faults
}

// within runs a look and gives what it found, or late when ctx is done first.
func within[T any](ctx context.Context, look func(context.Context) T, late T) <-chan T {
	done, answer := make(chan T, 1), make(chan T, 1)
	go func() { done <- look(ctx) }() // a system call that hangs keeps it; ctx ends the rest
	go func() {
		select {
		case found := <-done:
			answer <- found
		case <-ctx.Done():
			answer <- late
		}
	}()
	return answer
}

type spoolFaults struct {
	waiting int
	err     string
}

func (w *watch) spoolFaults(ctx context.Context) spoolFaults {
	waiting, err := w.spool.Check(ctx)
	if err != nil {
		return spoolFaults{waiting, err.Error()}
	}
	return spoolFaults{waiting: waiting}
}

type redisFaults struct {
	away   string
	behind []string // what shows that nobody works
}

func (w *watch) redisFaults(ctx context.Context) (f redisFaults) {
	select {
	case <-w.durable:
	default:
		return redisFaults{away: "redis has not answered since the start"}
	}
	queues, err := tasks.Depths(ctx, w.redis)
	if err != nil {
		return redisFaults{away: "redis does not answer"}
	}
	known, err := w.ledger.Watch(ctx)
	if err != nil {
		return redisFaults{away: "redis does not answer"}
	}
	for _, q := range queues {
		if q.Latency > behindAfter {
			f.behind = append(f.behind, fmt.Sprintf("queue %s: its oldest task has waited for %s", q.Name, q.Latency.Round(time.Second)))
		}
	}
	last := known.Swept.At
	if last.Before(w.started) {
		last = w.started
	}
	if since := time.Since(last); since > unsweptAfter {
		f.behind = append(f.behind, fmt.Sprintf("the sweeper has not run for %s", since.Round(time.Second)))
	}
	return f
}

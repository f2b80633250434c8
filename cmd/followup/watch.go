package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/ledger"
)

// watch follows whether what the service stands on still holds: a Redis that
// keeps what it is given and has forgotten nothing, and a spool for the time
// when there is none.
type watch struct {
	redis   redis.UniversalClient
	ledger  *ledger.Ledger
	spool   *intake.Spool // nil where no forms are taken in
	force   bool          // start though the Redis loses what it is given
	log     *slog.Logger
	durable chan struct{} // closed once Redis has been seen to keep what it is given
	lost    chan struct{} // closed once Redis has been seen to have forgotten it
}

func newWatch(rdb redis.UniversalClient, l *ledger.Ledger, log *slog.Logger) *watch {
	return &watch{redis: rdb, ledger: l, log: log, durable: make(chan struct{}), lost: make(chan struct{})}
}

// rememberEvery is how often Redis is asked whether it has forgotten.
const rememberEvery = 5 * time.Second

// run looks at Redis until it has answered once, and from then on whether it
// still remembers. One that would lose messages stops the program; one that is
// away is waited for; one that was flushed stops the sending and not the
// program, since a program that starts again would send.
func (w *watch) run(ctx context.Context) error {
	mark, err := w.inspect(ctx)
	if err != nil || mark == "" {
		return err
	}
	close(w.durable)
	for tick := time.NewTicker(rememberEvery); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return nil
		case <-tick.C:
		}
		asking, cancel := context.WithTimeout(ctx, rememberEvery)
		err := w.ledger.Remembers(asking, mark)
		cancel()
		if errors.Is(err, ledger.ErrForgotten) {
			w.log.Error("redis was flushed or came back empty: who opted out is forgotten, so nothing is sent; restore it from its backup, or restart followup to go on without, as a trial until `followup go-live`", "err", err)
			close(w.lost)
			<-ctx.Done()
			return nil
		}
	}
}

// inspect waits for Redis and gives its mark; "" when ctx was done first.
func (w *watch) inspect(ctx context.Context) (mark string, err error) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for away := false; ; {
		faults, err := dial.Inspect(ctx, w.redis)
		if err == nil {
			if err := w.judge(faults); err != nil {
				return "", err
			}
			if mark, err = w.ledger.Mark(ctx); err == nil {
				return mark, nil
			}
			if errors.Is(err, ledger.ErrNewer) {
				return "", fmt.Errorf("FOLLOWUP_REDIS_URL: %w; start the newer followup, or restore the backup from before its upgrade", err)
			}
		}
		if !away {
			w.log.Warn("redis is away; waiting for it", "err", err)
			away = true
		}
		select {
		case <-ctx.Done():
			return "", nil
		case <-tick.C:
		}
	}
}

// judge logs what could be better and returns what must not be.
func (w *watch) judge(faults []dial.Fault) error {
	var fatal []error
	for _, f := range faults {
		if f.Fatal && w.force {
			w.log.Error("started by --force: what people write and who opted out may be lost without a trace", "err", f.String())
		} else if f.Fatal {
			fatal = append(fatal, errors.New(f.String()))
		} else {
			w.log.Warn("redis", "err", f.String())
		}
	}
	if len(fatal) > 0 {
		return fmt.Errorf("FOLLOWUP_REDIS_URL: %w", errors.Join(fatal...))
	}
	return nil
}

// whileKept runs p once Redis has been seen to keep what it is given, and ends
// it when ctx is done or Redis has forgotten.
func (w *watch) whileKept(p part) part {
	return func(ctx context.Context) error {
		select {
		case <-w.durable:
		case <-ctx.Done():
			return nil
		}
		kept, stop := context.WithCancel(ctx)
		defer stop()
		go func() {
			select {
			case <-w.lost:
				stop()
			case <-kept.Done():
			}
		}()
		if err := p(kept); err != nil {
			return err
		}
		w.log.Info("workers stopped")
		<-ctx.Done()
		return nil
	}
}

// health answers on the admin port: /healthz while the process lives, /readyz
// while everything holds; else it names what does not. While Redis is away
// forms are still taken in, as long as the spool takes them.
func (w *watch) health() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(rw http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		state, faults := w.ready(ctx)
		if len(faults) == 0 {
			fmt.Fprintln(rw, "ready"+state)
			return
		}
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		rw.WriteHeader(http.StatusServiceUnavailable)
		for _, f := range faults {
			fmt.Fprintln(rw, f)
		}
		if state != "" {
			fmt.Fprintln(rw, "not ready"+state)
		}
	})
	return mux
}

// ready lists what does not hold; state says what else is worth knowing. While
// the spool takes what people write, a Redis that is away is no reason to send
// them elsewhere. The spool comes first: a Redis that hangs uses up the time.
func (w *watch) ready(ctx context.Context) (state string, faults []string) {
	away := func(what string) { faults = append(faults, what) }
	if w.spool != nil {
		waiting, err := w.spool.Check(ctx)
		if waiting > 0 {
			state = fmt.Sprintf("; in the spool: %d", waiting)
		}
		if err != nil {
			faults = append(faults, err.Error())
		} else {
			away = func(what string) { state += "; " + what }
		}
	}
	select {
	case <-w.lost:
		faults = append(faults, "redis has forgotten what it was given; nothing is sent")
	default:
	}
	select {
	case <-w.durable:
		if err := w.redis.Ping(ctx).Err(); err != nil {
			away("redis does not answer")
		}
	default:
		away("redis has not answered since the start")
	}
	return state, faults
}

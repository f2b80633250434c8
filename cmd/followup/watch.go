package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/metrics"
)

// watch follows whether what the service stands on still holds: a Redis that
// keeps what it is given and has forgotten nothing, and a spool for the time
// when there is none.
type watch struct {
	command string // config.Serve, Work or Run
	started time.Time
	redis   redis.UniversalClient
	ledger  *ledger.Ledger
	spool   *intake.Spool // nil where no forms are taken in
	force   bool          // start though the Redis loses what it is given
	trial   bool          // only staff get messages, until the ledger says that the service is live
	pace    map[contact.Via]ledger.Rate
	metrics *metrics.Metrics
	log     *slog.Logger
	durable chan struct{} // closed once Redis has been seen to keep what it is given
	lost    chan struct{} // closed once Redis has been seen to have forgotten it
}

func newWatch(command string, rdb redis.UniversalClient, l *ledger.Ledger, m *metrics.Metrics, log *slog.Logger) *watch {
	w := &watch{
		command: command, started: time.Now(), redis: rdb, ledger: l, metrics: m, log: log,
		durable: make(chan struct{}), lost: make(chan struct{}),
	}
	m.See(built(), w.look)
	return w
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

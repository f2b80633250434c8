package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/web"
	"github.com/joydevie/followup/internal/webhook"
)

// wish is an opt-out that Redis could not take, as the spool keeps it: one of
// these.
type wish struct {
	Text        *webhook.Text `json:"text,omitempty"`
	Unsubscribe string        `json:"unsubscribe,omitempty"` // token of the link
	Note        string        `json:"note,omitempty"`        // token of a note's stop link
}

// keepOptOuts has the spool keep what Redis cannot take, and do it later.
func (h *house) keepOptOuts(hooks webhook.Config, l links) {
	h.spool.Heed = func(ctx context.Context, plain []byte) error {
		var w wish
		err := json.Unmarshal(plain, &w)
		switch {
		case err != nil:
			return errors.New("opt-out: not the JSON that was kept")
		case w.Text != nil:
			err = hooks.Take(ctx, *w.Text)
		case w.Unsubscribe != "":
			err = l.ActUnsubscribe(ctx, w.Unsubscribe)
		case w.Note != "":
			_, err = l.ActNote(ctx, w.Note)
		}
		if errors.Is(err, web.ErrBadLink) {
			return nil // erased meanwhile
		}
		return err
	}
}

func keep(ctx context.Context, s *intake.Spool, w wish) error {
	plain, err := json.Marshal(w)
	if err != nil {
		return errors.New("opt-out: cannot be written")
	}
	return s.KeepOptOut(ctx, plain)
}

// linkPatience is how long a pressed button waits for Redis before the spool
// keeps the wish.
const linkPatience = 1200 * time.Millisecond

// kept does what a link asks for, or has the spool keep it: either way nothing
// more goes to whoever pressed it.
func (l links) kept(ctx context.Context, w wish, act func(context.Context) error) error {
	trying, cancel := context.WithTimeout(ctx, linkPatience)
	err := act(trying)
	cancel()
	if err == nil || l.spool == nil || errors.Is(bad(err), web.ErrBadLink) {
		return err
	}
	return keep(ctx, l.spool, w)
}

// heed keeps workers from sending while somebody's opt-out is not yet in force.
//
// In the process that has taken it in this is exact: from the moment at which
// it is kept nothing is sent. A worker elsewhere cannot see that disk. It
// watches instead whether every server vouches, each second, that it keeps none:
// after an outage of Redis all of them are silent, and it waits until they have
// spoken again. What that cannot cover: an opt-out kept in an outage shorter
// than vouchFor, for the half second until it is in force, and a server that
// does not come back within giveUp. Then there is Twilio, which tells a STOP
// again and refuses a text to whoever sent one (21610).
type heed struct {
	ledger *ledger.Ledger
	spool  *intake.Spool // nil where no forms are taken in
	log    *slog.Logger

	mu    sync.Mutex
	heard time.Time // when all servers were last known to have vouched
}

const (
	vouchEvery = time.Second
	vouchFor   = 3 * time.Second
	giveUp     = 10 * time.Second
	heedEvery  = 500 * time.Millisecond
)

// hold reports whether nothing may be sent now.
func (h *heed) hold() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.spool != nil && h.spool.Unheeded() > 0 || time.Since(h.heard) > vouchFor
}

// watch follows whether every server vouches.
func (h *heed) watch(ctx context.Context) error {
	var since time.Time // when somebody was first found silent
	for tick := time.NewTicker(heedEvery); ; {
		asking, cancel := context.WithTimeout(ctx, vouchFor)
		servers, err := h.ledger.Silent(asking, vouchFor)
		switch {
		case err != nil:
		case len(servers) == 0:
			since = time.Time{}
			h.mu.Lock()
			h.heard = time.Now()
			h.mu.Unlock()
		case since.IsZero():
			since = time.Now()
		case time.Since(since) > giveUp:
			h.log.ErrorContext(ctx, "a server has gone silent and may keep opt-outs in its spool: start it again; sending goes on without it", "count", len(servers))
			_ = h.ledger.Dismiss(asking, servers...) // the next look tries again
		}
		cancel()
		select {
		case <-ctx.Done():
			tick.Stop()
			return nil
		case <-tick.C:
		}
	}
}

// vouch tells the workers, as long as it is true, that no opt-out waits in this
// process' spool.
func (h *house) vouch(rdb redis.UniversalClient, folder string) part {
	host, _ := os.Hostname()
	name := h.keys.Hash("server", host+" "+folder)[:16] // the same after a restart, which drains the same spool
	book := h.ledger(rdb)
	return func(ctx context.Context) error {
		tick := time.NewTicker(vouchEvery)
		defer tick.Stop()
		for {
			if h.spool.Unheeded() == 0 {
				vouching, cancel := context.WithTimeout(ctx, vouchFor)
				_ = book.Vouch(vouching, name) // silence says the rest
				cancel()
			}
			select {
			case <-ctx.Done():
				leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), vouchEvery)
				defer cancel()
				if h.spool.Unheeded() == 0 {
					_ = book.Dismiss(leaving, name) // the workers give it up by themselves
				}
				return nil
			case <-tick.C:
			}
		}
	}
}

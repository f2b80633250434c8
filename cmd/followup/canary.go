package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/channel/outbox"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/tasks"
	"github.com/joydevie/followup/templates"
	"github.com/joydevie/followup/worker"
)

// canaries writes to the house through its own form, one an hour of all
// processes. Whoever watches sees when the last came through, and the log tells
// of one that did not.
type canaries struct {
	ledger *ledger.Ledger
	keys   *seal.Keys
	form   string // the URL that forms are posted to
	log    *slog.Logger
	after  time.Duration // the first, so that a start has settled
	look   time.Duration // how often it asks whether it is time
	every  time.Duration
}

func newCanaries(l *ledger.Ledger, keys *seal.Keys, base string, log *slog.Logger) *canaries {
	return &canaries{l, keys, base + "/contact", log, 5 * time.Minute, time.Minute, time.Hour}
}

// run sends canaries until ctx is done.
func (c *canaries) run(ctx context.Context) error {
	me := rand.Text()[:8]
	for wait := time.NewTimer(c.after); ; wait.Reset(c.look) {
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil
		case <-wait.C:
		}
		asking, cancel := context.WithTimeout(ctx, canaryPatience)
		mine, err := c.ledger.TakeChore(asking, ledger.ChoreCanary, me, c.every-c.look/2)
		if err == nil && mine {
			err = c.send(asking)
		}
		cancel()
		if err != nil && ctx.Err() == nil {
			c.log.ErrorContext(ctx, "canary", "err", err)
		}
	}
}

// canaryPatience is longer than a form takes at its slowest.
const canaryPatience = 30 * time.Second

// send posts one as a visitor's browser would, after a look at the one before.
func (c *canaries) send(ctx context.Context) error {
	known, err := c.ledger.Watch(ctx)
	if err != nil {
		return err
	}
	if before := known.Canary; before.Sent.After(before.Done) {
		c.log.ErrorContext(ctx, "canary: sent and not come back: the way from the form to the provider is broken", "took", time.Since(before.Sent).Round(time.Second))
	}
	now := time.Now()
	if err := c.ledger.NoteCanarySent(ctx, now); err != nil {
		return err
	}
	body, _ := json.Marshal(map[string]string{"email": canaryAddress(c.keys, now), "message": "canary"}) // texts: cannot fail
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.form, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("the form did not take it: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		return fmt.Errorf("the form did not take it: it answers %d", answer.StatusCode)
	}
	return nil
}

// canaryAddress is the address that a canary gives. It leads nowhere, and its
// signature tells it from one that somebody typed.
func canaryAddress(keys *seal.Keys, sent time.Time) string {
	ms := strconv.FormatInt(sent.UnixMilli(), 10)
	return ms + "." + keys.Hash("canary", ms) + "@" + tasks.CanaryDomain
}

// canarySent reads it; false for an address that we did not sign.
func canarySent(keys *seal.Keys, address string) (time.Time, bool) {
	local, domain, _ := strings.Cut(address, "@")
	text, signature, _ := strings.Cut(local, ".")
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil || domain != tasks.CanaryDomain || !hmac.Equal([]byte(signature), []byte(keys.Hash("canary", text))) {
		return time.Time{}, false
	}
	return time.UnixMilli(ms), true
}

// receiver is where a worker sends canaries: an outbox that keeps the last one.
func (h *house) receiver() *worker.Canary {
	box := outbox.New(outbox.Config{Now: h.clock.Now, Segments: templates.Segments, Keep: 1})
	return &worker.Canary{
		Ours: func(address string) (time.Time, bool) { return canarySent(h.keys, address) },
		To:   box.Sender(string(contact.ViaEmail)),
	}
}

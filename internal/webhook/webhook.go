// Package webhook hears what providers tell us: what became of messages, what
// people wrote back, which addresses are dead. It verifies before it believes,
// writes what must hold at once before it answers, and leaves the rest to a
// task. A webhook that could not be written down is answered 503, so that the
// provider tells it again; it is never pretended to be done.
package webhook

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/safety"
	"github.com/joydevie/followup/tasks"
)

// The routes, under the public URL.
const (
	TwilioStatus  = "/webhooks/twilio/status"
	TwilioInbound = "/webhooks/twilio/inbound"
	SendGrid      = "/webhooks/sendgrid"
	Mail          = "/webhooks/mail"
)

// Config is what the webhooks need.
type Config struct {
	PublicURL string           // as providers know it, without a slash at the end
	Tokens    []string         // Twilio's auth tokens: one, or two during a rotation; none: no Twilio
	SendGrid  *ecdsa.PublicKey // SendGrid's verification key; nil: no SendGrid
	// MailSecret signs what other relays say of emails; "": none does.
	MailSecret string
	Ledger     *ledger.Ledger
	Tasks      *tasks.Client
	Replies    *safety.Screen
	Help       func(language string) string // the text that answers AYUDA; "" answers nothing

	// Redact: what a text says is emptied at Twilio once nobody needs it there.
	Redact bool

	// Keep keeps an opt-out that could not be written down, for Take to be given
	// later; the provider is asked to tell it again all the same. nil keeps none.
	Keep func(context.Context, Text) error

	Now func() time.Time // real time
	Log *slog.Logger
}

// New gives the handlers by their patterns. A provider that is not set up has
// none.
func New(c Config) (map[string]http.Handler, error) {
	if c.PublicURL == "" || c.Ledger == nil || c.Tasks == nil || c.Replies == nil || c.Help == nil || c.Now == nil || c.Log == nil {
		return nil, errors.New("webhook: PublicURL, Ledger, Tasks, Replies, Help, Now and Log are required")
	}
	mounts := map[string]http.Handler{}
	if len(c.Tokens) > 0 {
		t := &twilio{Config: c}
		mounts["POST "+TwilioStatus] = t.verified(t.status)
		mounts["POST "+TwilioInbound] = t.verified(t.inbound)
	}
	if c.MailSecret != "" {
		mounts["POST "+Mail] = &mail{Config: c}
	}
	if c.SendGrid != nil {
		mounts["POST "+SendGrid] = &sendgrid{Config: c}
	}
	return mounts, nil
}

// patience is how long a webhook may wait for Redis: less than the 15 s after
// which Twilio gives up (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
const patience = 5 * time.Second

// working gives the context to work in: a provider that hangs up does not stop
// what has begun.
func working(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(r.Context()), patience)
}

// body reads a body of at most so many bytes; otherwise it has answered.
func body(w http.ResponseWriter, r *http.Request, most int64) ([]byte, bool) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err == nil {
		return raw, true
	}
	status := http.StatusBadRequest
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		status = http.StatusRequestEntityTooLarge
	}
	w.WriteHeader(status)
	return nil, false
}

// later answers that the provider should tell it again.
func (c Config) later(ctx context.Context, w http.ResponseWriter, route string, err error) {
	c.Log.ErrorContext(ctx, "webhook not written down", "route", route, "err", err)
	w.Header().Set("Retry-After", "5")
	w.WriteHeader(http.StatusServiceUnavailable)
}

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/safety"
	"github.com/joydevie/followup/internal/webhook"
	"github.com/joydevie/followup/tasks"
	"github.com/joydevie/followup/templates"
)

// retried asks Twilio to tell a webhook again that was not taken in: by itself
// it does so only when it could not connect
// (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
const retried = "#rc=5&rp=5xx,ct,rt"

// webhooks hear what providers tell us, over a bounded client.
func (h *house) webhooks(rdb redis.UniversalClient, c config.Config) (webhook.Config, error) {
	var none webhook.Config
	replies, err := safety.Replies()
	if err != nil {
		return none, err
	}
	events, err := webhook.ParseSendGridKey(c.SendGridKey.Reveal())
	if err != nil {
		return none, fmt.Errorf("SENDGRID_WEBHOOK_KEY: %w", err)
	}
	var tokens []string
	for _, t := range []config.Secret{c.Twilio.AuthToken, c.Twilio.AuthToken2} {
		if t != "" {
			tokens = append(tokens, t.Reveal())
		}
	}
	hooks := webhook.Config{
		PublicURL: h.links().PublicURL, Tokens: tokens, SendGrid: events, MailSecret: c.MailSecret.Reveal(),
		Ledger: h.ledger(rdb), Tasks: tasks.NewClient(rdb, h.keys), Replies: replies, Help: h.helpText,
		Redact: c.Twilio.Redact, Now: time.Now, Log: h.log,
	}
	if h.spool != nil {
		hooks.Keep = func(ctx context.Context, text webhook.Text) error { return keep(ctx, h.spool, wish{Text: &text}) }
	}
	return hooks, nil
}

// helpText answers AYUDA and AIDE. Who asks in a language that we do not write
// is answered in English; "" when the message cannot be written.
func (h *house) helpText(language string) string {
	lang, ok := contact.ParseLanguage(language)
	if !ok {
		lang = contact.English
	}
	r, err := h.messages.Render("help", string(lang), templates.Data{
		Clinic: h.clinic.Name, Sender: h.clinic.SenderName, ClinicPhone: contact.Phone(h.clinic.Phone).National(),
		Postal: h.clinic.Postal, PrivacyURL: h.clinic.PrivacyURL,
	})
	if err != nil && r.SMS == "" {
		h.log.Error("help not written", "err", err)
	}
	return r.SMS
}

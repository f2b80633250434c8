package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/smtp"
	"github.com/joydevie/followup/internal/channel/twilio"
	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/metrics"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/internal/traces"
	"github.com/joydevie/followup/internal/web"
	"github.com/joydevie/followup/internal/webhook"
	"github.com/joydevie/followup/worker"
)

// serviceCommand is one of the forms in which the service runs: name is run,
// serve or work.
func serviceCommand(sys system, name, usage string) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage,
		Description: "Example:  followup " + name + "\nSettings come from the environment: `followup config` lists them.",
		Flags:       []cli.Flag{&cli.BoolFlag{Name: "force", Usage: "start though Redis forgets on a restart, throws away when full, or is too old: what people write and who opted out may be lost without a trace"}},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			c, h, err := prepare(sys, name)
			if err != nil {
				return err
			}
			defer h.close()
			tracer, stop, err := traces.Start(ctx, sys.env, h.log)
			if err != nil {
				return err
			}
			defer stop()
			h.tracer, h.force = tracer, cmd.Bool("force")
			return service(ctx, h, c, name)
		},
	}
}

// service is the house in production: settings from outside, a real Redis, real
// channels.
func service(ctx context.Context, h *house, c config.Config, name string) error {
	log := h.log
	dial.Quiet()
	bounded, err := dial.Redis(string(c.RedisURL), dial.Bounded().Replicated(c.RedisWait))
	if err != nil {
		return fmt.Errorf("FOLLOWUP_REDIS_URL: %w", err)
	}
	defer bounded.Close()
	log.Info("starting", "command", name, "live", h.live(ctx, bounded), "test", c.Test, "window", c.SendWindow, "guard", c.Guard)
	patient, err := dial.Redis(string(c.RedisURL), dial.Patient(worker.DefaultConcurrency.Sum()))
	if err != nil {
		return fmt.Errorf("FOLLOWUP_REDIS_URL: %w", err)
	}
	// Not closed: a worker that no longer waits for a Redis that is away leaves
	// asynq listening on it, which panics when it is (asynq v0.26.0
	// subscriber.go:83). The process ends with it.
	// What workers write down and enqueue waits for its replicas; that asynq takes
	// a task off the queue need not.
	book := patient
	if c.RedisWait > 0 {
		if book, err = dial.Redis(string(c.RedisURL), dial.Patient(worker.DefaultConcurrency.Sum()).Replicated(c.RedisWait)); err != nil {
			return fmt.Errorf("FOLLOWUP_REDIS_URL: %w", err)
		}
		defer book.Close()
	}

	h.metrics, h.canary = metrics.New(), h.receiver()
	for v := range h.channels {
		h.metrics.Channel(string(v))
	}
	w := newWatch(name, bounded, h.ledger(bounded), h.metrics, log)
	w.force, w.trial, w.pace = h.force, h.trial, h.pace
	parts := []part{w.run, h.reload}
	if name != config.Work {
		if h.spool, err = intake.OpenSpool(c.Spool, h.enqueue(bounded), h.keys, log); err != nil {
			return fmt.Errorf("FOLLOWUP_SPOOL: %w", err)
		}
		h.spool.Metrics, w.spool = h.metrics, h.spool
	}
	admin, err := listen(c.AdminListen, "FOLLOWUP_ADMIN_LISTEN")
	if err != nil {
		return err
	}
	parts = append(parts, serve("admin", web.HTTPServer(w.health(), log), admin, log))
	if name != config.Work {
		public, err := listen(c.Listen, "FOLLOWUP_LISTEN")
		if err != nil {
			return err
		}
		hooks, err := h.webhooks(bounded, c)
		if err != nil {
			return err
		}
		h.keepOptOuts(hooks, links{h.links(), h.desk(bounded), nil})
		parts = append(parts, h.spool.Drain, h.vouch(bounded, c.Spool))
		mounts, err := webhook.New(hooks)
		if err != nil {
			return err
		}
		handler, err := h.handler(bounded, mounts)
		if err != nil {
			return err
		}
		parts = append(parts,
			serve("public", web.HTTPServer(handler, log), public, log),
			newCanaries(h.ledger(bounded), h.keys, "http://"+browsable(public.Addr()), log).run)
	}
	if name != config.Serve {
		hear := &heed{ledger: h.ledger(bounded), spool: h.spool, log: log}
		parts = append(parts, hear.watch, w.whileKept(func(ctx context.Context) error {
			hand := h.worker(book)
			hand.Hold = hear.hold
			return hand.Run(ctx, patient, worker.DefaultConcurrency)
		}))
	}
	return together(ctx, parts...)
}

// prepare reads the settings of a command and makes the house that they
// describe. Its error lists everything that is wrong, at once.
func prepare(sys system, command string) (config.Config, *house, error) {
	c, err := config.Load(sys.env, command)
	faults, _ := errors.AsType[config.Faults](err)
	h, more := furnished(c, faults, productionLog(sys))
	return c, h, errors.Join(err, more)
}

// productionLog writes JSON lines to standard error, durations as people read them.
func productionLog(sys system) *slog.Logger {
	return slog.New(slog.NewJSONHandler(sys.stderr, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Value.Kind() == slog.KindDuration {
			a.Value = slog.StringValue(a.Value.Duration().String())
		}
		return a
	}}))
}

// furnished makes the house that the settings describe. What config has found
// fault with is left out; of the rest, everything that cannot be used is listed.
func furnished(c config.Config, found config.Faults, log *slog.Logger) (*house, error) {
	h := &house{
		clock: hours.NewClock(1, nil), windows: hours.Default(), reminders: hours.Reminders(), publicURL: c.PublicURL, channels: map[contact.Via]channel.Sender{},
		trial: !c.Test, readFirst: !c.Test, sheet: !c.Test, guarded: c.Guard == "on", trusted: c.TrustedProxies, formsKey: c.FormsKey, webflow: c.WebflowSecret, words: c.Templates, log: log, requests: log,
	}
	if c.SendWindow == "always" {
		h.windows, h.reminders, h.always = hours.Always(), hours.Always(), true
	}
	var faults []error
	try := func(setting string, set bool, use func() error) {
		if !set || slices.ContainsFunc(found, func(f config.Fault) bool { return strings.HasPrefix(f.Setting, setting) }) {
			return
		}
		if err := use(); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", setting, err))
		}
	}
	try("FOLLOWUP_KEYSET", c.Keyset != "", func() (err error) {
		h.keys, err = seal.Parse(c.Keyset.Reveal())
		return err
	})
	try("FOLLOWUP_REDIS_URL", c.RedisURL != "", func() error {
		rdb, err := dial.Redis(c.RedisURL.Reveal(), dial.Bounded())
		if err == nil {
			err = rdb.Close() // it has dialled nothing
		}
		return err
	})
	h.pace = map[contact.Via]ledger.Rate{contact.ViaEmail: ledger.Rate(c.Clinic.Pace.Email), contact.ViaSMS: ledger.Rate(c.Clinic.Pace.SMS)}
	try("FOLLOWUP_CLINIC", c.Clinic.Name != "" && c.Clinic.From != "", func() error { return h.describe(c.Clinic) })
	words := "FOLLOWUP_CLINIC"
	if c.Templates != "" {
		words = "FOLLOWUP_TEMPLATES"
	}
	try(words, h.zone != nil, h.write)
	try("FOLLOWUP_SMTP_URL", c.SMTPURL != "" && c.Clinic.From != "", func() error {
		mail, err := smtp.New(c.SMTPURL.Reveal(), smtp.Options{From: c.Clinic.From, FromName: c.Clinic.SenderName})
		h.channels[contact.ViaEmail] = mail
		return err
	})
	try("TWILIO", c.Twilio.Enabled(), func() error {
		text, err := twilio.New(twilio.Settings{
			AccountSID: c.Twilio.AccountSID, AuthToken: string(c.Twilio.AuthToken),
			APIKey: c.Twilio.APIKey, APISecret: string(c.Twilio.APISecret),
			MessagingServiceSID: c.Twilio.MessagingServiceSID, From: c.Twilio.From, BaseURL: c.Twilio.APIURL,
			StatusURL: h.links().PublicURL + webhook.TwilioStatus + retried,
		})
		if h.channels[contact.ViaSMS], h.evidence = text, evidence(text); c.Twilio.Redact {
			h.redact = text.Redact
		}
		return err
	})
	return h, errors.Join(faults...)
}

// close ends the connections that the channels keep.
func (h *house) close() {
	for _, c := range h.channels {
		if c, ok := c.(io.Closer); ok {
			_ = c.Close()
		}
	}
}

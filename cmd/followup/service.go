package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/smtp"
	"github.com/joydevie/followup/internal/channel/twilio"
	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/internal/web"
	"github.com/joydevie/followup/worker"
)

// serviceCommand is one of the forms in which the service runs: name is run,
// serve or work.
func serviceCommand(sys system, name, usage string) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage,
		Description: "Example:  followup " + name + "\nSettings come from the environment: `followup config` lists them.",
		Action: func(ctx context.Context, _ *cli.Command) error {
			c, err := config.Load(sys.env, name)
			if err != nil {
				return err
			}
			return service(ctx, sys, c, name)
		},
	}
}

// service is the house in production: settings from outside, a real Redis, real
// channels.
func service(ctx context.Context, sys system, c config.Config, name string) error {
	log := slog.New(slog.NewJSONHandler(sys.stderr, nil))
	log.Info("starting", "command", name, "test", c.Test, "window", c.SendWindow, "guard", c.Guard)
	h, err := furnished(c, log)
	if err != nil {
		return err
	}
	dial.Quiet()
	bounded, err := dial.Redis(string(c.RedisURL), dial.Bounded())
	if err != nil {
		return fmt.Errorf("FOLLOWUP_REDIS_URL: %w", err)
	}
	defer bounded.Close()
	patient, err := dial.Redis(string(c.RedisURL), dial.Patient(worker.DefaultConcurrency.Sum()))
	if err != nil {
		return fmt.Errorf("FOLLOWUP_REDIS_URL: %w", err)
	}
	defer patient.Close()

	durable := make(chan struct{}) // closed once Redis has been seen to keep what it is given
	parts := []part{func(ctx context.Context) error { return inspect(ctx, bounded, log, durable) }}
	admin, err := listen(c.AdminListen, "FOLLOWUP_ADMIN_LISTEN")
	if err != nil {
		return err
	}
	parts = append(parts, serve("admin", web.HTTPServer(health(bounded, durable), log), admin, log))
	if name != config.Work {
		public, err := listen(c.Listen, "FOLLOWUP_LISTEN")
		if err != nil {
			return err
		}
		handler, err := h.handler(bounded, nil)
		if err != nil {
			return err
		}
		parts = append(parts, serve("public", web.HTTPServer(handler, log), public, log))
	}
	if name != config.Serve {
		parts = append(parts, func(ctx context.Context) error {
			select {
			case <-durable:
				return h.worker(patient).Run(ctx, patient, worker.DefaultConcurrency)
			case <-ctx.Done():
				return nil
			}
		})
	}
	return together(ctx, parts...)
}

// furnished makes the house that the settings describe.
func furnished(c config.Config, log *slog.Logger) (*house, error) {
	keys, err := seal.Parse(string(c.Keyset))
	if err != nil {
		return nil, fmt.Errorf("FOLLOWUP_KEYSET: %w", err)
	}
	h := &house{
		keys: keys, clock: hours.NewClock(1, nil), windows: hours.Default(), publicURL: c.PublicURL,
		readFirst: !c.Test, guarded: c.Guard == "on", trusted: c.TrustedProxies, log: log, requests: log,
	}
	if c.SendWindow == "always" {
		h.windows = hours.Always()
	}
	if err := h.furnish(c.Clinic); err != nil {
		return nil, err
	}
	mail, err := smtp.New(string(c.SMTPURL), smtp.Options{From: c.Clinic.From, FromName: c.Clinic.SenderName})
	if err != nil {
		return nil, fmt.Errorf("FOLLOWUP_SMTP_URL: %w", err)
	}
	h.channels = map[contact.Via]channel.Sender{contact.ViaEmail: mail}
	if c.Twilio.Enabled() {
		text, err := twilio.New(twilio.Settings{
			AccountSID: c.Twilio.AccountSID, AuthToken: string(c.Twilio.AuthToken),
			APIKey: c.Twilio.APIKey, APISecret: string(c.Twilio.APISecret),
			MessagingServiceSID: c.Twilio.MessagingServiceSID, From: c.Twilio.From, BaseURL: c.Twilio.APIURL,
			StatusURL: h.links().PublicURL + "/webhooks/twilio/status#rc=5&rp=5xx,ct,rt",
		})
		if err != nil {
			return nil, err
		}
		h.channels[contact.ViaSMS] = text
	}
	return h, nil
}

// inspect looks at Redis until it has answered once. One that would lose
// messages stops the program; one that is away is waited for.
func inspect(ctx context.Context, rdb redis.UniversalClient, log *slog.Logger, durable chan<- struct{}) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for away := false; ; {
		faults, err := dial.Inspect(ctx, rdb)
		if err == nil {
			var fatal []error
			for _, f := range faults {
				if f.Fatal {
					fatal = append(fatal, errors.New(f.String()))
				} else {
					log.Warn("redis", "err", f.String())
				}
			}
			if len(fatal) > 0 {
				return fmt.Errorf("FOLLOWUP_REDIS_URL: %w", errors.Join(fatal...))
			}
			close(durable)
			return nil
		}
		if !away {
			log.Warn("redis is away; waiting for it", "err", err)
			away = true
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// health answers on the admin port: /healthz while the process lives, /readyz
// while Redis answers and keeps what it is given.
func health(rdb redis.UniversalClient, durable <-chan struct{}) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		select {
		case <-durable:
			if err := rdb.Ping(ctx).Err(); err == nil {
				fmt.Fprintln(w, "ready")
				return
			}
			http.Error(w, "redis does not answer", http.StatusServiceUnavailable)
		default:
			http.Error(w, "redis has not answered since the start", http.StatusServiceUnavailable)
		}
	})
	return mux
}

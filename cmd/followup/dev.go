package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/outbox"
	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/preview"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/internal/web"
	"github.com/joydevie/followup/templates"
	"github.com/joydevie/followup/worker"
)

func devCommand(sys system) *cli.Command {
	return &cli.Command{
		Name:  "dev",
		Usage: "see it work: everything in one process, nothing installed, nobody written to",
		Description: "Example:  followup dev --speed 20000 --send-window always\n" +
			"The form is on /contact; what people would receive is on /outbox.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "listen", Value: "127.0.0.1:8080", Usage: "address of the one port that is opened"},
			&cli.IntFlag{Name: "speed", Value: 1, Usage: "how many times faster the plan's clock runs: at 20000 a day takes four seconds"},
			&cli.StringFlag{Name: "send-window", Value: "default", Usage: "default: texts and follow-ups keep their hours; always: they go at any time"},
			&cli.StringFlag{Name: "templates", Usage: "a folder with messages of your own, as FOLLOWUP_TEMPLATES names it in production; /preview shows them as you write", TakesFile: true},
			&cli.StringFlag{Name: "guard", Value: "off", Usage: "on: the form has its limits; off: it has none"},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			o := devOptions{listen: c.String("listen"), speed: c.Int("speed"), words: c.String("templates")}
			switch {
			case o.speed < 1 || o.speed > 1_000_000:
				return fmt.Errorf("--speed: takes 1 to 1000000; %w", errUsage)
			case c.String("send-window") == "always":
				o.always = true
			case c.String("send-window") != "default":
				return fmt.Errorf("--send-window: takes default or always; %w", errUsage)
			}
			switch c.String("guard") {
			case "on":
				o.guard = true
			case "off":
			default:
				return fmt.Errorf("--guard: takes on or off; %w", errUsage)
			}
			return dev(ctx, sys, o)
		},
	}
}

type devOptions struct {
	listen string
	speed  int
	always bool
	guard  bool
	words  string // folder with messages of the clinic's own
}

// dev is the whole house on an embedded Redis, with the outbox as every
// channel. It has no address of any provider, so it can write to nobody.
func dev(ctx context.Context, sys system, o devOptions) error {
	log := slog.New(slog.NewTextHandler(sys.stderr, nil))
	listener, err := listen(o.listen, "--listen")
	if err != nil {
		return err
	}
	base := "http://" + browsable(listener.Addr())

	memory, err := startEmbedded()
	if err != nil {
		return err
	}
	defer memory.close()
	dial.Quiet()
	rdb, err := dial.Redis(memory.url, dial.Patient(worker.DefaultConcurrency.Sum()))
	if err != nil {
		return err
	}
	defer rdb.Close()

	keys, err := seal.Parse(seal.New())
	if err != nil {
		return err
	}
	h := &house{
		keys: keys, clock: hours.NewClock(o.speed, nil), windows: hours.Default(), reminders: hours.Reminders(), publicURL: base, guarded: o.guard, words: o.words, log: log,
		// The outbox page asks for news all the time: only errors are worth a line.
		requests: slog.New(slog.NewTextHandler(sys.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if o.always {
		h.windows, h.reminders, h.always = hours.Always(), hours.Always(), true
	}
	if err := h.furnish(config.ExampleClinic()); err != nil {
		return err
	}
	box := outbox.New(outbox.Config{Now: h.clock.Now, Segments: templates.Segments, Speed: float64(o.speed), Zone: h.zone, From: h.clinic.SenderName + " <" + h.clinic.From + ">"})
	h.channels = map[contact.Via]channel.Sender{contact.ViaEmail: box.Sender("email"), contact.ViaSMS: box.Sender("sms")}

	show, words := box.Handler(), preview.Handler(h.messages)
	handler, err := h.handler(rdb, map[string]http.Handler{"/outbox": show, "/outbox.json": show, "/outbox/": show, "/preview": words, "/preview/": words})
	if err != nil {
		return err
	}
	fmt.Fprintf(sys.stdout, "followup dev: nothing is kept and nobody is written to; everything is gone when this ends.\n\n"+
		"  form     %s/contact\n  outbox   %s/outbox\n  as JSON  %s/outbox.json\n  words    %s/preview\n\n", base, base, base, base)
	if o.speed > 1 {
		fmt.Fprintf(sys.stdout, "The plan's clock runs %d times faster: a day takes %s.\n", o.speed, (24 * time.Hour / time.Duration(o.speed)).Round(time.Millisecond))
	}
	return together(ctx,
		serve("public", web.HTTPServer(handler, log), listener, log),
		func(ctx context.Context) error { return h.worker(rdb).Run(ctx, rdb, worker.DefaultConcurrency) },
		memory.age, h.reload,
	)
}

// browsable is the address to type into a browser on this machine.
func browsable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

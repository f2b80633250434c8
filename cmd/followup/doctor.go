package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/channel/smtp"
	"github.com/joydevie/followup/internal/channel/twilio"
	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/doctor"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/webhook"
	"github.com/joydevie/followup/templates"
)

func doctorCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "doctor", Usage: "look at everything that the service stands on; name each fault and its cure",
		Description: "Example:  followup doctor\n          followup doctor --dns 9.9.9.9 --json\n" +
			"Run it as the service's user, with its settings, on the machine where it runs, while it runs.\n" +
			"It sends no message and changes nothing. It ends with 1 where there is a fault; warnings are none.",
		Flags: []cli.Flag{dnsFlag(), jsonFlag()},
		Action: func(ctx context.Context, c *cli.Command) error {
			dns, err := resolver(c.String("dns"))
			if err != nil {
				return err
			}
			x := examine(ctx, sys, dns)
			if err := x.print(sys, c.Bool("json")); err != nil {
				return err
			}
			return x.verdict()
		},
	}
}

func dnsFlag() cli.Flag {
	return &cli.StringFlag{Name: "dns", Usage: "the DNS server to ask, such as 9.9.9.9: what the world sees, where the clinic's own network sees something else (default: the machine's)"}
}

// resolver asks the DNS server at an address, a host with or without a port.
func resolver(address string) (*net.Resolver, error) {
	if address == "" {
		return net.DefaultResolver, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = address, "53"
	}
	if net.ParseIP(host) == nil {
		return nil, fmt.Errorf("--dns: %q is no address of a DNS server; %w", address, errUsage)
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, net.JoinHostPort(host, port))
	}}, nil
}

// examination is what doctor has found, and what it has to tell besides.
type examination struct {
	Checks   doctor.Report     `json:"checks"`
	Faults   int               `json:"faults"`
	Warnings int               `json:"warnings"`
	Help     map[string]string `json:"help,omitempty"` // words for Twilio's Advanced Opt-Out, by language
}

// examine makes every check for which the settings are there.
func examine(ctx context.Context, sys system, dns doctor.Resolver) examination {
	dial.Quiet()
	c, err := config.Load(sys.env, config.Run)
	found, _ := errors.AsType[config.Faults](err)
	h, more := furnished(c, found, slog.New(slog.DiscardHandler))
	defer h.close()
	settings, words := sorted(found, more)
	checks := []doctor.Check{
		doctor.Given("settings", "every setting and the clinic's file", settings, "see `followup config`, and deploy/env.example for what each means"),
		doctor.Given("words", "every message, in every language", words, "see `followup templates lint`"),
		doctor.Zones(time.LoadLocation),
		doctor.Spool(c.Spool, free),
	}
	if rdb, err := dial.Redis(c.RedisURL.Reveal(), dial.Bounded()); err == nil {
		defer rdb.Close()
		checks = append(checks, doctor.Redis(rdb), h.ledgerCheck(rdb))
	}
	_, domain, _ := strings.Cut(c.Clinic.From, "@")
	vendors := []string{"smtp"}
	if mail, ok := h.channels[contact.ViaEmail].(*smtp.Sender); ok && mail != nil {
		checks = append(checks, doctor.Relay(mail, c.Clinic.From))
	}
	if domain != "" {
		checks = append(checks, doctor.SPF(dns, domain), doctor.DKIM(dns, domain, c.Clinic.DKIM), doctor.DMARC(dns, domain))
	}
	client := &http.Client{Timeout: 15 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	public := h.links().PublicURL
	if public != "" {
		checks = append(checks, doctor.Public(client, public))
	}
	x := examination{}
	if texts, ok := h.channels[contact.ViaSMS].(*twilio.Sender); ok && texts != nil {
		vendors = append(vendors, "twilio")
		checks = append(checks, doctor.TwilioAccount(texts),
			doctor.TwilioSender(texts, c.Twilio.From, c.Twilio.MessagingServiceSID, public+webhook.TwilioInbound+retried),
			doctor.Webhook(client, public+webhook.TwilioStatus, c.Twilio.AuthToken.Reveal()))
		if h.messages != nil {
			x.Help = map[string]string{"en": h.helpText("en"), "es": h.helpText("es")}
		}
	}
	if c.Clinic.Name != "" {
		checks = append(checks, doctor.Agreements(c.Clinic.Agreements, vendors))
	}
	x.Checks = doctor.Examine(ctx, checks)
	x.Faults, x.Warnings = x.Checks.Count(doctor.Fault), x.Checks.Count(doctor.Warning)
	return x
}

// ledgerCheck asks whether a newer followup is at home in this Redis, and
// whether the key set opens what lies there. Whether Redis answers is another
// check's matter.
func (h *house) ledgerCheck(rdb redis.UniversalClient) doctor.Check {
	return doctor.Check{Name: "ledger", Asks: "what lies in Redis: that this version knows it and this key set opens it", Look: func(ctx context.Context) []doctor.Trouble {
		if h.keys == nil {
			return nil // the settings say so
		}
		l := h.ledger(rdb)
		if err := l.Known(ctx); errors.Is(err, ledger.ErrNewer) {
			return []doctor.Trouble{{Severity: doctor.Fault, What: "a newer followup has written to this Redis", Cure: "start that version, or restore the backup from before its upgrade"}}
		}
		shut := false
		_ = l.Awaited(ctx, func(id contact.ID) error {
			p, err := l.Person(ctx, id)
			if err == nil && len(p.Submissions) > 0 {
				shut = p.Submissions[len(p.Submissions)-1].At.IsZero() // it did not open
			}
			return errEnough
		})
		if shut {
			return []doctor.Trouble{{Severity: doctor.Fault, What: "the key set does not open what lies in Redis", Cure: "use the key set under which it was written, from the copy that is kept apart"}}
		}
		return nil
	}}
}

// sorted tells faults of the settings from those of the words.
func sorted(found config.Faults, more error) (settings, words []error) {
	for _, f := range found {
		settings = append(settings, f)
	}
	joined, _ := more.(interface{ Unwrap() []error })
	if joined == nil {
		return settings, nil
	}
	for _, err := range joined.Unwrap() {
		faults, ok := errors.AsType[templates.Faults](err)
		if !ok {
			settings = append(settings, err)
		}
		for _, f := range faults {
			words = append(words, f)
		}
	}
	return settings, words
}

var errEnough = errors.New("one is enough")

func (x examination) print(sys system, asJSON bool) error {
	if asJSON {
		return printJSON(sys.stdout, x)
	}
	if err := x.Checks.Write(sys.stdout); err != nil {
		return err
	}
	if len(x.Help) > 0 {
		fmt.Fprintf(sys.stdout, "\nTwilio answers HELP itself. Set these words in its console, under Advanced Opt-Out of the messaging service:\n\n"+
			"  English  %s\n  Spanish  %s\n", x.Help["en"], x.Help["es"])
	}
	_, err := fmt.Fprintf(sys.stdout, "\n%d faults, %d warnings\n", x.Faults, x.Warnings)
	return err
}

// verdict is nil where there is no fault.
func (x examination) verdict() error {
	if x.Faults == 0 {
		return nil
	}
	return fmt.Errorf("doctor has found %d faults; each has its cure beside it", x.Faults)
}

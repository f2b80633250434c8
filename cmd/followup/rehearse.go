package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/alarm"
	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/preview"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/tasks"
	"github.com/joydevie/followup/templates"
	"github.com/joydevie/followup/worker"
)

func rehearseCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "rehearse", Usage: "tell the whole future of a person who sends a form; send nothing", ArgsUsage: "SUBMISSION.json",
		Description: "Example:  followup rehearse submission.json --at \"Fri 17:40\"\n" +
			"The file holds what POST /contact takes as JSON. Until somebody answers, books or opts out, what\n" +
			"is told here is what happens: plan, gate and words are the service's own. It knows of no earlier\n" +
			"submissions.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "at", Usage: "when the form is sent, in the clinic's zone: \"Fri 17:40\", \"2026-11-25 17:40\", \"tomorrow 9am\" or RFC 3339 (default: now)"},
			&cli.StringFlag{Name: "clinic", Usage: "the clinic's file (default: FOLLOWUP_CLINIC, else the example clinic)", TakesFile: true},
			&cli.StringFlag{Name: "dir", Usage: "a folder with messages of the clinic's own (default: FOLLOWUP_TEMPLATES)", TakesFile: true},
			&cli.BoolFlag{Name: "no-sms", Usage: "the clinic sends no texts"},
			&cli.BoolFlag{Name: "unread", Usage: "nobody at the clinic ever reads it (default: somebody does by the time that is promised)"},
			jsonFlag(),
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.Args().Len() != 1 {
				return fmt.Errorf("rehearse takes the file of one submission; %w", errUsage)
			}
			h, err := rehearsalHouse(sys, c)
			if err != nil {
				return err
			}
			at := time.Now().In(h.zone)
			if text := c.String("at"); text != "" {
				if at, err = hours.ParseMoment(text, at); err != nil {
					return fmt.Errorf("--at: %w; %w", err, errUsage)
				}
			}
			form, err := submitted(ctx, h, c.Args().First(), at)
			if err != nil {
				return err
			}
			read := h.office.AnswerBy(at)
			if c.Bool("unread") {
				read = time.Time{}
			}
			w := h.worker(nil)
			w.Ledger, w.Alarm = nil, alarm.Clock{} // neither may be asked
			future, err := w.Rehearse(form, read)
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return printRehearsalJSON(sys.stdout, h, form, future)
			}
			return printRehearsal(sys.stdout, h, form, read, future)
		},
	}
}

// rehearsalHouse is the house without anything outside it. A person reads a
// submission first, as in production.
func rehearsalHouse(sys system, c *cli.Command) (*house, error) {
	keys, err := seal.Parse(seal.New())
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler)
	h := &house{
		keys: keys, clock: hours.NewClock(1, nil), windows: hours.Default(), reminders: hours.Reminders(), publicURL: "https://contact.joydevie.example", readFirst: true,
		channels: map[contact.Via]channel.Sender{contact.ViaEmail: nobody{}, contact.ViaSMS: nobody{}},
		words:    wordsOf(sys, c), log: log, requests: log,
	}
	if c.Bool("no-sms") {
		delete(h.channels, contact.ViaSMS)
	}
	clinic := config.ExampleClinic()
	if file := c.String("clinic"); file != "" || setting(sys.env, "FOLLOWUP_CLINIC") != "" {
		if file == "" {
			file = setting(sys.env, "FOLLOWUP_CLINIC")
		}
		if clinic, err = config.LoadClinic(file); err != nil {
			return nil, err
		}
	}
	if u := setting(sys.env, "FOLLOWUP_PUBLIC_URL"); u != "" {
		h.publicURL = u
	}
	return h, h.furnish(clinic)
}

// nobody is a channel that is there and takes nothing.
type nobody struct{}

func (nobody) Send(context.Context, channel.Message) channel.Outcome {
	return channel.Outcome{State: channel.Refused, Err: errors.New("a rehearsal sends nothing")}
}

// submitted takes the file in as the form's door does, up to the task.
func submitted(ctx context.Context, h *house, file string, at time.Time) (tasks.Submission, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return tasks.Submission{}, err
	}
	form, err := formOf(body)
	if err != nil {
		return tasks.Submission{}, fmt.Errorf("%s: %w", file, err)
	}
	var taken tasks.Submission
	door := intake.Intake{
		Keys: h.keys, Now: func() time.Time { return at },
		Enqueue: func(_ context.Context, s tasks.Submission) error { taken = s; return nil },
		Wording: func(version string, l contact.Language) string {
			return templates.ConsentByVersion(version, string(l), h.clinic.Name).Hash
		},
	}
	if _, err := door.Submit(ctx, form, intake.Origin{}); err != nil {
		return tasks.Submission{}, fmt.Errorf("%s: %w", file, err)
	}
	return taken, nil
}

// formOf reads one JSON object with the names of POST /contact; ticks may be
// true or a number, and what the form does not know is not looked at.
func formOf(body []byte) (intake.Form, error) {
	var fields map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&fields); err != nil {
		return intake.Form{}, fmt.Errorf("no JSON object: %w", err)
	}
	text := func(name string) string {
		switch v := fields[name].(type) {
		case nil:
			return ""
		case string:
			return v
		default:
			return fmt.Sprint(v)
		}
	}
	return intake.Form{
		Name: text("name"), Email: text("email"), Phone: text("phone"), Message: text("message"),
		ConsentSMS: text("consent_sms"), ConsentEmail: text("consent_email"), Preferred: text("preferred_channel"),
		Language: text("language"), TimeZone: text("time_zone"), Page: text("page"), Wording: text("consent_version"),
	}, nil
}

// lives is the zone in which a person's hours are told: the first of those in
// which they may be.
func (h *house) lives(s tasks.Submission, v contact.Via) []*time.Location {
	return gate.Zones(contact.Submission{Zone: s.Zone, Phone: contact.Phone(s.Phone)}, v, h.zone)
}

const moment = "Mon Jan 2, 3:04 pm"

// said is a future moment in words of its own: what happened to the message.
func said(m worker.Rehearsed, zone *time.Location) []string {
	var lines []string
	for _, p := range m.Pauses {
		lines = append(lines, fmt.Sprintf("held from %s: %s", p.From.In(zone).Format(moment), p.Why.Say()))
	}
	if !m.Goes {
		lines = append(lines, "does not go: "+m.Why.Say())
	}
	return lines
}

func printRehearsal(w io.Writer, h *house, s tasks.Submission, read time.Time, future []worker.Rehearsed) error {
	var b strings.Builder
	zones := h.lives(s, contact.ViaEmail)
	zone := zones[0]
	fmt.Fprintf(&b, "The form is sent on %s %s, %s. Hours below are those of %s.\n", s.At.In(h.zone).Format(moment), h.zone, s.At.In(h.zone).Format("2006"), zone)
	if len(zones) > 1 {
		names := make([]string, len(zones))
		for i := range zones {
			names[i] = zones[i].String()
		}
		fmt.Fprintf(&b, "The person may be in any of %s: what keeps hours keeps those of all.\n", strings.Join(names, ", "))
	}
	if read.IsZero() {
		b.WriteString("Nobody at the clinic ever reads it.\n")
	} else {
		fmt.Fprintf(&b, "Somebody at the clinic reads it on %s, as promised, and does no more.\n", read.In(zone).Format(moment))
	}
	goes := 0
	for _, m := range future {
		to := "to the person"
		if m.Staff {
			to = "to the staff"
		}
		fmt.Fprintf(&b, "\n%-22s %s by %s, %s\n", m.At.In(zone).Format(moment), m.Template, m.Via, to)
		for _, line := range said(m, zone) {
			fmt.Fprintf(&b, "    %s\n", line)
		}
		if !m.Goes {
			continue
		}
		goes++
		if m.Via == contact.ViaSMS {
			segments, encoding := templates.Segments(m.Message.Text)
			fmt.Fprintf(&b, "    %d × %s\n", segments, encoding)
			preview.PrintBubble(&b, "    ", m.Message.Text)
			continue
		}
		fmt.Fprintf(&b, "    Subject: %s\n\n", m.Message.Subject)
		for line := range strings.Lines(m.Message.Text) {
			b.WriteString(strings.TrimRight("    "+line, " \n") + "\n")
		}
	}
	fmt.Fprintf(&b, "\n%d messages: %d go, %d do not. Nothing was sent.\n", len(future), goes, len(future)-goes)
	_, err := io.WriteString(w, b.String())
	return err
}

func printRehearsalJSON(w io.Writer, h *house, s tasks.Submission, future []worker.Rehearsed) error {
	type pause struct {
		From   time.Time `json:"from"`
		Until  time.Time `json:"until"`
		Why    string    `json:"why"`
		Reason string    `json:"reason"`
	}
	type row struct {
		At      time.Time `json:"at"` // in the person's zone
		Day     string    `json:"day"`
		Zone    string    `json:"zone"`
		Message string    `json:"message"`
		Channel string    `json:"channel"`
		Staff   bool      `json:"staff"`
		Goes    bool      `json:"goes"`
		Why     string    `json:"why"` // code; "" for what goes
		Reason  string    `json:"reason"`
		Held    []pause   `json:"held"`
		Subject string    `json:"subject"`
		Text    string    `json:"text"`
		HTML    string    `json:"html"`
		Words   string    `json:"version"`
	}
	zone := h.lives(s, contact.ViaEmail)[0]
	rows := []row{}
	for _, m := range future {
		r := row{
			At: m.At.In(zone), Day: m.At.In(zone).Weekday().String(), Zone: zone.String(), Message: m.Template, Channel: string(m.Via),
			Staff: m.Staff, Goes: m.Goes, Why: string(m.Why), Held: []pause{},
			Subject: m.Message.Subject, Text: m.Message.Text, HTML: m.Message.HTML, Words: m.Words,
		}
		if m.Why != "" {
			r.Reason = m.Why.Say()
		}
		for _, p := range m.Pauses {
			r.Held = append(r.Held, pause{p.From.In(zone), p.Until.In(zone), string(p.Why), p.Why.Say()})
		}
		rows = append(rows, r)
	}
	return printJSON(w, rows)
}

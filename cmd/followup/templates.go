package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/preview"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/templates"
)

func templatesCommand(sys system) *cli.Command {
	dir := &cli.StringFlag{Name: "dir", Usage: "a folder with messages of the clinic's own (default: FOLLOWUP_TEMPLATES)", TakesFile: true}
	language := &cli.StringFlag{Name: "language", Value: "en", Usage: "en or es"}
	asJSON := jsonFlag()
	return &cli.Command{
		Name: "templates", Usage: "look at the words, check them, try them",
		Description: "Example:  followup templates preview confirmation",
		Commands: []*cli.Command{
			{
				Name: "list", Usage: "list the messages, their class, languages and fields",
				Description: "Example:  followup templates list --json",
				Flags:       []cli.Flag{asJSON, dir},
				Action: func(_ context.Context, c *cli.Command) error {
					set, err := templates.LoadFolder(wordsOf(sys, c))
					if err != nil {
						return err
					}
					return listTemplates(sys.stdout, set, c.Bool("json"))
				},
			},
			{
				Name: "lint", Usage: "check every message; print what is wrong and how to cure it",
				Description: "Example:  followup templates lint --dir /etc/followup/templates\n" +
					"          followup templates lint --rules",
				Flags: []cli.Flag{
					dir, asJSON,
					&cli.StringFlag{Name: "clinic", Usage: "the clinic's file, to check with its own name and links", TakesFile: true},
					&cli.BoolFlag{Name: "rules", Usage: "print the rules and their reasons instead"},
				},
				Action: func(_ context.Context, c *cli.Command) error {
					if c.Bool("rules") {
						return printRules(sys.stdout, c.Bool("json"))
					}
					return lintTemplates(sys.stdout, wordsOf(sys, c), c.String("clinic"), c.Bool("json"))
				},
			},
			{
				Name: "preview", Usage: "show a message as its reader gets it", ArgsUsage: "NAME",
				Description: "Example:  followup templates preview confirmation --language es --contact sample\n" +
					"          followup templates preview followup-1 --html followup-1.html",
				Flags: []cli.Flag{
					language, dir,
					&cli.StringFlag{Name: "contact", Value: "sample", Usage: "sample: the values that the message itself gives"},
					&cli.StringFlag{Name: "html", Usage: "write the HTML part to this file", TakesFile: true},
				},
				Action: func(_ context.Context, c *cli.Command) error {
					name, err := messageName(c)
					if err != nil {
						return err
					}
					if c.String("contact") != "sample" {
						return fmt.Errorf("--contact: takes sample; %w", errUsage)
					}
					set, err := templates.LoadFolder(wordsOf(sys, c))
					if err != nil {
						return err
					}
					return previewTemplate(sys.stdout, set, name, c.String("language"), c.String("html"))
				},
			},
			{
				Name: "send", Usage: "send a message by email, with its sample, to the first of the clinic's staff", ArgsUsage: "NAME",
				Description: "Example:  followup templates send confirmation --language es --to-me\n" +
					"Settings come from the environment, as for `followup run`; Redis is not asked.",
				Flags: []cli.Flag{language, &cli.BoolFlag{Name: "to-me", Usage: "to the first address under staff; there is no other way"}},
				Action: func(ctx context.Context, c *cli.Command) error {
					name, err := messageName(c)
					if err != nil {
						return err
					}
					if !c.Bool("to-me") {
						return fmt.Errorf("a sample goes to the clinic's own staff alone: add --to-me; %w", errUsage)
					}
					return sendTemplate(ctx, sys, name, c.String("language"))
				},
			},
		},
	}
}

// wordsOf is the folder that a command looks at.
func wordsOf(sys system, c *cli.Command) string {
	if c.IsSet("dir") {
		return c.String("dir")
	}
	return setting(sys.env, "FOLLOWUP_TEMPLATES")
}

// setting is one of the environment; the last counts.
func setting(env []string, name string) (value string) {
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			value = v
		}
	}
	return value
}

func messageName(c *cli.Command) (string, error) {
	if c.Args().Len() != 1 {
		return "", fmt.Errorf("%s takes the name of one message; %w", c.FullName(), errUsage)
	}
	return c.Args().First(), nil
}

func listTemplates(w io.Writer, set *templates.Set, asJSON bool) error {
	type row struct {
		Name      string   `json:"name"`
		Class     string   `json:"class"`
		Languages []string `json:"languages"`
		Fields    []string `json:"fields"`
	}
	var rows []row
	for _, name := range set.Names() {
		rows = append(rows, row{name, set.Class(name), set.Languages(), set.Fields(name)})
	}
	if asJSON {
		return printJSON(w, rows)
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "NAME\tCLASS\tLANGUAGES\tSMS")
	for _, r := range rows {
		sms := "-"
		if set.HasSMS(r.Name) {
			sms = "yes"
		}
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\n", r.Name, r.Class, strings.Join(r.Languages, " "), sms)
	}
	return tab.Flush()
}

func printRules(w io.Writer, asJSON bool) error {
	if asJSON {
		return printJSON(w, templates.Rules())
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range templates.Rules() {
		fmt.Fprintf(tab, "%s\t%s\n", r.Name, r.Why)
	}
	return tab.Flush()
}

func lintTemplates(w io.Writer, dir, clinicFile string, asJSON bool) error {
	set, err := templates.LoadFolder(dir)
	if err == nil && clinicFile != "" {
		h := house{}
		if h.clinic, err = config.LoadClinic(clinicFile); err != nil {
			return err
		}
		err = set.Check(h.ownWords())
	}
	faults, ok := errors.AsType[templates.Faults](err)
	if err != nil && !ok {
		return err
	}
	if asJSON {
		if err := printJSON(w, append(templates.Faults{}, faults...)); err != nil {
			return err
		}
	} else if len(faults) == 0 {
		fmt.Fprintf(w, "%d messages in %d languages, no fault\n", len(set.Names()), len(set.Languages()))
	} else {
		for _, f := range faults {
			fmt.Fprintf(w, "%s:%d: %s: %s; %s\n", f.File, f.Line, f.Rule, f.What, f.Cure)
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("faults in the messages: %d", len(faults))
	}
	return nil
}

func previewTemplate(w io.Writer, set *templates.Set, name, language, file string) error {
	m, err := preview.Sample(set, name, language)
	if err != nil {
		return fmt.Errorf("%w; %w", err, errUsage)
	}
	if file != "" {
		if err := os.WriteFile(file, []byte(m.HTML), 0o644); err != nil { //nolint:gosec // G306: a sample, for whoever may look
			return fmt.Errorf("--html: %w", err)
		}
	}
	return m.Print(w)
}

// sendTemplate hands the sample to the clinic's own relay, written by what
// writes every message.
func sendTemplate(ctx context.Context, sys system, name, language string) error {
	_, h, err := prepare(sys, config.Run)
	if err != nil {
		return err
	}
	defer h.close()
	m, err := preview.Sample(h.messages.Set(), name, language)
	if err != nil {
		return fmt.Errorf("%w; %w", err, errUsage)
	}
	message := channel.Message{
		ID: "sample." + seal.NewID(), To: h.clinic.Staff[0], Subject: m.Subject, Text: m.Text, HTML: m.HTML, ReplyTo: h.clinic.ReplyTo,
	}
	if m.Class == string(gate.FollowUp) {
		message.Unsubscribe = m.Data.UnsubscribeURL
	}
	if m.Calendar != nil {
		message.Files = []channel.File{{Name: "appointment.ics", Type: "text/calendar; charset=utf-8; method=PUBLISH", Body: m.Calendar}}
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	out := h.channels[contact.ViaEmail].Send(ctx, message)
	if out.State != channel.Accepted {
		return fmt.Errorf("the relay did not take it: %s %s: %w", out.State, out.Code, out.Err)
	}
	fmt.Fprintf(sys.stdout, "%s (%s) was handed to the relay for %s\n", name, language, h.clinic.Staff[0])
	return nil
}

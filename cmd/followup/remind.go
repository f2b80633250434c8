package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
)

// whyFlag is the reason of an operation, for the timeline.
func whyFlag() cli.Flag {
	return &cli.StringFlag{Name: "why", Usage: "the reason, for the timeline; it lies sealed"}
}

// acts is who acts, and why.
func (f *frontDesk) acts(c *cli.Command) desk.By {
	return desk.By{Name: f.by, Why: contact.Private(c.String("why"))}
}

// whenHelp says how a moment is written on the command line.
const whenHelp = `WHEN is "tomorrow 9am", "Fri 17:40" or "2026-12-01 14:00" by the clinic's clock; a zone may follow.`

// moment reads a flag that names a moment.
func (f *frontDesk) moment(c *cli.Command, flag string) (time.Time, error) {
	text := c.String(flag)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := hours.ParseMoment(text, f.clock.Now().In(f.zone))
	if err != nil {
		return at, fmt.Errorf("--%s: %w; %w", flag, err, errUsage)
	}
	return at, nil
}

// wish says in words of the command line what cannot be had. Whatever it was,
// nothing was changed.
func (f *frontDesk) wish(err error) error {
	if closed, ok := errors.AsType[*desk.Closed](err); ok {
		return errors.New(f.closed(closed) + ", or --via email")
	}
	if wrong, ok := errors.AsType[*desk.Wrong](err); ok && wrong.Field != "number" {
		return fmt.Errorf("--%w", wrong)
	}
	if errors.Is(err, desk.ErrNone) {
		return errors.New("there is nothing of the kind for this person; `followup why` lists what there is")
	}
	return err
}

// closed says that no text may go then, and when the next may.
func (f *frontDesk) closed(c *desk.Closed) string {
	next := c.Next.In(f.zone)
	return fmt.Sprintf("--at: no text may go %s; the next slot is %s: --at %q", f.view().Say(c.Asked), f.view().Say(next), next.Format("2006-01-02 15:04"))
}

// vias reads --via.
func vias(c *cli.Command) ([]contact.Via, error) {
	name := c.String("via")
	if name == "" {
		return nil, nil
	}
	v, ok := viaOf(name)
	if !ok {
		return nil, fmt.Errorf("--via: takes email or sms; %w", errUsage)
	}
	return []contact.Via{v}, nil
}

// viaOf reads the name of a channel, as settings or as people have it.
func viaOf(name string) (contact.Via, bool) {
	switch name {
	case "email":
		return contact.ViaEmail, true
	case "sms", "text", "texts":
		return contact.ViaSMS, true
	}
	return "", false
}

func remindCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "remind", Usage: "remind one person or a list, now or later; within a minute `followup undo` takes it back", ArgsUsage: "[PERSON]",
		Description: "Example:  followup remind 7F3K\n" +
			"          followup remind ann@example.com --at 'tomorrow 9am' --why 'asked for it by phone'\n" +
			"          followup remind 7F3K --at 'Fri 17:40' --via email --dry-run\n" +
			"          followup remind --list tomorrow.csv --at 'tomorrow 9am' --dry-run\n" +
			"          followup remind --list tomorrow.csv --at 'tomorrow 9am' --yes 36\n" + whomHelp + "\n" + whenHelp,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "template", Value: "reminder", Usage: "the message, one of the class reminder in the list of templates"},
			&cli.StringFlag{Name: "at", Usage: "WHEN it goes (default: now)"},
			&cli.StringFlag{Name: "via", Usage: "email or sms (default: every way that may be used)"},
			&cli.BoolFlag{Name: "dry-run", Usage: "say what would go, and plan nothing"},
			&cli.StringFlag{Name: "list", Usage: "remind everybody in this file: CSV with a column of phones or emails (docs/lists.md); - reads stdin"},
			&cli.StringFlag{Name: "yes", Usage: "with --list: how many would go, as the dry run says; without it the count is asked for"},
			&cli.IntFlag{Name: "pace", Usage: "with --list: so many people an hour", DefaultText: "as many as the providers take"},
			&cli.BoolFlag{Name: "again", Usage: "with --list: although the list, or some of its people, had the message within a day"},
			whyFlag(), jsonFlag(),
		},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			if c.IsSet("list") {
				return f.remindList(ctx, sys, c)
			}
			for _, flag := range []string{"yes", "pace", "again"} {
				if c.IsSet(flag) {
					return fmt.Errorf("--%s: goes with --list alone; %w", flag, errUsage)
				}
			}
			p, n, err := f.person(ctx, c)
			if err != nil {
				return err
			}
			ask := desk.Ask{Template: c.String("template")}
			if ask.At, err = f.moment(c, "at"); err != nil {
				return err
			}
			if ask.Vias, err = vias(c); err != nil {
				return err
			}
			if c.Bool("dry-run") {
				r, err := f.desk.Check(ctx, p, ask)
				if err != nil {
					return f.wish(err)
				}
				return f.printDry(sys, p, n, r, c.Bool("json"))
			}
			r, err := f.desk.Remind(ctx, p.ID, ask, f.acts(c))
			if err != nil {
				return f.wish(err)
			}
			if err := f.printReminder(sys, p, n, r, c.Bool("json")); err != nil || c.Bool("json") {
				return err
			}
			return f.printPauses(ctx, sys.stdout)
		}),
	}
}

// about is how a person is named in an answer: "A. L. (7F3K)".
func (f *frontDesk) about(p *ledger.Person, n int) string {
	return contact.Initials(p.Submissions[n-1].Name) + " (" + f.links().Item(p.ID, n) + ")"
}

func (f *frontDesk) printReminder(sys system, p *ledger.Person, n int, r desk.Reminder, asJSON bool) error {
	if asJSON {
		return printJSON(sys.stdout, struct {
			Contact  contact.ID        `json:"contact"`
			Reminder int               `json:"reminder"`
			Existing bool              `json:"existing"`
			Planned  []desk.Line       `json:"planned"`
			Refused  map[string]string `json:"refused,omitempty"`
		}{p.ID, r.Alone, r.Existing, f.view().Lines(p, r.Planned), refusals(r.Refused)})
	}
	for _, line := range f.view().Lines(p, r.Planned) {
		printWrapped(sys.stdout, f.about(p, n)+": "+line.Text)
	}
	printRefusals(sys.stdout, p, r.Refused)
	if r.Existing {
		fmt.Fprintln(sys.stdout, "It was planned before; nothing was added.")
	}
	fmt.Fprintf(sys.stdout, "To take it back: followup undo %s\n", f.links().Item(p.ID, n))
	return nil
}

func (f *frontDesk) printDry(sys system, p *ledger.Person, n int, r desk.Reminder, asJSON bool) error {
	if asJSON {
		return printJSON(sys.stdout, struct {
			Contact contact.ID        `json:"contact"`
			Refused map[string]string `json:"refused,omitempty"`
			Waits   string            `json:"waits,omitempty"`
		}{p.ID, refusals(r.Refused), string(r.Waits)})
	}
	fmt.Fprintf(sys.stdout, "%s: it would go.\n", f.about(p, n))
	printRefusals(sys.stdout, p, r.Refused)
	if r.Waits != "" {
		fmt.Fprintln(sys.stdout, "At present it would wait: "+r.Waits.Say())
	}
	return nil
}

func refusals(r map[contact.Via]gate.Reason) map[string]string {
	said := map[string]string{}
	for via, why := range r {
		said[string(via)] = why.Say()
	}
	return said
}

func printRefusals(w io.Writer, p *ledger.Person, r map[contact.Via]gate.Reason) {
	for _, v := range []contact.Via{contact.ViaEmail, contact.ViaSMS} {
		why, ok := r[v]
		switch {
		case !ok:
		case p.Newest(v) == 0:
			fmt.Fprintf(w, "Not by %s: the person left no %s.\n", ways[v], map[contact.Via]string{contact.ViaEmail: "address", contact.ViaSMS: "number"}[v])
		default:
			printWrapped(w, "Not by "+ways[v]+": "+why.Say())
		}
	}
}

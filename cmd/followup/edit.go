package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/ledger"
)

func editCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "edit", Usage: "give a planned message another time, or a reminder other words", ArgsUsage: "PERSON",
		Description: "Example:  followup edit 7F3K --message 1.followup-2/email --at 'Fri 10:30'\n" +
			"          followup edit 7F3K --message 1.reminder-r1/sms --template called\n" +
			"`followup why PERSON --json` has the names of the messages. The follow-ups after it keep\n" +
			"their gaps.\n" + whomHelp + "\n" + whenHelp,
		Flags: []cli.Flag{
			messageFlag(),
			&cli.StringFlag{Name: "at", Usage: "WHEN it goes (default: as it was)"},
			&cli.StringFlag{Name: "template", Usage: "other words, of the class reminder in the list of templates (default: as they were)"},
			whyFlag(), jsonFlag(),
		},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			entry, via, err := messageArg(c)
			if err != nil {
				return err
			}
			change := desk.Edit{Template: c.String("template")}
			if change.At, err = f.moment(c, "at"); err != nil {
				return err
			}
			if change == (desk.Edit{}) {
				return fmt.Errorf("say what changes: --at or --template; %w", errUsage)
			}
			p, n, err := f.person(ctx, c)
			if err != nil {
				return err
			}
			edited, err := f.desk.Edit(ctx, p.ID, entry, via, change, f.acts(c))
			if closed, ok := errors.AsType[*desk.Closed](err); ok {
				return errors.New(f.closed(closed))
			}
			if err != nil {
				return f.wish(err)
			}
			planned := f.view().Lines(p, edited.Planned)
			if c.Bool("json") {
				return printJSON(sys.stdout, struct {
					Contact contact.ID  `json:"contact"`
					Planned []desk.Line `json:"planned"`
					Gone    []desk.Line `json:"gone"`
				}{p.ID, planned, f.view().Lines(p, edited.Gone)})
			}
			for _, line := range planned {
				fmt.Fprintf(sys.stdout, "Changed: %s: %s\n", f.about(p, n), line.Text)
			}
			if len(edited.Gone) > 0 {
				fmt.Fprintf(sys.stdout, "Too late to change: %s: %s; `followup why` says what became of it.\n", f.about(p, n), names(edited.Gone))
			}
			return nil
		}),
	}
}

func messageFlag() cli.Flag {
	return &cli.StringFlag{Name: "message", Usage: "its name, such as 1.followup-2/email"}
}

// messageArg reads --message: one planned message by one way.
func messageArg(c *cli.Command) (ledger.Entry, contact.Via, error) {
	entry, via, ok := (ledger.Slip{Message: c.String("message")}).Entry()
	if !ok || via != contact.ViaEmail && via != contact.ViaSMS {
		return entry, via, fmt.Errorf("--message: write it like 1.followup-2/email; `followup why PERSON --json` has the names; %w", errUsage)
	}
	return entry, via, nil
}

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/ledger"
)

func undoCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "undo", Usage: "take back the reminder that was asked for last", ArgsUsage: "PERSON",
		Description: "Example:  followup undo 7F3K\n          followup undo 7F3K --reminder 2\n" +
			"Until it goes, and for a minute at least, it always wins; after that it says what has gone.\n" + whomHelp,
		Flags: []cli.Flag{&cli.IntFlag{Name: "reminder", Usage: "its number", DefaultText: "the last"}, whyFlag(), jsonFlag()},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			p, n, err := f.person(ctx, c)
			if err != nil {
				return err
			}
			stopped, err := f.desk.Undo(ctx, p.ID, c.Int("reminder"), f.acts(c))
			if errors.Is(err, ledger.ErrNone) {
				return errors.New("no such reminder was asked for; `followup cancel` takes other messages back")
			}
			if err != nil {
				return f.wish(err)
			}
			return f.printStopped(sys, p, n, takenBack(stopped), stopped, c.Bool("json"))
		}),
	}
}

// takenBack says whether it was in time.
func takenBack(s desk.Stopped) string {
	if len(s.Stopped) == 0 {
		return "Not taken back"
	}
	return "Taken back"
}

func cancelCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "cancel", Usage: "take back one planned message", ArgsUsage: "PERSON",
		Description: "Example:  followup cancel 7F3K --message 1.followup-2/email\n" +
			"`followup why PERSON --json` has the names of the messages.\n" + whomHelp,
		Flags: []cli.Flag{messageFlag(), whyFlag(), jsonFlag()},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			entry, via, err := messageArg(c)
			if err != nil {
				return err
			}
			p, n, err := f.person(ctx, c)
			if err != nil {
				return err
			}
			stopped, err := f.desk.Cancel(ctx, p.ID, entry, via, f.acts(c))
			if errors.Is(err, ledger.ErrNone) {
				return fmt.Errorf("--message: this person has no message %s; `followup why PERSON --json` has the names", c.String("message"))
			}
			if err != nil {
				return f.wish(err)
			}
			return f.printStopped(sys, p, n, takenBack(stopped), stopped, c.Bool("json"))
		}),
	}
}

package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
)

func noteCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "note", Usage: "write something down about a person; it lies sealed", ArgsUsage: "PERSON",
		Description: "Example:  followup note 7F3K --text 'prefers mornings'\n" + whomHelp,
		Flags:       []cli.Flag{&cli.StringFlag{Name: "text", Usage: "what to remember"}},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			p, n, err := f.person(ctx, c)
			if err != nil {
				return err
			}
			if c.String("text") == "" {
				return fmt.Errorf("--text: write what you want to remember; %w", errUsage)
			}
			if err := f.desk.Note(ctx, p.ID, contact.Private(c.String("text")), f.acts(c)); err != nil {
				return f.wish(err)
			}
			fmt.Fprintf(sys.stdout, "Noted: %s.\n", f.about(p, n))
			return nil
		}),
	}
}

func liftCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "lift", Usage: "take a block away, because the person asks for it", ArgsUsage: "PERSON",
		Description: "Example:  followup lift 7F3K --via sms --block opted_out --why 'asked for texts again, by phone'\n" +
			"It restarts nothing that was cancelled.\n" + whomHelp,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "via", Usage: "email or sms"},
			&cli.StringFlag{Name: "block", Usage: "which: opted_out, unsubscribed, dead_address or wrong_number"},
			whyFlag(),
		},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			ways, err := vias(c)
			if err == nil && len(ways) == 0 {
				err = fmt.Errorf("--via: takes email or sms; %w", errUsage)
			}
			if err != nil {
				return err
			}
			block := gate.Suppression(c.String("block"))
			switch block {
			case gate.OptedOut, gate.Unsubscribed, gate.Dead, gate.WrongNumber:
			default:
				return fmt.Errorf("--block: takes opted_out, unsubscribed, dead_address or wrong_number; %w", errUsage)
			}
			p, n, err := f.person(ctx, c)
			if err != nil {
				return err
			}
			left, err := f.desk.Lift(ctx, p.ID, ways[0], block, f.acts(c))
			switch {
			case err != nil:
				return f.wish(err)
			case left != "":
				fmt.Fprintf(sys.stdout, "%s: %s is still blocked: %s\n", f.about(p, n), ways[0], gate.Reason(left).Say())
			default:
				fmt.Fprintf(sys.stdout, "%s: %s is not blocked.\n", f.about(p, n), ways[0])
			}
			return nil
		}),
	}
}

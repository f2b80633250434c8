package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
)

func holdCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "hold", Usage: "keep back everything automated to a person, what is planned later too, until `followup release`", ArgsUsage: "PERSON",
		Description: "Example:  followup hold 7F3K --why 'in hospital until Friday'\n" + whomHelp,
		Flags:       []cli.Flag{whyFlag(), jsonFlag()},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			p, n, err := f.person(ctx, c)
			if err != nil {
				return err
			}
			kept, err := f.desk.Hold(ctx, p.ID, f.acts(c))
			if err != nil {
				return f.wish(err)
			}
			if c.Bool("json") {
				return printJSON(sys.stdout, struct {
					Contact contact.ID  `json:"contact"`
					Held    []desk.Line `json:"held"`
				}{p.ID, f.view().Lines(p, kept)})
			}
			fmt.Fprintf(sys.stdout, "On hold: %s.\n", f.about(p, n))
			if len(kept) > 0 {
				printWrapped(sys.stdout, "Kept back: "+names(kept)+".")
			}
			return nil
		}),
	}
}

func releaseCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "release", Usage: "end a hold: what is still timely goes on, what has become stale does not go", ArgsUsage: "PERSON",
		Description: "Example:  followup release 7F3K\n" + whomHelp,
		Flags:       []cli.Flag{whyFlag(), jsonFlag()},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			p, n, err := f.person(ctx, c)
			if err != nil {
				return err
			}
			released, err := f.desk.Release(ctx, p.ID, f.acts(c))
			if err != nil {
				return f.wish(err)
			}
			if c.Bool("json") {
				return printJSON(sys.stdout, struct {
					Contact contact.ID  `json:"contact"`
					On      []desk.Line `json:"on"`
					Stale   []desk.Line `json:"stale"`
				}{p.ID, f.view().Lines(p, released.On), f.view().Lines(p, released.Stale)})
			}
			fmt.Fprintf(sys.stdout, "Released: %s.\n", f.about(p, n))
			if len(released.On) > 0 {
				printWrapped(sys.stdout, "Goes on: "+names(released.On)+".")
			}
			if len(released.Stale) > 0 {
				printWrapped(sys.stdout, "Too late now, and does not go: "+names(released.Stale)+".")
			}
			return nil
		}),
	}
}

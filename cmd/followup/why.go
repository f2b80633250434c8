package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"
)

func whyCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "why", Usage: "say of each message to a person in one sentence what became of it, and why", ArgsUsage: "PERSON",
		Description: "Example:  followup why 7F3K\n" +
			"          followup why ann@example.com --json\n" +
			"By an item, the messages about that submission alone.\n" + whomHelp,
		Flags: []cli.Flag{jsonFlag()},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			whom, err := whomArg(c, 0)
			if err != nil {
				return err
			}
			p, n, err := f.view().One(ctx, whom)
			if err != nil {
				return err
			}
			if !strings.EqualFold(whom, f.links().Item(p.ID, n)) {
				n = 0 // all of them
			}
			lines := f.view().Why(p, n)
			if c.Bool("json") {
				return printJSON(sys.stdout, lines)
			}
			for _, l := range lines {
				printWrapped(sys.stdout, l.Text)
			}
			if len(lines) == 0 {
				fmt.Fprintln(sys.stdout, "No message was planned.")
			}
			return f.printPauses(ctx, sys.stdout)
		}),
	}
}

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"
)

func goLiveCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "go-live", Usage: "end the trial once doctor has found no fault: from then on everybody who writes gets messages",
		Description: "Example:  followup go-live --by ann\n" +
			"Until then messages go to staff alone, by the clinic's file, and everything else is held. What was\n" +
			"held goes at once where it still says something; what does not stands on its timeline as too late.",
		Flags: []cli.Flag{dnsFlag()},
		Action: func(ctx context.Context, c *cli.Command) error {
			dns, err := resolver(c.String("dns"))
			if err != nil {
				return err
			}
			desk, err := sys.staff(ctx, c)
			if err != nil {
				return err
			}
			defer desk.close()
			if !desk.trial {
				_, err := fmt.Fprintln(sys.stdout, "FOLLOWUP_TEST=1 counts as live: there is no trial to end.")
				return err
			}
			live, err := desk.ledger.Live(ctx)
			if err != nil {
				return err
			}
			if live.At == 0 { // else: make good what an earlier call may have left held
				x := examine(ctx, sys, dns)
				if err := x.print(sys, false); err != nil {
					return err
				}
				if x.Faults > 0 {
					return fmt.Errorf("not live: doctor has found %d faults; mend them and try again", x.Faults)
				}
			}
			rung, err := desk.desk.GoLive(ctx, desk.by)
			if err != nil {
				return err
			}
			if live, err = desk.ledger.Live(ctx); err != nil {
				return err
			}
			_, err = fmt.Fprintf(sys.stdout, "live since %s by %s; of what the trial held, %d messages were rung for\n",
				time.Unix(live.At, 0).UTC().Format(time.RFC3339), live.By, rung)
			return err
		},
	}
}

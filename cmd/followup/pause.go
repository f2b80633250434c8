package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/contact"
)

// channelArg is the channel that a command names.
func channelArg(c *cli.Command) (contact.Via, error) {
	if c.Args().Len() == 1 {
		if v, ok := viaOf(c.Args().First()); ok {
			return v, nil
		}
	}
	return "", fmt.Errorf("%s takes one channel, email or sms; %w", c.FullName(), errUsage)
}

// printPauses says which channels are paused: what is due by one waits, whatever
// was said of it.
func (f *frontDesk) printPauses(ctx context.Context, w io.Writer) error {
	for _, v := range []contact.Via{contact.ViaEmail, contact.ViaSMS} {
		left, e, err := f.ledger.PausedBy(ctx, v)
		if err != nil {
			return err
		}
		if left == 0 {
			continue
		}
		by := ""
		if e.By != "" {
			by = " by " + oneLine(e.By)
		}
		fmt.Fprintf(w, "Paused%s: %s, until %s; what is due before waits.\n", by, v, f.view().Say(f.clock.Now().Add(left).Round(time.Second)))
	}
	return nil
}

func pauseCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "pause", Usage: "keep everything by a channel back until a moment, or until `followup resume`", ArgsUsage: "email|sms",
		Description: "Example:  followup pause sms --until 'tomorrow 9am' --why 'the carrier has trouble'\n" +
			"What is due waits; what becomes too late by then does not go.\n" + whenHelp,
		Flags: []cli.Flag{&cli.StringFlag{Name: "until", Usage: "WHEN it ends"}, whyFlag()},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			via, err := channelArg(c)
			if err != nil {
				return err
			}
			if c.String("until") == "" {
				return fmt.Errorf("--until: until when? for example --until 'tomorrow 9am'; %w", errUsage)
			}
			until, err := f.moment(c, "until")
			if err != nil {
				return err
			}
			if err := f.desk.Pause(ctx, via, until, f.acts(c)); err != nil {
				return f.wish(err)
			}
			fmt.Fprintf(sys.stdout, "Paused: %s, until %s. To end it: followup resume %s\n", via, f.view().Say(until), via)
			return nil
		}),
	}
}

func resumeCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "resume", Usage: "end the pause of a channel, whoever made it", ArgsUsage: "email|sms",
		Description: "Example:  followup resume sms",
		Flags:       []cli.Flag{whyFlag()},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			via, err := channelArg(c)
			if err != nil {
				return err
			}
			if err := f.desk.Resume(ctx, via, f.acts(c)); err != nil {
				return f.wish(err)
			}
			fmt.Fprintf(sys.stdout, "Resumed: %s. What waited goes within some minutes.\n", via)
			return nil
		}),
	}
}

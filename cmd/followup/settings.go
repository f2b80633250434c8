package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/config"
)

func configCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "config", Usage: "print every setting, its value and where it comes from; secrets stay hidden",
		Description: "Example:  followup config\n          followup config --json",
		Flags:       []cli.Flag{jsonFlag()},
		Action: func(_ context.Context, c *cli.Command) error {
			settings, err := config.Load(sys.env, config.Run)
			if err := settings.Print(sys.stdout, c.Bool("json")); err != nil {
				return err
			}
			// To look at settings that are not there yet is no mistake.
			found, _ := errors.AsType[config.Faults](err)
			wrong := slices.DeleteFunc(slices.Clone(found), config.Fault.Missing)
			_, err = furnished(settings, found, slog.New(slog.DiscardHandler))
			if len(wrong) > 0 {
				err = errors.Join(wrong, err)
			}
			return err
		},
	}
}

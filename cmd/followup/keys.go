package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/seal"
)

func keysCommand(sys system) *cli.Command {
	return &cli.Command{
		Name:        "keys",
		Usage:       "make and rotate the key set that seals what is personal",
		Description: "Example:  followup keys new > /etc/followup/keyset",
		Commands: []*cli.Command{
			{
				Name:  "new",
				Usage: "print a new key set: keep it secret, outside Redis, and backed up",
				Description: "Example:  followup keys new > /etc/followup/keyset && chmod 600 /etc/followup/keyset\n" +
					"Without it nothing that was sealed can be read again.",
				Action: func(context.Context, *cli.Command) error {
					fmt.Fprintln(sys.stdout, seal.New())
					return nil
				},
			},
			{
				Name:        "rotate",
				Usage:       "print the key set of FOLLOWUP_KEYSET with a fresh key in front; old records still open",
				Description: "Example:  FOLLOWUP_KEYSET_FILE=/etc/followup/keyset followup keys rotate > keyset.new",
				Action: func(context.Context, *cli.Command) error {
					text, err := config.Keyset(sys.env)
					if err != nil {
						return err
					}
					rotated, err := seal.Rotate(strings.TrimSpace(text))
					if err != nil {
						return fmt.Errorf("FOLLOWUP_KEYSET: %w", err)
					}
					fmt.Fprintln(sys.stdout, rotated)
					return nil
				},
			},
		},
	}
}

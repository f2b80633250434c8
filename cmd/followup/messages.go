package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/desk"
)

func messagesCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "messages", Usage: "look at messages that did not reach their readers",
		Commands: []*cli.Command{
			{
				Name: "failed", Usage: "list the messages that were not delivered, are not known, or could not be sent",
				Description: "Example:  followup messages failed\n          followup messages failed --json",
				Flags:       []cli.Flag{fullFlag(), mostFlag(30), jsonFlag()},
				Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
					failed, total, err := f.view().Failed(ctx, c.Int("most"))
					if err != nil {
						return err
					}
					if !c.Bool("full") {
						for i := range failed {
							failed[i].Who = nil
						}
					}
					if c.Bool("json") {
						return printJSON(sys.stdout, struct {
							Total    int64       `json:"total"`
							Messages []desk.Plan `json:"messages"`
						}{total, append([]desk.Plan{}, failed...)})
					}
					fmt.Fprintf(sys.stdout, "%d did not reach their readers in the last 60 days\n", total)
					t := grid{head: []string{"WHEN", "ITEM", "WHO", "WHAT"}}
					for _, p := range failed {
						t.add(f.view().Say(p.At), p.Item, named(p.Brief), p.Text)
					}
					return t.print(sys)
				}),
			},
		},
	}
}

package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/ledger"
)

func inboxCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "inbox", Usage: "show what waits for the desk: new, past the promised time, to be called, replied",
		Description: "Example:  followup inbox\n          followup inbox --full --most 50",
		Flags:       []cli.Flag{fullFlag(), mostFlag(20), jsonFlag()},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			in, err := f.view().Inbox(ctx, c.Int("most"))
			if err != nil {
				return err
			}
			if !c.Bool("full") {
				for i := range in.Tasks {
					in.Tasks[i].Mask()
				}
			}
			if c.Bool("json") {
				return printJSON(sys.stdout, in)
			}
			return printInbox(sys, in, f.view())
		}),
	}
}

func printInbox(sys system, in desk.Inbox, v *desk.View) error {
	fmt.Fprintf(sys.stdout, "%d new · %d waiting past the promised time · %d to call · %d replied\n", in.New, in.Waiting, in.Call, in.Replied)
	t := grid{head: []string{"ITEM", "WHO", "SINCE", "WHAT"}}
	for _, task := range in.Tasks {
		t.add(task.Item, named(task.Brief), v.Say(task.Since), todo(task, v))
	}
	if len(t.rows) == 0 {
		fmt.Fprintln(sys.stdout, "Nothing waits.")
		return nil
	}
	return t.print(sys)
}

// todo says what to do, and by when.
func todo(t desk.Task, v *desk.View) string {
	switch {
	case t.Tray == ledger.TrayCall && t.Best != nil:
		return t.Text + ", " + t.Phone + ", best " + span(*t.Best, v)
	case t.Tray == ledger.TrayCall && t.Phone != "":
		return t.Text + ", " + t.Phone
	case t.Late:
		return t.Text + ": PAST " + v.Say(t.By)
	case t.By.IsZero():
		return t.Text
	default:
		return t.Text + ": by " + v.Say(t.By)
	}
}

package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

func eraseCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "erase", Usage: "remove a person; what proves consent and what blocks an address stays, without the person", ArgsUsage: "PERSON",
		Description: "Example:  followup erase 7F3K          (says what would go)\n" +
			"          followup erase 7F3K --yes    (removes it)\n" + whomHelp,
		Flags: []cli.Flag{&cli.BoolFlag{Name: "yes", Usage: "do it; without this it only says what would go"}, jsonFlag()},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			p, n, err := f.person(ctx, c)
			if err != nil {
				return err
			}
			queued, err := f.queuedForms(ctx)
			if err != nil {
				return err
			}
			done := c.Bool("yes")
			var e ledger.Erasure
			if done {
				e, err = f.desk.Erase(ctx, p.ID, desk.By{Name: f.by})
			} else {
				e, err = f.ledger.Erasing(ctx, p.ID)
			}
			if err != nil {
				return f.wish(err)
			}
			if c.Bool("json") {
				return printJSON(sys.stdout, struct {
					ledger.Erasure
					Done   bool  `json:"done"`
					Queued int64 `json:"queued"` // forms of anybody that wait to be taken in
				}{e, done, queued})
			}
			printErasure(sys.stdout, f.about(p, n), e, done)
			printQueued(sys.stdout, queued, done)
			return nil
		}),
	}
}

// ways names the ways in words.
var ways = map[contact.Via]string{contact.ViaEmail: "email", contact.ViaSMS: "text"}

func printErasure(w io.Writer, whom string, e ledger.Erasure, done bool) {
	removes, keeps := "Would remove", "Would keep"
	if done {
		removes, keeps = "Removed", "Kept"
	}
	fmt.Fprintf(w, "%s %s: name, addresses, %s, %s, %s and the timeline.\n", removes, whom,
		many(e.Submissions, "form"), many(e.Replies, "reply"), many(e.Messages, "message"))
	if e.Unread {
		fmt.Fprintln(w, "  Nobody has marked all that this person wrote as read.")
	}
	if e.Cancelled > 0 {
		fmt.Fprintf(w, "  %s not sent yet: cancelled.\n", many(e.Cancelled, "message"))
	}
	if e.InHand > 0 {
		fmt.Fprintf(w, "  %s with the provider at this moment: it may still arrive.\n", many(e.InHand, "message"))
	}
	fmt.Fprintf(w, "%s, sealed under keyed hashes of the addresses:\n", keeps)
	for _, k := range e.Kept {
		fmt.Fprintf(w, "  by %s: proof of %s and %s; %s\n", ways[k.Via], many(k.Grants, "consent"), many(k.Sent, "message"), blocks(k.Blocked))
	}
	if !done {
		fmt.Fprintln(w, "Nothing was removed. Add --yes to do it; it cannot be undone.")
	}
}

// queuedForms counts what waits to be taken into the ledger. It lies sealed, so
// whose it is nobody can tell; what follows from providers' reports counts too.
func (f *frontDesk) queuedForms(ctx context.Context) (n int64, err error) {
	queues, err := tasks.Depths(ctx, f.redis)
	for _, q := range queues {
		if q.Name == tasks.QueueIntake {
			for _, waiting := range q.States {
				n += waiting
			}
		}
	}
	return n, err
}

func printQueued(w io.Writer, n int64, done bool) {
	if n == 0 {
		return
	}
	fmt.Fprintf(w, "%s in the queue, not taken in yet: forms of anybody.\n", many(int(n), "task"))
	if done {
		fmt.Fprintln(w, "  What this person sent before now, under the same email address, or the same number and no address, is dropped when its turn comes.\n"+
			"  Under another address the person comes back: look again once the queue is empty.")
	}
}

// blocks says what stands against an address.
func blocks(reasons []gate.Suppression) string {
	if len(reasons) == 0 {
		return "no block"
	}
	var said []string
	for _, why := range reasons {
		said = append(said, gate.Reason(why).Say())
	}
	return "still blocked: " + strings.Join(said, " ")
}

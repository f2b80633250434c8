package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/ledger"
)

// ending is what staff note of a person, and what ends with it.
type ending struct {
	name, usage, said string
	do                func(d *desk.Desk, ctx context.Context, id contact.ID, n int, by desk.By) (desk.Stopped, error)
}

// endings are commands of one shape. None of them tells the person anything.
var endings = []ending{
	{"called", "note that somebody has called the person: the follow-ups end", "Called", (*desk.Desk).Called},
	{"answered", "note that somebody has answered the person: the follow-ups end", "Answered", (*desk.Desk).Answered},
	{"booked", "note that the person has booked: the follow-ups end", "Booked", (*desk.Desk).Booked},
	{"not-interested", "note that the person wants no more of it: follow-ups and reminders end", "Not interested", (*desk.Desk).NotInterested},
	{"wrong-number", "note that somebody else has this number: no text goes there any more", "Wrong number", (*desk.Desk).WrongNumber},
	{"stop", "note that the person wants nothing more: follow-ups and reminders end, texts and follow-ups are blocked", "Wants nothing more", (*desk.Desk).Stop},
}

func endingCommands(sys system) (all []*cli.Command) {
	for _, e := range endings {
		all = append(all, endingCommand(sys, e))
	}
	return all
}

func endingCommand(sys system, e ending) *cli.Command {
	return &cli.Command{
		Name: e.name, Usage: e.usage, ArgsUsage: "PERSON",
		Description: "Example:  followup " + e.name + " 7F3K\n" +
			"          followup " + e.name + " '(303) 555-0142' --why 'said so by phone' --by Bea\n" +
			"It says what it has stopped; twice is once. By an item, up to that submission; else all.\n" + whomHelp,
		Flags: []cli.Flag{whyFlag(), jsonFlag()},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			p, n, err := f.person(ctx, c)
			if err != nil {
				return err
			}
			stopped, err := e.do(f.desk, ctx, p.ID, n, f.acts(c))
			if err != nil {
				return f.wish(err)
			}
			return f.printStopped(sys, p, n, e.said, stopped, c.Bool("json"))
		}),
	}
}

// printStopped says what an operation has kept from going, and what it came too
// late for.
func (f *frontDesk) printStopped(sys system, p *ledger.Person, n int, said string, s desk.Stopped, asJSON bool) error {
	v := f.view()
	if asJSON {
		return printJSON(sys.stdout, struct {
			Contact contact.ID  `json:"contact"`
			Item    string      `json:"item"`
			Stopped []desk.Line `json:"stopped"`
			Gone    []desk.Line `json:"gone"`
		}{p.ID, f.links().Item(p.ID, n), v.Lines(p, s.Stopped), v.Lines(p, s.Gone)})
	}
	fmt.Fprintf(sys.stdout, "%s: %s.\n", said, f.about(p, n))
	if len(s.Stopped) > 0 {
		printWrapped(sys.stdout, "Stopped: "+names(s.Stopped)+".")
	}
	for _, m := range s.Gone {
		text := "Too late for " + desk.Message(m.Entry, m.Via)
		if m.Row.State == ledger.Sending {
			text += ": it is already with the carrier"
		} else {
			text += ": " + strings.ReplaceAll(string(m.Row.State), "_", " ")
		}
		printWrapped(sys.stdout, text+".")
	}
	if len(s.Stopped)+len(s.Gone) == 0 {
		fmt.Fprintln(sys.stdout, "There was nothing to stop.")
	}
	return nil
}

// names lists messages in the middle of a sentence, those of one name once:
// "follow-up 1 by email, reminder by text (3)".
func names(all []ledger.Planned) string {
	var said []string
	times := map[string]int{}
	for _, m := range all {
		name := desk.Message(m.Entry, m.Via)
		if times[name]++; times[name] == 1 {
			said = append(said, name)
		}
	}
	for i, name := range said {
		if times[name] > 1 {
			said[i] = fmt.Sprintf("%s (%d)", name, times[name])
		}
	}
	return strings.Join(said, ", ")
}

func readCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "read", Usage: "note that you have read what the person wrote: what waited for that goes on", ArgsUsage: "PERSON",
		Description: "Example:  followup contacts show 7F3K --full && followup read 7F3K\n" +
			"By an item, up to that submission; with it all replies so far.\n" + whomHelp,
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			p, n, err := f.person(ctx, c)
			if err != nil {
				return err
			}
			if p.Heard > 0 {
				if err := f.desk.ReadReply(ctx, p.ID, p.Heard, f.by); err != nil {
					return err
				}
			}
			if err := f.desk.Read(ctx, p.ID, n, f.by); err != nil {
				return err
			}
			fmt.Fprintf(sys.stdout, "Read: %s.\n", f.about(p, n))
			return nil
		}),
	}
}

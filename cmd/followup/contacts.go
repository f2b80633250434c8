package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/ledger"
)

// view is what staff see from here.
func (f *frontDesk) view() *desk.View { return f.house.view(f.redis) }

// The flags that commands of staff share.
func jsonFlag() cli.Flag { return &cli.BoolFlag{Name: "json", Usage: "as JSON"} }
func fullFlag() cli.Flag {
	return &cli.BoolFlag{Name: "full", Usage: "names, addresses, numbers and words, not the initials alone"}
}
func mostFlag(n int) cli.Flag {
	return &cli.IntFlag{Name: "most", Value: n, Usage: "how many to list"}
}

// whomHelp says how a person is named on the command line.
const whomHelp = "PERSON is an item (7F3K), an id, an email address, a phone number, or whole words of the name."

// atDesk opens the front desk for one command.
func atDesk(sys system, do func(ctx context.Context, c *cli.Command, f *frontDesk) error) cli.ActionFunc {
	return func(ctx context.Context, c *cli.Command) error {
		if most := c.Int("most"); c.IsSet("most") && (most < 1 || most > 1000) {
			return fmt.Errorf("--most: takes 1 to 1000; %w", errUsage)
		}
		f, err := sys.staff(ctx, c)
		if err != nil {
			return err
		}
		defer f.close()
		return do(ctx, c, f)
	}
}

// whomArg is the person that a command names: all its words from place i on.
func whomArg(c *cli.Command, i int) (string, error) {
	words := c.Args().Slice()
	if len(words) <= i {
		return "", fmt.Errorf("%s: whom? %s; %w", c.FullName(), strings.TrimSuffix(whomHelp, "."), errUsage)
	}
	return strings.Join(words[i:], " "), nil
}

// person finds the one person that the words of a command name, and the
// submission meant.
func (f *frontDesk) person(ctx context.Context, c *cli.Command) (*ledger.Person, int, error) {
	whom, err := whomArg(c, 0)
	if err != nil {
		return nil, 0, err
	}
	return f.view().One(ctx, whom)
}

func contactsCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "contacts", Usage: "find people, and show everything about one",
		Description: "Example:  followup contacts find maría lópez",
		Commands: []*cli.Command{
			{
				Name: "find", Usage: "find people", ArgsUsage: "PERSON",
				Description: "Example:  followup contacts find maría lópez\n" +
					"          followup contacts find '(303) 555-0142' --full\n" +
					"          followup contacts find 7F3K --json\n" + whomHelp,
				Flags: []cli.Flag{fullFlag(), mostFlag(20), jsonFlag()},
				Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
					whom, err := whomArg(c, 0)
					if err != nil {
						return err
					}
					found, total, err := f.view().Find(ctx, whom, c.Int("most"))
					if err != nil {
						return err
					}
					return printFound(sys, found, total, c.Bool("full"), c.Bool("json"), f.view())
				}),
			},
			{
				Name: "show", Usage: "show everything about one person, in plain words", ArgsUsage: "PERSON",
				Description: "Example:  followup contacts show 7F3K\n" +
					"          followup contacts show ann@example.com --full\n" + whomHelp,
				Flags: []cli.Flag{fullFlag(), jsonFlag()},
				Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
					p, n, err := f.person(ctx, c)
					if err != nil {
						return err
					}
					card, err := f.view().Show(ctx, p, n)
					if err != nil {
						return err
					}
					if !c.Bool("full") {
						card.Mask()
					}
					if c.Bool("json") {
						return printJSON(sys.stdout, card)
					}
					return printCard(sys, card, f.view())
				}),
			},
		},
	}
}

func printFound(sys system, found []desk.Brief, total int, full, asJSON bool, v *desk.View) error {
	for i := range found {
		if !full {
			found[i].Mask()
		}
	}
	if asJSON {
		return printJSON(sys.stdout, struct {
			Total  int          `json:"total"`
			People []desk.Brief `json:"people"`
		}{total, found})
	}
	if total == 0 {
		return desk.ErrNobody
	}
	t := grid{head: []string{"ITEM", "CONTACT", "WROTE", "WHO", "STANDS"}}
	for _, b := range found {
		t.add(b.Item, string(b.ID), v.Say(b.Wrote), named(b), b.Stands)
	}
	if err := t.print(sys); err != nil {
		return err
	}
	if total > len(found) {
		fmt.Fprintf(sys.stdout, "and %d more: add a word, or --most %d\n", total-len(found), min(total, 1000))
	}
	return nil
}

// named is how a person stands in a table: the name where it may be shown, of
// who gave none the number and the address.
func named(b desk.Brief) string {
	if b.Who == nil {
		return b.Initials
	}
	return cmp.Or(oneLine(string(b.Who.Name)), reachedBy(b.Who), b.Initials)
}

// reachedBy lists where a person is reached.
func reachedBy(w *desk.Who) string {
	var by []string
	if w.Phone != "" {
		by = append(by, w.Phone.National())
	}
	if w.Email != "" {
		by = append(by, string(w.Email))
	}
	return strings.Join(by, ", ")
}

func printCard(sys system, c desk.Card, v *desk.View) error {
	fmt.Fprintf(sys.stdout, "%s  item %s  contact %s\n", sys.bold(named(c.Brief)), c.Item, c.ID)
	facts := [][2]string{{"stands", c.Stands}, {"wrote", v.Say(c.Wrote)}}
	if c.Who != nil {
		facts = append(facts, [2]string{"reach", reachedBy(c.Who)})
	}
	language := map[contact.Language]string{contact.English: "English", contact.Spanish: "Spanish"}[c.Language]
	facts = append(facts, [2]string{"language", language}, [2]string{"prefers", string(c.Preferred)},
		[2]string{"agreed to", strings.Join(c.Agreed, ", ")}, [2]string{"blocked", strings.Join(c.Blocked, "; ")})
	if c.Best != nil {
		facts = append(facts, [2]string{"call", "best " + span(*c.Best, v)})
	}
	for _, fact := range facts {
		if fact[1] != "" {
			fmt.Fprintf(sys.stdout, "  %-10s %s\n", fact[0], fact[1])
		}
	}
	planned, timeline := grid{head: []string{"PLANNED"}}, grid{head: []string{"WHEN", "WHAT HAPPENED"}}
	for _, l := range c.Planned {
		planned.add(l.Text)
	}
	for _, m := range c.Timeline {
		text := beside(v.Say(m.At), m.Text)
		if m.By != "" {
			text += " (by " + oneLine(m.By) + ")"
		}
		if m.Said != nil && *m.Said != "" {
			text += ": “" + oneLine(*m.Said) + "”"
		}
		timeline.add(v.Say(m.At), text)
	}
	for _, t := range []grid{planned, timeline} {
		if len(t.rows) > 0 {
			fmt.Fprintln(sys.stdout)
		}
		if err := t.print(sys); err != nil {
			return err
		}
	}
	return nil
}

// span says some hours of a day.
func span(h desk.Hours, v *desk.View) string {
	from, to := h.From.In(v.Zone), h.To.In(v.Zone)
	return from.Format("Mon 2 Jan 15:04–") + to.Format("15:04 MST")
}

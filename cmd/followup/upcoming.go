package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/hours"
)

func upcomingCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "upcoming", Usage: "show what goes out: today, this week, or to one person", ArgsUsage: "[PERSON]",
		Description: "Example:  followup upcoming\n" +
			"          followup upcoming --week --full\n" +
			"          followup upcoming 7F3K\n" + whomHelp,
		Flags: []cli.Flag{&cli.BoolFlag{Name: "week", Usage: "the next seven days, not today alone"}, fullFlag(), mostFlag(30), jsonFlag()},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			v := f.view()
			u, err := desk.Upcoming{}, error(nil)
			span := "today"
			if c.Args().Present() {
				p, _, missing := f.person(ctx, c)
				if missing != nil {
					return missing
				}
				u, span = v.UpcomingOf(p), "to this person"
			} else {
				until := hours.Midnight(v.Now(), v.Zone, 1)
				if c.Bool("week") {
					until, span = hours.Midnight(v.Now(), v.Zone, 7), "within a week"
				}
				u, err = v.Upcoming(ctx, until, c.Int("most"))
			}
			if err != nil {
				return err
			}
			if !c.Bool("full") {
				for i := range u.Next {
					u.Next[i].Mask()
				}
			}
			if c.Bool("json") {
				return printJSON(sys.stdout, u)
			}
			if err := printUpcoming(sys, u, span, v); err != nil {
				return err
			}
			return f.printPauses(ctx, sys.stdout)
		}),
	}
}

func printUpcoming(sys system, u desk.Upcoming, span string, v *desk.View) error {
	fmt.Fprintln(sys.stdout, upcomingCounts(u, span))
	t := grid{head: []string{"WHEN", "ITEM", "WHO", "WHAT"}}
	for _, p := range u.Next {
		when := v.Say(p.Due)
		t.add(when, p.Item, named(p.Brief), beside(when, p.Text))
	}
	return t.print(sys)
}

func upcomingCounts(u desk.Upcoming, span string) string {
	var counts []string
	for _, kind := range slices.Sorted(maps.Keys(u.Counts)) {
		counts = append(counts, many(u.Counts[kind], kind))
	}
	if u.Held > 0 {
		counts = append(counts, fmt.Sprintf("%d held", u.Held))
	}
	if len(counts) == 0 {
		counts = []string{"nothing"}
	}
	if u.All {
		return strings.Join(counts, " · ") + " " + span
	}
	return fmt.Sprintf("%d people get something %s; the first %d of them: %s", u.People, span, u.Read, strings.Join(counts, " · "))
}

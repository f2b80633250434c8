package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
)

func hoursCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "hours", Usage: "print when messages to somebody may go next, and why", ArgsUsage: "[PERSON]",
		Description: "Example:  followup hours 7F3K\n" +
			"          followup hours +19285550142 --zone America/Phoenix\n" +
			"          followup hours --zone America/Phoenix\n" +
			"Of a number that nobody has given, the prefix tells where it is.\n" + whomHelp,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "zone", Usage: "the browser's zone, by its IANA name (default: the one that came with the form)"},
			jsonFlag(),
		},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			s, err := f.whereabouts(ctx, c)
			if err != nil {
				return err
			}
			told := f.tellHours(s, f.clock.Now())
			if c.Bool("json") {
				return printJSON(sys.stdout, told)
			}
			printHours(sys.stdout, told)
			return nil
		}),
	}
}

// whereabouts gives the zone and the number of a form, of a number that nobody
// gave the number alone, and in place of the form's zone the one named.
func (f *frontDesk) whereabouts(ctx context.Context, c *cli.Command) (s contact.Submission, err error) {
	zone := c.String("zone")
	if _, err := time.LoadLocation(zone); err != nil {
		return s, fmt.Errorf("--zone: %q is no time zone: write its IANA name, such as America/Denver; %w", zone, errUsage)
	}
	if c.Args().Present() || zone == "" {
		p, n, err := f.person(ctx, c)
		at, ok := desk.Address(strings.Join(c.Args().Slice(), " "))
		switch {
		case err == nil:
			s = p.Submissions[n-1]
		case errors.Is(err, desk.ErrNobody) && ok && at.Via == contact.ViaSMS:
			s.Phone = contact.Phone(at.Address)
		default:
			return s, err
		}
	}
	s.Zone = cmp.Or(zone, s.Zone)
	return s, nil
}

// toldHours is when messages may go and why.
type toldHours struct {
	Now     time.Time     `json:"now"`
	Zones   []toldZone    `json:"zones"`
	Ignored []string      `json:"ignored"` // what tells no place
	Ways    []toldOpening `json:"ways"`
}

type toldZone struct {
	Zone string `json:"zone"`
	From string `json:"why"`
}

type toldOpening struct {
	What     string          `json:"what"`
	Openings []hours.Opening `json:"openings"` // none with Why
	Why      string          `json:"why,omitempty"`
	Notes    []string        `json:"notes"`
	zones    []*time.Location
}

// openingsTold is how many openings are told.
const openingsTold = 3

// tellHours finds the candidates as the gate does, and what each way keeps.
func (h *house) tellHours(s contact.Submission, now time.Time) toldHours {
	t := toldHours{Now: now.UTC(), Zones: []toldZone{}, Ignored: []string{}}
	browser, prefix := hours.Zones(s.Zone, nil), hours.Zones("", s.Phone.Zones())
	for _, z := range browser {
		t.Zones = append(t.Zones, toldZone{z.String(), "from the browser"})
	}
	for _, z := range prefix {
		t.Zones = append(t.Zones, toldZone{z.String(), "from the number's prefix"})
	}
	if s.Zone != "" && len(browser) == 0 {
		t.Ignored = append(t.Ignored, fmt.Sprintf("the browser's zone %q tells no place", s.Zone))
	}
	if s.Phone != "" && len(prefix) == 0 {
		t.Ignored = append(t.Ignored, "the number's prefix tells no place")
	}
	if len(t.Zones) == 0 {
		for _, z := range hours.Continental() {
			t.Zones = append(t.Zones, toldZone{z.String(), "for texts: no place is known, so every zone of the continental United States"})
		}
		t.Zones = append(t.Zones, toldZone{h.zone.String(), "for emails: no place is known, so the clinic's zone"})
	}
	t.Ways = append(t.Ways, toldOpening{What: "confirmations and reminders by email", Why: "at any time", Openings: []hours.Opening{}, Notes: []string{}})
	for _, way := range []struct {
		what    string
		via     contact.Via
		windows hours.Windows
	}{
		{"follow-ups by email", contact.ViaEmail, h.windows},
		{"confirmations and follow-ups by text", contact.ViaSMS, h.windows},
		{"reminders by text", contact.ViaSMS, h.reminders},
	} {
		o := toldOpening{What: way.what, Openings: []hours.Opening{}, Notes: []string{}, zones: gate.Zones(s, way.via, h.zone)}
		switch {
		case way.via == contact.ViaSMS && s.Phone != "" && !s.Phone.Textable():
			o.Why = "never: no automated text goes to a number of this kind"
		default:
			o.Openings = append(o.Openings, way.windows.Openings(now, o.zones, openingsTold)...)
			if len(o.Openings) == 0 {
				o.Why = "never: no hour within seven days is inside the window in every zone; please call"
				break
			}
			seen := map[string]bool{}
			for _, z := range o.zones {
				for _, note := range way.windows.Notes(now, o.Openings[len(o.Openings)-1].To, z) {
					if !seen[note] {
						o.Notes = append(o.Notes, note)
					}
					seen[note] = true
				}
			}
		}
		t.Ways = append(t.Ways, o)
	}
	return t
}

func printHours(w io.Writer, t toldHours) {
	fmt.Fprintf(w, "Now it is %s. A message must be inside its window in every zone:\n", t.Now.Format("Mon 2 Jan 2006 15:04 MST"))
	for _, z := range t.Zones {
		fmt.Fprintf(w, "  %-20s %s\n", z.Zone, z.From)
	}
	for _, ignored := range t.Ignored {
		fmt.Fprintf(w, "  Ignored: %s.\n", ignored)
	}
	for _, o := range t.Ways {
		fmt.Fprintf(w, "\n%s%s\n", strings.ToUpper(o.What[:1]), o.What[1:])
		if o.Why != "" {
			fmt.Fprintf(w, "  %s\n", o.Why)
		}
		for _, opening := range o.Openings {
			var local []string
			shown := map[string]bool{}
			for _, z := range o.zones {
				text := opening.From.In(z).Format("Mon 2 Jan 15:04") + "–" + opening.To.In(z).Format("15:04 MST")
				if !shown[text] {
					local = append(local, text)
				}
				shown[text] = true
			}
			fmt.Fprintf(w, "  %s\n", strings.Join(local, " = "))
		}
		for _, note := range o.Notes {
			fmt.Fprintf(w, "    %s\n", note)
		}
	}
}

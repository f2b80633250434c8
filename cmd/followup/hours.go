package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
)

func hoursCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "hours", Usage: "print when messages to somebody may go next, and why",
		Description: "Example:  followup hours --phone +19285550142 --zone America/Phoenix",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "contact", Usage: "the person's id: the zone and the number of the newest form"},
			&cli.StringFlag{Name: "phone", Usage: "a phone number"},
			&cli.StringFlag{Name: "zone", Usage: "the browser's zone, by its IANA name"},
			jsonFlag(),
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			var s contact.Submission
			switch id, phone := c.String("contact"), c.String("phone"); {
			case (id != "") == (phone != "" || c.String("zone") != ""):
				return fmt.Errorf("name --contact, or --phone, --zone or both; %w", errUsage)
			case phone != "":
				p, err := contact.ParsePhone(phone)
				if err != nil {
					return fmt.Errorf("--phone: %w: write it like +13035550142; %w", err, errUsage)
				}
				s.Phone = p
			}
			if s.Zone = c.String("zone"); s.Zone != "" {
				if _, err := time.LoadLocation(s.Zone); err != nil {
					return fmt.Errorf("--zone: %q is no time zone: write its IANA name, such as America/Denver; %w", s.Zone, errUsage)
				}
			}
			f, err := sys.staff(ctx, c)
			if err != nil {
				return err
			}
			defer f.close()
			if id := contact.ID(c.String("contact")); id != "" {
				p, err := f.ledger.Person(ctx, id)
				if err != nil {
					return noSuch(err)
				}
				s = p.Submissions[len(p.Submissions)-1]
			}
			told := f.tellHours(s, f.clock.Now())
			if c.Bool("json") {
				return printJSON(sys.stdout, told)
			}
			printHours(sys.stdout, told)
			return nil
		},
	}
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

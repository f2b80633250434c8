package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/ledger"
)

// meetingFlags say when and where an appointment is.
func meetingFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "at", Usage: "WHEN it is"},
		&cli.StringFlag{Name: "zone", Usage: "the IANA zone in which the person is told the time (default: the clinic's)"},
		&cli.StringFlag{Name: "place", Usage: "where it is, as people find it"},
		&cli.StringFlag{Name: "kind", Usage: "visit, call or video (default: visit)"},
		&cli.BoolFlag{Name: "tell", Usage: "send the person a message about it; else nobody is told"},
		whyFlag(), jsonFlag(),
	}
}

func (f *frontDesk) meeting(c *cli.Command) (desk.Meeting, error) {
	at, err := f.moment(c, "at")
	zone := c.String("zone")
	if named := at.Location().String(); zone == "" && strings.Contains(named, "/") && named != f.zone.String() {
		zone = named
	}
	return desk.Meeting{
		At: at, Zone: zone, Place: contact.Private(c.String("place")), Kind: ledger.Kind(c.String("kind")), Tell: c.Bool("tell"),
	}, err
}

func appointmentsCommand(sys system) *cli.Command {
	number := &cli.IntFlag{Name: "appointment", Usage: "its number", DefaultText: "the only one that is ahead"}
	return &cli.Command{
		Name: "appointments", Usage: "make, move and cancel appointments; what hangs on them moves with them",
		Description: "Example:  followup appointments add 7F3K --at 'Fri 14:00'",
		Commands: []*cli.Command{
			{
				Name: "list", Usage: "list the appointments of a person, with what goes out about each", ArgsUsage: "PERSON",
				Description: "Example:  followup appointments list 7F3K\n" + whomHelp,
				Flags:       []cli.Flag{fullFlag(), jsonFlag()},
				Action:      atDesk(sys, listAppointments(sys)),
			},
			{
				Name: "add", Usage: "make an appointment: the follow-ups end, and its reminders are planned", ArgsUsage: "PERSON",
				Description: "Example:  followup appointments add 7F3K --at '2026-12-01 14:00' --tell\n" +
					"          followup appointments add ann@example.com --at 'Fri 10:30 America/Chicago' --kind call\n" + whomHelp + "\n" + whenHelp,
				Flags: meetingFlags(),
				Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
					if c.String("at") == "" {
						return fmt.Errorf("--at: when is it? %s; %w", strings.TrimSuffix(whenHelp, "."), errUsage)
					}
					p, n, err := f.person(ctx, c)
					if err != nil {
						return err
					}
					m, err := f.meeting(c)
					if err != nil {
						return err
					}
					b, err := f.desk.Schedule(ctx, p.ID, m, f.acts(c))
					return f.booked(sys, c, p, n, "Made", b, err)
				}),
			},
			{
				Name: "move", Usage: "change the time, the place or the kind of an appointment", ArgsUsage: "PERSON",
				Description: "Example:  followup appointments move 7F3K --at 'Fri 15:00' --tell\n" + whomHelp + "\n" + whenHelp,
				Flags:       append(meetingFlags(), number),
				Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
					p, n, err := f.person(ctx, c)
					if err != nil {
						return err
					}
					m, err := f.meeting(c)
					if err != nil {
						return err
					}
					if m == (desk.Meeting{}) {
						return fmt.Errorf("say what changes: --at, --zone, --place or --kind; %w", errUsage)
					}
					k, err := f.appointment(c, p)
					if err != nil {
						return err
					}
					b, err := f.desk.Reschedule(ctx, p.ID, k, m, f.acts(c))
					return f.booked(sys, c, p, n, "Changed", b, err)
				}),
			},
			{
				Name: "cancel", Usage: "call an appointment off: nothing about it goes any more", ArgsUsage: "PERSON",
				Description: "Example:  followup appointments cancel 7F3K --tell --why 'the doctor is ill'\n" + whomHelp,
				Flags:       []cli.Flag{number, &cli.BoolFlag{Name: "tell", Usage: "send the person a message about it; else nobody is told"}, whyFlag(), jsonFlag()},
				Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
					p, n, err := f.person(ctx, c)
					if err != nil {
						return err
					}
					k, err := f.appointment(c, p)
					if err != nil {
						return err
					}
					b, err := f.desk.CancelAppointment(ctx, p.ID, k, c.Bool("tell"), f.acts(c))
					return f.booked(sys, c, p, n, "Cancelled", b, err)
				}),
			},
		},
	}
}

// appointment is the number that a command names, or that of the only one that
// is ahead.
func (f *frontDesk) appointment(c *cli.Command, p *ledger.Person) (int, error) {
	if k := c.Int("appointment"); c.IsSet("appointment") {
		if k < 1 || k > len(p.Appointments) {
			return 0, fmt.Errorf("--appointment: there is no %d; `followup appointments list` has the numbers", k)
		}
		return k, nil
	}
	var ahead []string
	for _, a := range p.Appointments {
		if !a.Cancelled && a.At.After(f.clock.Now()) {
			ahead = append(ahead, strconv.Itoa(a.K))
		}
	}
	switch len(ahead) {
	case 0:
		return 0, errors.New("--appointment: none is ahead; name one by its number, as `followup appointments list` has it")
	case 1:
	default:
		return 0, fmt.Errorf("--appointment: %d are ahead (%s); name one by its number, as `followup appointments list` has it", len(ahead), strings.Join(ahead, ", "))
	}
	return strconv.Atoi(ahead[0])
}

// meeting is an appointment as it is printed.
type meeting struct {
	Appointment int         `json:"appointment"`
	At          time.Time   `json:"at"`
	Zone        string      `json:"zone"`
	Kind        ledger.Kind `json:"kind"`
	Place       string      `json:"place,omitempty"`
	Cancelled   bool        `json:"cancelled"`
	Planned     []desk.Line `json:"planned"`
}

func (f *frontDesk) printed(p *ledger.Person, a ledger.Appointment, planned []ledger.Planned) meeting {
	at := a.At.In(f.zone)
	if there, ok := a.In(a.At); ok {
		at = there
	}
	return meeting{a.K, at, a.Zone, a.Kind, "", a.Cancelled, f.view().Lines(p, planned)}
}

// say names the moment in the zone in which the person is told it, and in the
// clinic's where that is another one.
func (m meeting) say(v *desk.View) string {
	said := m.At.Format("Mon 2 Jan 2006 15:04 MST")
	if clinic := m.At.In(v.Zone); clinic.Format("15:04 MST") != m.At.Format("15:04 MST") {
		said += " (" + clinic.Format("15:04 MST") + " at the clinic)"
	}
	return said
}

func (f *frontDesk) booked(sys system, c *cli.Command, p *ledger.Person, n int, said string, b desk.Booking, err error) error {
	if err != nil {
		return f.wish(err)
	}
	m := f.printed(p, b.Appointment, b.Planned)
	if c.Bool("json") {
		return printJSON(sys.stdout, struct {
			Contact contact.ID `json:"contact"`
			meeting
			Refused map[string]string `json:"refused,omitempty"`
			Ended   []desk.Line       `json:"ended"`
		}{p.ID, m, refusals(b.Refused), f.view().Lines(p, b.Ended)})
	}
	fmt.Fprintf(sys.stdout, "%s: appointment %d of %s, %s %s.\n", said, m.Appointment, f.about(p, n), m.Kind, m.say(f.view()))
	for _, l := range m.Planned {
		printWrapped(sys.stdout, l.Text)
	}
	printRefusals(sys.stdout, p, b.Refused)
	if len(m.Planned) == 0 {
		fmt.Fprintln(sys.stdout, "Nothing goes out about it.")
	}
	if len(b.Ended) > 0 {
		printWrapped(sys.stdout, "Stopped: "+names(b.Ended)+".")
	}
	return nil
}

func listAppointments(sys system) func(context.Context, *cli.Command, *frontDesk) error {
	return func(ctx context.Context, c *cli.Command, f *frontDesk) error {
		p, _, err := f.person(ctx, c)
		if err != nil {
			return err
		}
		all := []meeting{}
		for _, a := range p.Appointments {
			if a.At.IsZero() {
				continue // it cannot be read with this key set
			}
			var planned []ledger.Planned
			for _, m := range p.Messages {
				if h, ok := m.Entry.Hangs(); ok && h.Appointment == a.K && m.Row.State.Pending() {
					planned = append(planned, m)
				}
			}
			m := f.printed(p, a, planned)
			if c.Bool("full") {
				m.Place = oneLine(string(a.Place))
			}
			all = append(all, m)
		}
		if c.Bool("json") {
			return printJSON(sys.stdout, all)
		}
		if len(all) == 0 {
			fmt.Fprintln(sys.stdout, "This person has no appointment.")
		}
		t := grid{head: []string{"NO", "WHEN", "KIND", "WHAT GOES OUT"}}
		for _, m := range all {
			var goes []string
			for _, l := range m.Planned {
				goes = append(goes, l.Text)
			}
			what := strings.Join(goes, " ")
			if m.Cancelled {
				what = "cancelled"
			}
			if m.Place != "" {
				what = m.Place + ". " + what
			}
			t.add(strconv.Itoa(m.Appointment), m.say(f.view()), string(m.Kind), what)
		}
		return t.print(sys)
	}
}

// Package desk is what people at the clinic, and the person who wrote, do with
// what the ledger knows. One operation a file, each names who does it and why,
// stands on the timeline and is safe to do twice; none prints, and none tells
// the person anything unless it is asked to. Every surface calls these.
package desk

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/alarm"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
)

// Words knows the messages.
type Words interface {
	Class(name string) string     // "" for a message that does not exist
	HasSMS(name string) bool      // it has words for a text
	HasCalendar(name string) bool // it is about an appointment
	Telling(line string) string   // its first word that no lock screen may show; "" for none
}

// Desk does the operations. Every field is required but Texts and Reminders.
type Desk struct {
	Ledger *ledger.Ledger
	Alarm  alarm.Clock
	Log    *slog.Logger

	Words     Words
	Reminders []gate.Lead    // of every appointment; none switches them off
	Windows   hours.Windows  // in which reminders go by text
	Zone      *time.Location // of the clinic
	Texts     bool           // texts can go at all
	Wait      time.Duration  // so long a message that staff send can be taken back, on the plan's clock
	ListWait  time.Duration  // the same of a list, and so long its rest waits for its first rows
}

// By is who acts, and why. The name is that of a person at the clinic, as the
// timeline shows it; the reason lies sealed.
type By struct {
	Name string
	Why  contact.Private // "" when none was given
}

// event is what stands on the timeline of an operation.
func (b By) event(what string) ledger.Event {
	return ledger.Event{What: what, By: b.Name, Text: b.Why}
}

// Wrong is what staff asked for and cannot have, with the cure. Nothing was
// changed.
type Wrong struct {
	Field   string // of what was asked for, such as "at"
	Problem string
	Cure    string
}

func (w *Wrong) Error() string { return w.Field + ": " + w.Problem + "; " + w.Cure }

// Closed says that no text may go at the moment asked for. Nothing was changed.
type Closed struct {
	Asked time.Time
	Next  time.Time // the next moment at which it may, by the clock where the person is
}

func (c *Closed) Error() string {
	return "at: no text may go then; the next hour in which it may is " + c.Next.Format("Mon 2006-01-02 15:04 MST")
}

// Refused says that a message may go by no way, and why by each. Nothing was
// changed.
type Refused struct{ Why map[contact.Via]gate.Reason }

func (r *Refused) Error() string {
	var by []string
	for _, v := range ways {
		if why := r.Why[v]; why != "" {
			by = append(by, string(v)+": "+why.Say())
		}
	}
	return "it can go by no way. " + strings.Join(by, " ")
}

// ErrNone is that there is no such person, message or appointment.
var ErrNone = ledger.ErrNone

// ways are those of our messages.
var ways = []contact.Via{contact.ViaEmail, contact.ViaSMS}

// Stopped is what an operation has kept from going.
type Stopped struct {
	Stopped []ledger.Planned // they will not go, by this call or by an earlier one
	Gone    []ledger.Planned // too late for them: see each Row.State; Sending is with the provider now
}

// Format prints how many they are for every verb of fmt: they name a person.
func (s Stopped) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, fmt.Sprintf("%d stopped, %d gone", len(s.Stopped), len(s.Gone)))
}

func (s *Stopped) add(o Stopped) {
	s.Stopped, s.Gone = append(s.Stopped, o.Stopped...), append(s.Gone, o.Gone...)
}

func (d *Desk) now() time.Time { return d.Alarm.Plan.Now() }

// again does what somebody else may have overtaken until nobody has.
func again(do func() error) error {
	for range 100 {
		if err := do(); !errors.Is(err, ledger.ErrRace) {
			return err
		}
	}
	return ledger.ErrRace
}

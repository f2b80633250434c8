package gate

import (
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/hours"
)

// The most automated texts that a number gets, whoever shares it: on one date,
// on seven of them, and from one sequence. Carriers and readers take more for a
// nuisance.
const (
	aDay      = 1
	aWeek     = 3
	aSequence = 5
)

// Earlier is an automated text to the number: one that its provider took over,
// or may have taken.
type Earlier struct {
	At       time.Time
	Sequence bool // it followed from the same submission as this one
}

// Counted reports whether a message takes a place under the caps. A reminder
// does, though no cap stops it: follow-ups give way to it.
func Counted(c Class, v contact.Via) bool {
	return v == contact.ViaSMS && (c == Confirmation || c == FollowUp || c == Reminder)
}

func (s Snapshot) inSequence() int {
	n := 0
	for _, e := range s.Earlier {
		if e.Sequence {
			n++
		}
	}
	return n
}

// lookAhead is how many days the caps are followed into the future: by then
// what was sent until today counts no more.
const lookAhead = 10

// opening is the first moment, now or later, at which the hours and, where
// asked, the caps let a message pass, and what kept it back until then. It is
// zero when there is none.
func (s Snapshot) opening(now time.Time, caps bool) (time.Time, Reason) {
	why := ReasonHours
	for t, days := now, 0; days < lookAhead; days++ {
		open, ok := s.Windows.Next(t, s.Zones)
		if !ok && s.Via == contact.ViaEmail && len(s.Zones) > 0 {
			open, ok = s.Windows.Next(t, []*time.Location{s.Home})
		}
		if !ok {
			return time.Time{}, ReasonNoHours
		}
		if !caps || s.allowed(open) {
			return open, why
		}
		why = ReasonCap
		for _, zone := range s.Zones { // the next date, wherever the person is
			if next := hours.Midnight(open, zone, 1); next.After(t) {
				t = next
			}
		}
	}
	return time.Time{}, why
}

// allowed reports whether the number may get one more text at that moment. What
// counts is the recipient's date, in every zone where that may be.
func (s Snapshot) allowed(t time.Time) bool {
	for _, zone := range s.Zones {
		today, week := 0, 0
		from, since := hours.Midnight(t, zone, 0), hours.Midnight(t, zone, -6)
		for _, e := range s.Earlier {
			if !e.At.Before(from) {
				today++
			}
			if !e.At.Before(since) {
				week++
			}
		}
		if today >= aDay || week >= aWeek {
			return false
		}
	}
	return true
}

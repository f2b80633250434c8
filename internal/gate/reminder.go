package gate

import (
	"cmp"
	"slices"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/hours"
)

// Lead is a reminder that the clinic's plan has for every appointment.
type Lead struct {
	Before time.Duration // so long before the appointment
	Late   time.Duration // so long after that moment it is still of use; shorter than Before
}

// Slot is a reminder of one appointment.
type Slot struct {
	Lead
	Planned time.Time // the moment that the plan means
	Due     time.Time // when it goes: where the hours are closed then, before that moment
	Late    time.Time // after it the reminder says nothing any more
}

// Slots are the reminders of an appointment at that moment by one way, as seen
// from now; the earliest first. A text goes inside the windows in the zone of
// the appointment, and where the moment is closed at the last open one before
// it. What lies in the past is left out, as long as a later reminder covers it:
// of an appointment booked late the nearest useful one is what remains.
func Slots(at time.Time, plan []Lead, v contact.Via, w hours.Windows, zone *time.Location, now time.Time) []Slot {
	plan = slices.SortedFunc(slices.Values(plan), func(a, b Lead) int { return cmp.Compare(b.Before, a.Before) })
	var slots []Slot
	for _, lead := range plan {
		s := Slot{Lead: lead, Planned: at.Add(-lead.Before)}
		s.Due, s.Late = s.Planned, s.Planned.Add(lead.Late)
		if s.Late.After(at) {
			s.Late = at
		}
		open := true
		if v == contact.ViaSMS {
			s.Due, open = w.Last(s.Planned, []*time.Location{zone})
		}
		if open && !s.Due.Before(now) {
			// Two that would go at the same time are one: the nearer.
			if last := len(slots) - 1; last >= 0 && !slots[last].Due.Before(s.Due) {
				slots = slots[:last]
			}
			slots = append(slots, s)
		}
	}
	if len(slots) > 0 || len(plan) == 0 {
		return slots
	}
	// All of them are past: the nearest one may still go now.
	nearest := plan[len(plan)-1]
	s := Slot{Lead: nearest, Planned: at.Add(-nearest.Before), Due: now}
	s.Late = s.Planned.Add(nearest.Late)
	open := true
	if v == contact.ViaSMS {
		s.Due, open = w.Next(now, []*time.Location{zone})
	}
	if !open || s.Due.After(s.Late) || !s.Due.Before(at) {
		return nil
	}
	return []Slot{s}
}

// Package hours knows when something may happen: the hours in which a text or
// a follow-up may reach a person, the hours in which the clinic's people read,
// and the clock by which the plan runs. All of it follows the clock on the wall
// of a zone: a day is not 24 hours long when the clocks change. It imports
// nothing of ours.
package hours

import "time"

// Window says at which hours of which days something may go, from a day on.
// The zero Window is never open.
type Window struct {
	Since    Date    // the first day on which it holds; zero: it always has
	Days     [7]Span // by time.Weekday
	Holidays bool    // open on federal holidays too
}

// Windows are the windows over the years, in any order: on each day the one
// with the latest Since that has come holds. Without any, nothing is open. It
// is plain data; whoever changes a copy changes no other.
type Windows []Window

// Default is the window for texts and follow-ups: Monday to Friday 10:00 to
// 18:00, Saturday 10:00 to 17:00, never on a Sunday or a federal holiday. It is
// inside the hours of every state's texting law known to us, which are all
// narrower than the 8:00 to 21:00 of 47 CFR 64.1200(c)(1). When a law tightens
// it, add a Window with the day from which it holds.
func Default() Windows {
	weekday, saturday := Span{10 * hour, 18 * hour}, Span{10 * hour, 17 * hour}
	return Windows{{Days: [7]Span{
		time.Monday: weekday, time.Tuesday: weekday, time.Wednesday: weekday,
		time.Thursday: weekday, time.Friday: weekday, time.Saturday: saturday,
	}}}
}

// Reminders is the window for texts about an appointment, which people expect:
// every day from 8:00 to 20:00.
func Reminders() Windows {
	return Windows{daily(Span{8 * hour, 20 * hour})}
}

// Always is open at every moment: for tests, and for a clock that runs so fast
// that hours mean nothing.
func Always() Windows {
	return Windows{daily(Span{0, midnight})}
}

func daily(s Span) Window {
	return Window{Days: [7]Span{s, s, s, s, s, s, s}, Holidays: true}
}

// horizon is how far Next and Last look.
const horizon = 7 * 24 * time.Hour

// Open reports whether t is inside the window in every zone. Without a zone
// the answer is no: where nobody is known to be, nobody is known to be awake.
func (w Windows) Open(t time.Time, zones []*time.Location) bool {
	for _, zone := range zones {
		if zone == nil {
			return false
		}
		if from, _, ok := w.next(t, zone); !ok || from.After(t) {
			return false
		}
	}
	return len(zones) > 0
}

// Next is the first moment, t or later, that is inside the window in every
// zone. It is false when there is none within seven days, or no zone.
func (w Windows) Next(t time.Time, zones []*time.Location) (time.Time, bool) {
	limit := t.Add(horizon)
	for at := t; len(zones) > 0 && !at.After(limit); {
		latest := at
		for _, zone := range zones {
			if zone == nil {
				return time.Time{}, false
			}
			from, _, ok := w.next(at, zone)
			if !ok {
				return time.Time{}, false
			}
			if from.After(latest) {
				latest = from
			}
		}
		if latest.Equal(at) {
			return at, true
		}
		at = latest.In(t.Location())
	}
	return time.Time{}, false
}

// lastCall is how long before the closing Last stops, so that what is due then
// still goes out in time.
const lastCall = time.Minute

// Last is the latest moment, t or earlier, that is inside the window in every
// zone: t itself, or a minute before a closing. It is false when there is none
// within seven days, or no zone.
func (w Windows) Last(t time.Time, zones []*time.Location) (time.Time, bool) {
	limit := t.Add(-horizon)
	for at := t; len(zones) > 0 && !at.Before(limit); {
		earliest := at
		for _, zone := range zones {
			if zone == nil {
				return time.Time{}, false
			}
			from, to, ok := w.previous(at, zone)
			if !ok {
				return time.Time{}, false
			}
			if !at.Before(to) {
				to = to.Add(-lastCall)
				if to.Before(from) {
					to = from
				}
				if to.Before(earliest) {
					earliest = to
				}
			}
		}
		if earliest.Equal(at) {
			return at, true
		}
		at = earliest.In(t.Location())
	}
	return time.Time{}, false
}

// days is how many days next and previous look at: the horizon, the day itself,
// and one more on either side, because a midnight that the clock shows twice
// lies on two days.
const days = 7 + 3

// next is the first opening in the zone that ends after t.
func (w Windows) next(t time.Time, zone *time.Location) (from, to time.Time, ok bool) {
	d := dateOf(t.In(zone)).add(-1)
	for range days {
		if s := w.on(d); s.From < s.To {
			from, to = s.on(d, zone)
			// The holidays come last: they take longest to find out.
			if t.Before(to) && !w.closed(d) {
				return from, to, true
			}
		}
		d = d.add(1)
	}
	return time.Time{}, time.Time{}, false
}

// previous is the last opening in the zone that begins at t or earlier.
func (w Windows) previous(t time.Time, zone *time.Location) (from, to time.Time, ok bool) {
	d := dateOf(t.In(zone)).add(1)
	for range days {
		if s := w.on(d); s.From < s.To {
			from, to = s.on(d, zone)
			if !from.After(t) && !w.closed(d) {
				return from, to, true
			}
		}
		d = d.add(-1)
	}
	return time.Time{}, time.Time{}, false
}

// on gives the hours of the day, whether it is a holiday or not.
func (w Windows) on(d Date) Span { return w.holding(d).Days[d.weekday()] }

// closed reports whether the day is a holiday that the window keeps.
func (w Windows) closed(d Date) bool { return !w.holding(d).Holidays && federalHoliday(d) }

// holding is the window that holds on that day.
func (w Windows) holding(d Date) Window {
	var holds Window
	for _, each := range w {
		if each.Since.compare(d) <= 0 && each.Since.compare(holds.Since) >= 0 {
			holds = each
		}
	}
	return holds
}

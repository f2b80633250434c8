package hours

import (
	"cmp"
	"time"
	_ "time/tzdata" // zones must be there in a container without any
)

// Date is a day by the calendar, in no particular zone. The zero Date is
// before every other.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// dateOf is the day on which t falls in the zone of t.
func dateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// compare is negative when d is the earlier day, 0 when they are the same.
func (d Date) compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

func (d Date) add(days int) Date {
	return dateOf(time.Date(d.Year, d.Month, d.Day+days, 0, 0, 0, 0, time.UTC))
}

func (d Date) weekday() time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()
}

// at is the moment at which a clock on the wall of the zone shows that minute
// of the day; minute 1440 is the midnight that ends it. Where the clock skips
// the minute it is the moment of the skip, so that the minutes of a day stay in
// order; of a minute that the clock shows twice it is one of the two.
func (d Date) at(minute int, zone *time.Location) time.Time {
	t := time.Date(d.Year, d.Month, d.Day, 0, minute, 0, 0, zone)
	want := time.Date(d.Year, d.Month, d.Day, 0, minute, 0, 0, time.UTC)
	_, offset := t.Zone()
	// What the wall shows at t, as if it were UTC.
	shown := t.Unix() + int64(offset)
	from, to := t.ZoneBounds()
	switch {
	case shown < want.Unix():
		return to
	case shown > want.Unix():
		return from
	default:
		return t
	}
}

// Midnight is the moment at which the day began on which t falls in the zone,
// that many days later; earlier when days is negative.
func Midnight(t time.Time, zone *time.Location, days int) time.Time {
	return dateOf(t.In(zone)).add(days).at(0, zone)
}

// Span is a stretch of one day by the clock on the wall, in minutes after
// midnight. It holds its first minute and ends as its last one begins. The zero
// Span is empty.
type Span struct{ From, To int }

const (
	hour     = 60
	midnight = 24 * hour
)

// on gives the moments at which the span begins and ends on that day.
func (s Span) on(d Date, zone *time.Location) (from, to time.Time) {
	return d.at(s.From, zone), d.at(s.To, zone)
}

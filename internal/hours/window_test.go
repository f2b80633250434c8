package hours_test

import (
	"testing"
	"time"

	"github.com/joydevie/followup/internal/hours"
)

const (
	newYork    = "America/New_York"
	denver     = "America/Denver"
	phoenix    = "America/Phoenix"
	losAngeles = "America/Los_Angeles"
	anchorage  = "America/Anchorage"
	honolulu   = "Pacific/Honolulu"
	havana     = "America/Havana" // changes its clocks at midnight
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func zones(t testing.TB, names ...string) []*time.Location {
	t.Helper()
	var all []*time.Location
	for _, name := range names {
		all = append(all, zone(t, name))
	}
	return all
}

func moment(t testing.TB, text string) time.Time {
	t.Helper()
	m, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestNextOpening(t *testing.T) {
	t.Parallel()
	continental := []string{newYork, "America/Chicago", denver, phoenix, losAngeles}
	for _, c := range []struct {
		name  string
		now   string
		zones []string
		want  string
	}{
		{"inside the window it is now", "2026-11-24T14:23:45.5-07:00", []string{denver}, "2026-11-24T14:23:45.5-07:00"},
		{"the first moment is inside", "2026-11-24T10:00:00-07:00", []string{denver}, "2026-11-24T10:00:00-07:00"},
		{"the closing is not inside", "2026-11-24T18:00:00-07:00", []string{denver}, "2026-11-25T10:00:00-07:00"},
		{"two in the morning waits for ten", "2026-11-24T02:00:00-07:00", []string{denver}, "2026-11-24T10:00:00-07:00"},
		{"Saturday closes at five", "2026-11-21T17:00:00-07:00", []string{denver}, "2026-11-23T10:00:00-07:00"},
		{"Sunday waits for Monday", "2026-11-22T12:00:00-07:00", []string{denver}, "2026-11-23T10:00:00-07:00"},
		{"Thanksgiving waits for Friday", "2026-11-26T12:00:00-07:00", []string{denver}, "2026-11-27T10:00:00-07:00"},
		{"a holiday observed on Friday waits for Monday, past the day itself", "2026-07-02T18:30:00-06:00", []string{denver}, "2026-07-06T10:00:00-06:00"},
		{"New Year's Day observed in the old year", "2027-12-30T19:00:00-07:00", []string{denver}, "2028-01-03T10:00:00-07:00"},
		{"the night the clocks go ahead", "2026-03-07T22:30:00-07:00", []string{denver}, "2026-03-09T10:00:00-06:00"},
		{"the night the clocks go back", "2026-10-31T22:30:00-06:00", []string{denver}, "2026-11-02T10:00:00-07:00"},
		{"Phoenix does not change its clocks", "2026-07-06T09:00:00-06:00", []string{phoenix}, "2026-07-06T10:00:00-07:00"},
		{"Phoenix and Denver in summer: both must be open", "2026-07-06T09:00:00-06:00", []string{denver, phoenix}, "2026-07-06T10:00:00-07:00"},
		{"Phoenix and Denver in winter: the same clock", "2026-12-07T09:00:00-07:00", []string{denver, phoenix}, "2026-12-07T10:00:00-07:00"},
		{"Anchorage opens four hours after New York", "2026-11-24T10:00:00-05:00", []string{newYork, anchorage}, "2026-11-24T10:00:00-09:00"},
		{"Honolulu opens five hours after New York", "2026-11-24T10:00:00-05:00", []string{newYork, honolulu}, "2026-11-24T10:00:00-10:00"},
		{"and New York closes long before Honolulu", "2026-11-24T13:30:00-10:00", []string{newYork, honolulu}, "2026-11-25T10:00:00-10:00"},
		{"from coast to coast: when the West opens", "2026-11-24T08:00:00-05:00", continental, "2026-11-24T10:00:00-08:00"},
		{"from coast to coast until the East closes", "2026-11-24T15:00:00-08:00", continental, "2026-11-25T10:00:00-08:00"},
		{"the answer is told in the zone of the question", "2026-11-24T09:00:00Z", []string{denver}, "2026-11-24T17:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			now, want := moment(t, c.now), moment(t, c.want)
			got, ok := hours.Default().Next(now, zones(t, c.zones...))
			if !ok || !got.Equal(want) {
				t.Fatalf("got %s, %v; want %s", got, ok, want)
			}
			if got.Location() != now.Location() {
				t.Errorf("told in %s, asked in %s", got.Location(), now.Location())
			}
		})
	}
}

func TestWithoutAZoneNothingIsOpen(t *testing.T) {
	t.Parallel()
	noon := moment(t, "2026-11-24T12:00:00-07:00")
	for name, where := range map[string][]*time.Location{
		"no zone": nil, "an unread zone": {nil}, "an unread zone among others": {zone(t, denver), nil},
	} {
		for _, w := range []hours.Windows{hours.Default(), hours.Reminders(), hours.Always()} {
			if w.Open(noon, where) {
				t.Errorf("%s: open", name)
			}
			if at, ok := w.Next(noon, where); ok {
				t.Errorf("%s: opens at %s", name, at)
			}
			if at, ok := w.Last(noon, where); ok {
				t.Errorf("%s: was last open at %s", name, at)
			}
		}
	}
}

func TestWithoutAWindowNothingIsOpen(t *testing.T) {
	t.Parallel()
	noon, where := moment(t, "2026-11-24T12:00:00-07:00"), zones(t, denver)
	for name, w := range map[string]hours.Windows{
		"none": nil, "an empty one": {{}}, "one that holds from tomorrow on": {{Since: hours.Date{Year: 2126}, Days: hours.Always()[0].Days}},
	} {
		if w.Open(noon, where) {
			t.Errorf("%s: open", name)
		}
		if at, ok := w.Next(noon, where); ok {
			t.Errorf("%s: opens at %s", name, at)
		}
	}
}

func TestZonesThatAreNeverOpenTogetherHaveNoNext(t *testing.T) {
	t.Parallel()
	if at, ok := hours.Default().Next(moment(t, "2026-11-24T12:00:00Z"), zones(t, "Europe/Berlin", honolulu)); ok {
		t.Errorf("opens at %s", at)
	}
}

func TestANewWindowHoldsFromItsFirstDay(t *testing.T) {
	t.Parallel()
	late := hours.Span{From: 12 * 60, To: 13 * 60}
	w := append(hours.Windows{{
		Since: hours.Date{Year: 2026, Month: time.November, Day: 25},
		Days:  [7]hours.Span{time.Wednesday: late},
	}}, hours.Default()...)
	where := zones(t, denver)
	for now, want := range map[string]string{
		"2026-11-24T09:00:00-07:00": "2026-11-24T10:00:00-07:00",
		"2026-11-24T19:00:00-07:00": "2026-11-25T12:00:00-07:00",
		"2026-11-25T13:00:00-07:00": "2026-12-02T12:00:00-07:00",
	} {
		if got, ok := w.Next(moment(t, now), where); !ok || !got.Equal(moment(t, want)) {
			t.Errorf("after %s: got %s, %v; want %s", now, got, ok, want)
		}
	}
}

func TestRemindersThatFallInTheNightGoTheEveningBefore(t *testing.T) {
	t.Parallel()
	where := zones(t, denver)
	for due, want := range map[string]string{
		"2026-11-25T06:30:00-07:00": "2026-11-24T19:59:00-07:00",
		"2026-11-25T08:00:00-07:00": "2026-11-25T08:00:00-07:00",
		"2026-11-25T20:00:00-07:00": "2026-11-25T19:59:00-07:00",
		"2026-11-29T12:00:00-07:00": "2026-11-29T12:00:00-07:00", // a Sunday
		"2026-11-26T12:00:00-07:00": "2026-11-26T12:00:00-07:00", // Thanksgiving
		"2026-11-01T07:00:00-07:00": "2026-10-31T19:59:00-06:00", // the clocks go back in between
	} {
		if got, ok := hours.Reminders().Last(moment(t, due), where); !ok || !got.Equal(moment(t, want)) {
			t.Errorf("due %s: got %s, %v; want %s", due, got, ok, want)
		}
	}
}

func TestAlwaysIsOpenWhenTheClockSkipsMidnight(t *testing.T) {
	t.Parallel()
	where := zones(t, havana)
	for _, night := range []string{"2026-03-07T22:00:00-05:00", "2026-10-31T22:00:00-04:00"} {
		for minute := range 6 * 60 {
			if at := moment(t, night).Add(time.Duration(minute) * time.Minute); !hours.Always().Open(at, where) {
				t.Fatalf("closed at %s", at.In(where[0]))
			}
		}
	}
}

package hours_test

import (
	"slices"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/hours"
)

func TestZonesKeepsEveryCandidateThatIsAPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		browser string
		phone   []string
		want    []string
	}{
		{"the browser alone", denver, nil, []string{denver}},
		{"the number alone", "", []string{denver}, []string{denver}},
		{"both, the browser's first", newYork, []string{denver}, []string{newYork, denver}},
		{"each once", denver, []string{denver, phoenix, denver}, []string{denver, phoenix}},
		{"a browser that hides its owner", "UTC", []string{denver}, []string{denver}},
		{"a number that belongs nowhere", "", []string{"Etc/Unknown", "Unknown"}, nil},
		{"names of nowhere", "Etc/GMT+7", []string{"", "Local", "GMT", "etc/utc", "Zulu", "posix/Etc/UTC", "right/UTC"}, nil},
		{"names that do not exist", "America/Springfield", []string{"America/./Denver", "../../etc/passwd", "/etc/passwd", "MDT\x00"}, nil},
		{"nothing", "", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := names(hours.Zones(c.browser, c.phone)); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestContinentalOpensWithTheWestAndClosesWithTheEast(t *testing.T) {
	t.Parallel()
	all := hours.Continental()
	if len(all) != 5 {
		t.Fatalf("got %q", names(all))
	}
	for at, want := range map[string]bool{
		"2026-07-07T12:59:59-04:00": false, // Phoenix and Los Angeles show 9:59
		"2026-07-07T13:00:00-04:00": true,
		"2026-07-07T17:59:59-04:00": true,
		"2026-07-07T18:00:00-04:00": false,
		"2026-07-11T16:59:59-04:00": true, // a Saturday
		"2026-07-11T17:00:00-04:00": false,
	} {
		if got := hours.Default().Open(moment(t, at), all); got != want {
			t.Errorf("%s: open %v, want %v", at, got, want)
		}
	}
}

func FuzzZones(f *testing.F) {
	for _, name := range []string{denver, "UTC", "", "Local", "../x", "Etc/GMT", "America/", "\\x"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, z := range hours.Zones(name, []string{name}) {
			if z == time.UTC || z == time.Local || z.String() != name {
				t.Errorf("%q gave %s", name, z)
			}
		}
	})
}

func names(all []*time.Location) []string {
	var out []string
	for _, z := range all {
		out = append(out, z.String())
	}
	return out
}

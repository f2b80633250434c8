package templates

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func visit() Appointment {
	start := time.Date(2026, 12, 2, 10, 0, 0, 0, time.FixedZone("MST", -7*3600))
	return Appointment{
		UID: "a7k2.1@joydevie.example", Version: 1, Start: start, End: start.Add(45 * time.Minute), Written: start.Add(-24 * time.Hour),
		Sender: "JoyDeVie", Place: "100 Example St; Suite 2, second floor on the left, Denver, Colorado, beside the bakery",
	}
}

// properties unfolds a calendar and reads it as name and value.
func properties(t testing.TB, ics string) map[string]string {
	t.Helper()
	if !strings.HasSuffix(ics, "\r\n") || strings.Count(ics, "\n") != strings.Count(ics, "\r\n") {
		t.Fatal("a line does not end in CR LF")
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(ics, "\r\n"), "\r\n") {
		if len(line) > 75 || !utf8.ValidString(line) || strings.TrimSpace(line) == "" {
			t.Fatalf("a line of %d octets: %q", len(line), line)
		}
	}
	found := map[string]string{}
	for line := range strings.SplitSeq(strings.TrimSuffix(strings.ReplaceAll(ics, "\r\n ", ""), "\r\n"), "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		if _, twice := found[name]; !ok || twice && name != "BEGIN" && name != "END" {
			t.Fatalf("the line %q", line)
		}
		found[name] = value
	}
	return found
}

func TestTheCalendarReadsAsApproved(t *testing.T) {
	t.Parallel()
	for _, language := range languages {
		file := "testdata/golden/appointment." + language + ".ics"
		got := string(visit().Calendar(language))
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != got {
			t.Errorf("%s differs from what was approved:\n%s", file, got)
		}
	}
}

func TestTheCalendarSaysWhenAndWhereAndNoMore(t *testing.T) {
	t.Parallel()
	p := properties(t, string(visit().Calendar("es")))
	for name, want := range map[string]string{
		"METHOD": "PUBLISH", "VERSION": "2.0", "UID": "a7k2.1@joydevie.example", "SEQUENCE": "1", "DTSTART": "20261202T170000Z", "DTEND": "20261202T174500Z",
		"DTSTAMP": "20261201T170000Z", "SUMMARY": "JoyDeVie cita", "STATUS": "CONFIRMED", "CLASS": "PRIVATE",
		"LOCATION": `100 Example St\; Suite 2\, second floor on the left\, Denver\, Colorado\, beside the bakery`,
	} {
		if p[name] != want {
			t.Errorf("%s is %q, want %q", name, p[name], want)
		}
	}
	for _, rule := range wordRules() {
		if found := rule.find(fold(p["SUMMARY"])); found != "" {
			t.Errorf("the summary says %q (%s)", found, rule.name)
		}
	}
}

func TestACancelledAppointmentLeavesTheCalendar(t *testing.T) {
	t.Parallel()
	a := visit()
	a.Cancelled, a.Place, a.End = true, "", time.Time{}
	p := properties(t, string(a.Calendar("en")))
	if _, there := p["LOCATION"]; p["STATUS"] != "CANCELLED" || p["UID"] != visit().UID || there || p["DTEND"] != "20261202T180000Z" {
		t.Errorf("got %v", p)
	}
}

func TestNoPlaceBreaksTheCalendar(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		a := visit()
		a.Place = rapid.OneOf(rapid.SampledFrom(hostile()), rapid.String()).Draw(rt, "place")
		a.Sender = rapid.SampledFrom(hostile()).Draw(rt, "sender")
		p := properties(t, string(a.Calendar("en")))
		if len(p) > 16 || p["DTSTART"] != "20261202T170000Z" {
			rt.Fatal(fmt.Sprint(p))
		}
	})
}

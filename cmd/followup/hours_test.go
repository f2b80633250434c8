package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/hours"
)

func TestTheHoursAreToldWithTheirReasons(t *testing.T) {
	t.Parallel()
	denver, err := time.LoadLocation("America/Denver")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{zone: denver, windows: hours.Default(), reminders: hours.Reminders()}
	var out bytes.Buffer
	for _, c := range []struct{ name, zone, phone, now string }{
		{"Arizona keeps its clock", "America/Phoenix", "", "2026-06-02 08:00"},
		{"Alaska", "America/Anchorage", "", "2026-06-02 08:00"},
		{"Hawaii", "Pacific/Honolulu", "", "2026-06-02 08:00"},
		{"928: Arizona by the number", "", "+19285550142", "2026-06-02 08:00"},
		{"605: two zones of South Dakota", "", "+16055550142", "2026-06-02 08:00"},
		{"toll-free", "", "+18005550142", "2026-06-02 08:00"},
		{"no zone at all", "", "", "2026-06-02 08:00"},
		{"a browser that hides its owner", "Etc/UTC", "", "2026-06-02 08:00"},
		{"no common hour", "Asia/Tokyo", "+13035550142", "2026-06-02 08:00"},
		{"the night the clocks go forward", "America/Denver", "", "2026-03-07 20:00"},
		{"the night the clocks go back", "America/Denver", "", "2026-10-31 20:00"},
		{"the evening before Thanksgiving", "America/Denver", "", "2026-11-25 19:00"},
		{"a Sunday", "America/Denver", "", "2026-11-29 11:00"},
	} {
		now, err := time.ParseInLocation("2006-01-02 15:04", c.now, denver)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "==== %s\n", c.name)
		printHours(&out, h.tellHours(contact.Submission{Zone: c.zone, Phone: contact.Phone(c.phone)}, now))
		fmt.Fprintln(&out)
	}
	golden(t, "hours.txt", out.String())
}

func TestHoursAtTheCommandLine(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	id := string(b.ann())
	for _, args := range [][]string{{"hours", "--contact", id}, {"hours", "--phone", tillNumber}, {"hours", "--zone", "America/Denver", "--json"}} {
		if code, out, errs := b.run(args...); code != done || !strings.Contains(out, "America/Denver") || errs != "" {
			t.Errorf("%v: %d %s %s", args, code, out, errs)
		}
	}
	for _, args := range [][]string{{"hours"}, {"hours", "--zone", "Mars/Base"}, {"hours", "--contact", id, "--phone", tillNumber}} {
		if code, _, _ := b.run(args...); code != usedWrong {
			t.Errorf("%v: %d", args, code)
		}
	}
}

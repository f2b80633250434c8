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
	for _, args := range [][]string{{"hours", id}, {"hours", "ann"}, {"hours", tillNumber}, {"hours", "303-555-0177"}, {"hours", "--zone", "America/Denver", "--json"}} {
		if code, out, errs := b.run(args...); code != done || !strings.Contains(out, "America/Denver") || errs != "" {
			t.Errorf("%v: %d %s %s", args, code, out, errs)
		}
	}
	if _, out, _ := b.run("hours", "ann", "--zone", "America/Anchorage"); !strings.Contains(out, "America/Anchorage") || !strings.Contains(out, "from the number's prefix") {
		t.Errorf("with another zone: %s", out)
	}
	for _, wrong := range []struct {
		args []string
		code int
		say  string
	}{
		{[]string{"hours"}, usedWrong, "whom? PERSON is"},
		{[]string{"hours", "--zone", "Mars/Base"}, usedWrong, "--zone: "},
		{[]string{"hours", "nobody"}, failed, "nobody is found by that"},
		{[]string{"hours", "nobody@example.com", "--zone", "America/Denver"}, failed, "nobody is found by that"},
	} {
		if code, out, errs := b.run(wrong.args...); code != wrong.code || out != "" || !strings.Contains(errs, wrong.say) {
			t.Errorf("%v: %d %s", wrong.args, code, errs)
		}
	}
}

package gate_test

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
)

// row is one case, as a compliance officer would put it: who is written to,
// what, when by the clock where the person lives, what else is known, and what
// the gate must answer. Times are read and written in the zone named in At.
type row struct {
	who    string // the browser's zone and the number, "-" for none
	what   string // class and channel
	at     string
	known  string // what differs from a person who agreed to all, is read, and got nothing yet
	answer string
}

// The clinic is in Denver. 24 November 2026 is a Tuesday, the 26th Thanksgiving.
var rows = []row{
	// The hours where the person lives.
	{"America/Denver -", "followup email", "2026-11-24 11:00 America/Denver", "", "go"},
	{"America/Denver -", "followup email", "2026-11-24 09:59 America/Denver", "", "hold Tue 24 Nov 10:00 hours"},
	{"America/Denver -", "followup email", "2026-11-24 18:00 America/Denver", "", "hold Wed 25 Nov 10:00 hours"},
	{"America/Denver -", "followup email", "2026-11-24 02:00 America/Denver", "", "hold Tue 24 Nov 10:00 hours"},
	{"America/Denver +13035550142", "followup sms", "2026-11-24 17:59 America/Denver", "", "go"},
	{"America/Denver +13035550142", "followup sms", "2026-11-24 22:30 America/Denver", "", "hold Wed 25 Nov 10:00 hours"},
	{"America/Denver +13035550142", "confirmation sms", "2026-11-24 22:30 America/Denver", "", "hold Wed 25 Nov 10:00 hours"},
	{"America/Denver +13035550142", "reminder sms", "2026-11-24 19:59 America/Denver", "", "go"},
	{"America/Denver +13035550142", "reminder sms", "2026-11-24 22:30 America/Denver", "", "hold Wed 25 Nov 08:00 hours"},
	{"America/Denver -", "confirmation email", "2026-11-24 02:00 America/Denver", "", "go"},
	{"America/Denver -", "reminder email", "2026-11-24 02:00 America/Denver", "", "go"},
	{"America/Denver +13035550142", "reply sms", "2026-11-24 02:00 America/Denver", "", "go"},
	{"America/Denver -", "staff email", "2026-11-24 02:00 America/Denver", "", "go"},
	// Zones of their own.
	{"America/Phoenix -", "followup email", "2026-07-14 10:00 America/Phoenix", "", "go"},
	{"America/Phoenix -", "followup email", "2026-07-14 09:30 America/Phoenix", "", "hold Tue 14 Jul 10:00 hours"},
	{"America/Anchorage -", "followup email", "2026-11-24 09:30 America/Anchorage", "", "hold Tue 24 Nov 10:00 hours"},
	{"America/Anchorage -", "followup email", "2026-11-24 17:30 America/Anchorage", "", "go"},
	{"Pacific/Honolulu -", "followup email", "2026-11-24 09:59 Pacific/Honolulu", "", "hold Tue 24 Nov 10:00 hours"},
	{"Pacific/Honolulu -", "followup email", "2026-11-24 17:59 Pacific/Honolulu", "", "go"},
	{"Pacific/Honolulu +12125550142", "confirmation sms", "2026-11-24 13:30 Pacific/Honolulu", "", "hold Wed 25 Nov 10:00 hours"},
	{"Pacific/Honolulu +12125550142", "confirmation sms", "2026-11-24 10:30 Pacific/Honolulu", "", "go"},
	{"America/Los_Angeles +12125550142", "followup sms", "2026-11-24 15:30 America/Los_Angeles", "", "hold Wed 25 Nov 10:00 hours"},
	{"America/Los_Angeles +12125550142", "followup sms", "2026-11-24 14:59 America/Los_Angeles", "", "go"},
	{"Asia/Tokyo +13035550142", "followup sms", "2026-11-24 11:00 America/Denver", "", "never no_hours"},
	{"Asia/Tokyo +13035550142", "followup email", "2026-11-25 11:00 Asia/Tokyo", "", "go"},
	{"Asia/Tokyo +13035550142", "followup email", "2026-11-24 19:00 Asia/Tokyo", "", "hold Wed 25 Nov 10:00 hours"},
	{"- +19285550142", "followup sms", "2026-07-14 09:30 America/Phoenix", "", "hold Tue 14 Jul 10:00 hours"},
	{"- +19285550142", "followup sms", "2026-07-14 16:30 America/Phoenix", "", "go"},
	{"- +16055550142", "followup sms", "2026-11-24 10:30 America/Chicago", "", "hold Tue 24 Nov 11:00 hours"},
	{"- +16055550142", "followup sms", "2026-11-24 11:00 America/Chicago", "", "go"},
	{"- +16055550142", "followup sms", "2026-11-24 18:00 America/Chicago", "", "hold Wed 25 Nov 11:00 hours"},
	// Nothing is known of the place.
	{"- -", "followup email", "2026-11-24 09:30 America/Denver", "", "hold Tue 24 Nov 10:00 hours"},
	{"UTC -", "followup email", "2026-11-24 10:00 America/Denver", "", "go"},
	{"Etc/GMT+7 -", "followup email", "2026-11-24 10:00 America/Denver", "", "go"},
	{"- -", "followup sms", "2026-11-24 10:30 America/Denver", "a number without a place", "hold Tue 24 Nov 11:00 hours"},
	{"- -", "followup sms", "2026-11-24 15:59 America/Denver", "a number without a place", "go"},
	{"- -", "followup sms", "2026-11-24 16:00 America/Denver", "a number without a place", "hold Wed 25 Nov 11:00 hours"},
	{"- +18005550142", "followup sms", "2026-11-24 11:00 America/Denver", "", "never no_address"},
	{"- +18765550142", "confirmation sms", "2026-11-24 11:00 America/Denver", "", "never no_address"},
	// Sundays, holidays, clocks that change.
	{"America/Denver -", "followup email", "2026-11-22 12:00 America/Denver", "", "hold Mon 23 Nov 10:00 hours"},
	{"America/Denver +13035550142", "confirmation sms", "2026-11-22 12:00 America/Denver", "", "hold Mon 23 Nov 10:00 hours"},
	{"America/Denver -", "confirmation email", "2026-11-22 12:00 America/Denver", "", "go"},
	{"America/Denver -", "followup email", "2026-11-21 16:59 America/Denver", "", "go"},
	{"America/Denver -", "followup email", "2026-11-21 17:00 America/Denver", "", "hold Mon 23 Nov 10:00 hours"},
	{"America/Denver -", "followup email", "2026-11-26 12:00 America/Denver", "", "hold Fri 27 Nov 10:00 hours"},
	{"America/Denver +13035550142", "followup sms", "2026-11-25 18:00 America/Denver", "", "hold Fri 27 Nov 10:00 hours"},
	{"America/Denver +13035550142", "reminder sms", "2026-12-25 09:00 America/Denver", "", "go"},
	{"America/Denver +13035550142", "reminder sms", "2026-11-22 12:00 America/Denver", "", "go"},
	{"America/Denver +13035550142", "followup sms", "2026-03-07 17:30 America/Denver", "", "hold Mon 9 Mar 10:00 hours"},
	{"America/Denver +19285550142", "followup sms", "2026-03-09 10:00 America/Denver", "", "hold Mon 9 Mar 11:00 hours"},
	{"America/Denver +13035550142", "followup sms", "2026-03-08 02:30 America/Denver", "", "hold Mon 9 Mar 10:00 hours"},
	{"America/Denver +13035550142", "followup sms", "2026-10-31 17:30 America/Denver", "", "hold Mon 2 Nov 10:00 hours"},
	{"America/Denver +13035550142", "followup sms", "2026-11-01 01:30 America/Denver", "", "hold Mon 2 Nov 10:00 hours"},
	// Consent and what was said against it.
	{"America/Denver -", "followup email", "2026-11-24 11:00 America/Denver", "no tick", "never no_consent"},
	{"America/Denver +13035550142", "confirmation sms", "2026-11-24 11:00 America/Denver", "no tick", "never no_consent"},
	{"America/Denver +13035550142", "reminder sms", "2026-11-24 11:00 America/Denver", "no tick", "never no_consent"},
	{"America/Denver -", "confirmation email", "2026-11-24 11:00 America/Denver", "no tick", "go"},
	{"America/Denver -", "reminder email", "2026-11-24 11:00 America/Denver", "no tick", "go"},
	{"America/Denver +13035550142", "confirmation sms", "2026-11-24 11:00 America/Denver", "opted_out", "never opted_out"},
	{"America/Denver +13035550142", "reminder sms", "2026-11-24 11:00 America/Denver", "opted_out", "never opted_out"},
	{"America/Denver +13035550142", "confirmation sms", "2026-11-24 11:00 America/Denver", "wrong_number", "never wrong_number"},
	{"America/Denver -", "followup email", "2026-11-24 11:00 America/Denver", "unsubscribed", "never unsubscribed"},
	{"America/Denver -", "confirmation email", "2026-11-24 11:00 America/Denver", "unsubscribed", "go"},
	{"America/Denver -", "reminder email", "2026-11-24 11:00 America/Denver", "unsubscribed", "go"},
	{"America/Denver -", "confirmation email", "2026-11-24 11:00 America/Denver", "dead_address", "never dead_address"},
	{"America/Denver -", "followup email", "2026-11-24 11:00 America/Denver", "booked", "never booked"},
	{"America/Denver -", "followup email", "2026-11-24 11:00 America/Denver", "replied", "never replied"},
	{"America/Denver -", "reminder email", "2026-11-24 11:00 America/Denver", "booked", "go"},
	// A person reads first; what nobody reads says nothing any more one day.
	{"America/Denver +13035550142", "confirmation sms", "2026-11-24 11:00 America/Denver", "unread", "hold Fri 27 Nov 11:00 unread"},
	{"America/Denver -", "followup email", "2026-11-24 11:00 America/Denver", "unread", "hold Tue 1 Dec 11:00 unread"},
	{"America/Denver -", "reminder email", "2026-11-24 11:00 America/Denver", "unread", "hold Wed 25 Nov 11:00 unread"},
	{"America/Denver -", "confirmation email", "2026-11-24 11:00 America/Denver", "unread", "go"},
	{"America/Denver +13035550142", "reply sms", "2026-11-24 11:00 America/Denver", "unread", "go"},
	{"America/Denver -", "staff email", "2026-11-24 11:00 America/Denver", "unread", "go"},
	// Staff hold everything back, or take one message back, or an appointment is off.
	{"America/Denver +13035550142", "confirmation sms", "2026-11-24 11:00 America/Denver", "hold", "hold Fri 27 Nov 11:00 hold"},
	{"America/Denver -", "followup email", "2026-11-24 11:00 America/Denver", "hold", "hold Tue 1 Dec 11:00 hold"},
	{"America/Denver -", "reminder email", "2026-11-24 11:00 America/Denver", "hold", "hold Wed 25 Nov 11:00 hold"},
	{"America/Denver -", "confirmation email", "2026-11-24 11:00 America/Denver", "hold", "go"},
	{"America/Denver +13035550142", "reply sms", "2026-11-24 11:00 America/Denver", "hold", "go"},
	{"America/Denver -", "staff email", "2026-11-24 11:00 America/Denver", "hold", "go"},
	{"America/Denver -", "reminder email", "2026-11-24 11:00 America/Denver", "withdrawn", "never withdrawn"},
	{"America/Denver -", "reminder email", "2026-11-24 11:00 America/Denver", "off", "never appointment_cancelled"},
	// A reminder says itself when it comes too late.
	{"America/Denver -", "reminder email", "2026-11-24 11:00 America/Denver", "late 1m", "never too_late"},
	{"America/Denver +13035550142", "reminder sms", "2026-11-24 07:00 America/Denver", "late -90m", "hold Tue 24 Nov 08:00 hours"},
	{"America/Denver +13035550142", "reminder sms", "2026-11-24 07:00 America/Denver", "late -59m", "never too_late"},
	// The caps of a number.
	{"America/Denver +13035550142", "followup sms", "2026-11-24 17:00 America/Denver", "texts 0d", "hold Wed 25 Nov 10:00 cap"},
	{"America/Denver +13035550142", "confirmation sms", "2026-11-24 17:00 America/Denver", "texts 0d", "hold Wed 25 Nov 10:00 cap"},
	{"America/Denver +13035550142", "reminder sms", "2026-11-24 17:00 America/Denver", "texts 0d", "go"},
	{"America/Denver +13035550142", "reply sms", "2026-11-24 17:00 America/Denver", "texts 0d 0d 0d", "go"},
	{"America/Denver -", "followup email", "2026-11-24 17:00 America/Denver", "texts 0d 0d 0d", "go"},
	{"America/Denver +13035550142", "followup sms", "2026-11-24 11:00 America/Denver", "texts 1d", "go"},
	{"America/Denver +13035550142", "followup sms", "2026-11-24 11:00 America/Denver", "texts 1d 3d", "go"},
	{"America/Denver +13035550142", "followup sms", "2026-11-24 11:00 America/Denver", "texts 1d 3d 6d", "hold Wed 25 Nov 10:00 cap"},
	{"America/Denver +13035550142", "followup sms", "2026-11-24 11:00 America/Denver", "texts 1d 3d 7d", "go"},
	{"America/Denver +13035550142", "followup sms", "2026-11-24 11:00 America/Denver", "texts 1d 2d 4d", "hold Fri 27 Nov 10:00 cap"},
	{"America/Denver +13035550142", "confirmation sms", "2026-11-24 11:00 America/Denver", "texts 0d 1d 2d", "never cap"},
	{"America/Denver +13035550142", "followup sms", "2026-11-24 11:00 America/Denver", "texts 8d 9d 10d 11d of this form 12d", "go"},
	{"America/Denver +13035550142", "followup sms", "2026-11-24 11:00 America/Denver", "of this form 8d 10d 12d 14d 16d", "never cap_sequence"},
	{"America/Denver +13035550142", "reminder sms", "2026-11-24 11:00 America/Denver", "of this form 8d 10d 12d 14d 16d", "go"},
	{"America/New_York +13035550142", "followup sms", "2026-11-24 12:00 America/New_York", "texts 11h30m", "hold Wed 25 Nov 12:00 cap"},
	{"America/Denver +13035550142", "followup sms", "2026-11-24 22:30 America/Denver", "texts 0d", "hold Wed 25 Nov 10:00 hours"},
	// Texts come second; nothing can be told; it is too late.
	{"America/Denver +13035550142", "confirmation sms", "2026-11-24 11:00 America/Denver", "silent", "never silent"},
	{"America/Denver +13035550142", "reply sms", "2026-11-24 11:00 America/Denver", "silent", "go"},
	{"America/Denver -", "followup email", "2026-11-24 11:00 America/Denver", "silent", "go"},
	{"America/Denver -", "confirmation email", "2026-11-24 11:00 America/Denver", "unreadable", "hold Tue 24 Nov 11:01 unreadable"},
	{"America/Denver -", "staff email", "2026-11-24 11:00 America/Denver", "unreadable", "go"},
	{"America/Denver -", "confirmation email", "2026-11-24 11:00 America/Denver", "due 25h ago", "never too_late"},
	{"America/Denver +13035550142", "confirmation sms", "2026-11-24 11:00 America/Denver", "due 73h ago", "never too_late"},
	{"America/Denver +13035550142", "confirmation sms", "2026-11-25 19:00 America/Denver", "due 48h ago", "never too_late"},
	{"America/Denver -", "followup email", "2026-11-24 11:00 America/Denver", "due 169h ago", "never too_late"},
}

// ask puts the row before the gate.
func (r row) ask(t *testing.T) (gate.Verdict, *time.Location) {
	t.Helper()
	at, where, _ := cutLast(r.at, " ")
	local := zone(where)
	now, err := time.ParseInLocation("2006-01-02 15:04", at, local)
	if err != nil {
		t.Fatal(err)
	}
	browser, number, _ := strings.Cut(r.who, " ")
	person := contact.Submission{
		Zone: strings.Trim(browser, "-"), Phone: contact.Phone(strings.Trim(number, "-")), Email: "ann@example.com",
		Consent: contact.Consent{Email: true, SMS: true},
	}
	class, via, _ := strings.Cut(r.what, " ")
	v := contact.Via(via)
	s := gate.Snapshot{
		Class: gate.Class(class), Via: v, Address: person.Address(v) != "", Consent: true,
		Due: now, Windows: hours.Default(), Zones: gate.Zones(person, v, denver), Home: gate.Home(person, denver),
	}
	if s.Class == gate.Reminder {
		s.Windows = hours.Reminders()
	}
	known := strings.Fields(r.known)
	switch r.known {
	case "a number without a place":
		s.Address, known = true, nil
	case "no tick":
		s.Consent, known = false, nil
	}
	sequence := false
	for i := 0; i < len(known); i++ {
		switch word := known[i]; word {
		case "unread":
			s.Unread = true
		case "silent":
			s.Silent = true
		case "hold":
			s.OnHold = true
		case "withdrawn":
			s.Withdrawn = true
		case "off":
			s.Off = true
		case "late":
			i++
			s.Late = now.Add(-duration(t, known[i]))
		case "unreadable":
			s.Unreadable = true
		case "booked", "replied":
			s.Stopped = word
		case "texts", "form", "this", "ago":
		case "of":
			sequence = true
		case "due":
			i++
			s.Due = now.Add(-duration(t, known[i]))
		case "opted_out", "wrong_number", "unsubscribed", "dead_address":
			s.Suppressed = gate.Suppression(word)
		default:
			s.Earlier = append(s.Earlier, gate.Earlier{At: now.Add(-duration(t, word)), Sequence: sequence})
		}
	}
	return gate.Decide(s, now), local
}

func cutLast(s, sep string) (string, string, bool) {
	i := strings.LastIndex(s, sep)
	return s[:i], s[i+1:], i >= 0
}

// duration reads "3d" too; a text of 0d went a minute ago.
func duration(t *testing.T, s string) time.Duration {
	t.Helper()
	var days int
	if _, err := fmt.Sscanf(s, "%dd", &days); err == nil && strings.HasSuffix(s, "d") {
		return time.Duration(days)*24*time.Hour + time.Minute
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheTable(t *testing.T) {
	t.Parallel()
	var page strings.Builder
	w := tabwriter.NewWriter(&page, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		v, local := r.ask(t)
		answer := map[gate.Do]string{gate.Go: "go", gate.Hold: "hold", gate.Never: "never"}[v.Do]
		if v.Do == gate.Hold {
			answer += " " + v.Until.In(local).Format("Mon 2 Jan 15:04")
		}
		if v.Why != "" {
			answer += " " + string(v.Why)
		}
		if answer != r.answer {
			t.Errorf("%s: %s at %s, %q: got %q, want %q", r.who, r.what, r.at, r.known, answer, r.answer)
		}
		if v.Do != gate.Go && (v.Why.Say() == string(v.Why) || v.Why == "") {
			t.Errorf("%s has no sentence for staff", v.Why)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.who, r.what, r.at, r.known, r.answer, v.Why.Say())
	}
	_ = w.Flush()
	t.Logf("%d rows:\n%s", len(rows), &page)
}

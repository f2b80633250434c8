package gate_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
)

var plan = []gate.Lead{{Before: 2 * time.Hour, Late: 90 * time.Minute}, {Before: 24 * time.Hour, Late: 20 * time.Hour}}

func TestWhenAnAppointmentIsRemindedOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, at, now string
		plan          []gate.Lead
		via           contact.Via
		want          string
	}{
		{"a day and two hours before", "2026-11-27 14:00", "2026-11-24 11:00", plan, contact.ViaSMS, "26 14:00, 27 12:00"},
		{"on Thanksgiving and on Sunday too", "2026-11-30 10:00", "2026-11-24 11:00", plan, contact.ViaSMS, "29 10:00, 30 08:00"},
		{"where the moment is closed, the last open one before it", "2026-11-27 09:00", "2026-11-24 11:00", plan, contact.ViaSMS, "26 09:00, 26 19:59"},
		{"an email at its moment", "2026-11-27 09:00", "2026-11-24 11:00", plan, contact.ViaEmail, "26 09:00, 27 07:00"},
		{"two that fall together are the nearer one", "2026-11-27 09:00", "2026-11-24 11:00", []gate.Lead{{12 * time.Hour, time.Hour}, {2 * time.Hour, time.Hour}}, contact.ViaSMS, "26 19:59"},
		{"past ones are covered by a later one", "2026-11-24 20:00", "2026-11-24 11:00", plan, contact.ViaEmail, "24 18:00"},
		{"all are past: the nearest, now", "2026-11-24 12:00", "2026-11-24 11:00", plan, contact.ViaEmail, "24 11:00"},
		{"all are past, and it is night: at the opening", "2026-11-25 09:00", "2026-11-24 21:00", plan, contact.ViaSMS, "25 08:00"},
		{"too late for any", "2026-11-24 11:20", "2026-11-24 11:00", plan, contact.ViaEmail, ""},
		{"it has been", "2026-11-24 10:00", "2026-11-24 11:00", plan, contact.ViaEmail, ""},
		{"no plan", "2026-11-27 14:00", "2026-11-24 11:00", nil, contact.ViaEmail, ""},
		{"the clocks change in between", "2026-11-01 14:00", "2026-10-30 11:00", plan, contact.ViaEmail, "31 15:00, 1 12:00"},
	} {
		var got []string
		for _, s := range gate.Slots(at(c.at), c.plan, c.via, hours.Reminders(), denver, at(c.now)) {
			got = append(got, s.Due.In(denver).Format("2 15:04"))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: got %q, want %q", c.name, strings.Join(got, ", "), c.want)
		}
	}
}

// Whatever the plan: reminders come in order, none in the past or after the
// appointment, each by text inside the hours, and the gate lets each go.
func TestEveryReminderGoesWhenItIsDue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := at("2026-10-28 00:00").Add(time.Duration(rapid.IntRange(0, 7*24*60).Draw(t, "now")) * time.Minute)
		when := now.Add(time.Duration(rapid.IntRange(-60, 5*24*60).Draw(t, "minutes")) * time.Minute)
		var plan []gate.Lead
		for range rapid.IntRange(0, 4).Draw(t, "leads") {
			before := time.Duration(rapid.IntRange(2, 72*60).Draw(t, "before")) * time.Minute
			plan = append(plan, gate.Lead{Before: before, Late: time.Duration(rapid.Int64Range(int64(time.Minute), int64(before)-1).Draw(t, "late"))})
		}
		zone := rapid.SampledFrom([]*time.Location{denver, zone("America/New_York"), zone("Pacific/Honolulu")}).Draw(t, "zone")
		via := rapid.SampledFrom([]contact.Via{contact.ViaEmail, contact.ViaSMS}).Draw(t, "via")
		slots := gate.Slots(when, plan, via, hours.Reminders(), zone, now)
		for i, s := range slots {
			if s.Due.Before(now) || !s.Due.Before(when) || s.Due.After(s.Late) || s.Late.After(when) || i > 0 && !s.Due.After(slots[i-1].Due) {
				t.Fatalf("of an appointment at %s, seen at %s: %+v", when, now, slots)
			}
			verdict := gate.Decide(gate.Snapshot{
				Class: gate.Reminder, Via: via, Address: true, Consent: true,
				Due: s.Planned, Late: s.Late, Windows: hours.Reminders(), Zones: []*time.Location{zone},
			}, s.Due)
			if verdict.Do != gate.Go {
				t.Fatalf("%+v would not go: %+v", s, verdict)
			}
		}
	})
}

package hours_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/hours"
)

func TestWindowsAreReadAsTheClinicWritesThem(t *testing.T) {
	t.Parallel()
	entries := map[string]map[string]string{
		"messages from 2027-01-01": {"mon-fri": "9:00-18:00", "holidays": "open"},
		"reminders":                {"mon-sun": "8:00-20:00", "holidays": "open"},
	}
	w, err := hours.ParseWindows(entries, "messages", hours.Default())
	if err != nil {
		t.Fatal(err)
	}
	zone, _ := time.LoadLocation("America/Denver")
	for _, c := range []struct {
		at   string
		open bool
	}{
		{"2026-12-30 09:30", false}, {"2026-12-30 10:00", true}, // before that day
		{"2027-01-04 09:30", true}, {"2027-01-09 11:00", false}, // from then on, not on Saturdays
		{"2027-01-18 11:00", true}, // and on Martin Luther King Day
	} {
		at, _ := time.ParseInLocation("2006-01-02 15:04", c.at, zone)
		if got := w.Open(at, []*time.Location{zone}); got != c.open {
			t.Errorf("%s: open %v", c.at, got)
		}
	}
	if r, err := hours.ParseWindows(entries, "reminders", nil); err != nil || !reflect.DeepEqual(r, hours.Reminders()) {
		t.Errorf("%+v, %v", r, err)
	}
	if w, err := hours.ParseWindows(nil, "messages", hours.Default()); err != nil || !reflect.DeepEqual(w, hours.Default()) {
		t.Errorf("nothing written: %+v, %v", w, err)
	}
}

func TestEachFaultOfAWindowIsNamed(t *testing.T) {
	t.Parallel()
	for want, days := range map[string]map[string]string{
		"64.1200(c)(1)":      {"mon-fri": "7:00-18:00"},
		"more than one span": {"mon": "9:00-12:00, 13:00-17:00"},
		"set twice":          {"mon-fri": "9:00-17:00", "fri": "9:00-12:00"},
		"open or closed":     {"holidays": "maybe"},
		"no span of time":    {"mon": "always"},
		"not days":           {"someday": "9:00-17:00"},
	} {
		if _, err := hours.ParseWindows(map[string]map[string]string{"messages": days}, "messages", nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", days, err, want)
		}
	}
	if _, err := hours.ParseWindows(map[string]map[string]string{"messages from May": {}}, "messages", nil); err == nil {
		t.Error("a day that is none")
	}
	if got := hours.KnownWindows(map[string]map[string]string{"messages": {}, "mesages from 2027-01-01": {}}, "messages"); got != "mesages from 2027-01-01" {
		t.Errorf("%q", got)
	}
}

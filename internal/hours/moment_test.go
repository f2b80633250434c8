package hours_test

import (
	"errors"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/hours"
)

func TestAMomentIsReadAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	denver, err := time.LoadLocation("America/Denver")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, denver) // a Friday
	for text, want := range map[string]string{
		"Fri 17:40":                 "2026-11-27T17:40:00-07:00",
		"fri 9am":                   "2026-12-04T09:00:00-07:00",
		"Friday at 12:00":           "2026-11-27T12:00:00-07:00",
		"sunday 5:30 pm":            "2026-11-29T17:30:00-07:00",
		"today 9am":                 "2026-11-27T09:00:00-07:00",
		"tomorrow 9am":              "2026-11-28T09:00:00-07:00",
		"Tomorrow  9:05 a.m.":       "2026-11-28T09:05:00-07:00",
		"tomorrow noon":             "2026-11-28T12:00:00-07:00",
		"11:59":                     "2026-11-28T11:59:00-07:00",
		"12pm":                      "2026-11-27T12:00:00-07:00",
		"12 am":                     "2026-11-28T00:00:00-07:00",
		"midnight":                  "2026-11-28T00:00:00-07:00",
		"2026-11-25 17:40":          "2026-11-25T17:40:00-07:00",
		"2026-11-25T17:40":          "2026-11-25T17:40:00-07:00",
		"2026-07-01 9am":            "2026-07-01T09:00:00-06:00",
		"2026-03-08 02:30":          "2026-03-08T03:00:00-06:00", // the clock skips it
		"2026-11-25T17:40:00-05:00": "2026-11-25T17:40:00-05:00",
		"2026-11-25T17:40:00Z":      "2026-11-25T17:40:00Z",

		"2026-12-01 14:00 America/Chicago": "2026-12-01T14:00:00-06:00",
		"12:30 America/Chicago":            "2026-11-28T12:30:00-06:00", // there it is past one
		"tomorrow 9am Pacific/Honolulu":    "2026-11-28T09:00:00-10:00",
	} {
		got, err := hours.ParseMoment(text, now)
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%q: got %s, %v; want %s", text, got.Format(time.RFC3339), err, want)
		}
	}
	for _, text := range []string{"", "Fri", "9", "25:00", "9:60", "13pm", "0am", "2026-13-01 9am", "2026-11-25", "someday 9am", "tomorrow", "fri 9", "Fri 17:40 please", "9am Nowhere/City", "9am Etc/UTC", "America/Denver", "9am ../../etc"} {
		if got, err := hours.ParseMoment(text, now); !errors.Is(err, hours.ErrMoment) {
			t.Errorf("%q was read as %s", text, got)
		}
	}
}

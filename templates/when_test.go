package templates

import (
	"testing"
	"time"
)

func TestAMomentIsSaidInEitherLanguage(t *testing.T) {
	t.Parallel()
	denver, err := time.LoadLocation("America/Denver")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ at, when, whenES, sms, smsES string }{
		{"2026-11-25T17:00:00Z", "Wednesday, November 25, 10 a.m.", "miércoles 25 de noviembre, 10 a. m.", "Wed 10 am", "mie 10 am"},
		{"2026-11-28T19:00:00Z", "Saturday, November 28, noon", "sábado 28 de noviembre, mediodía", "Sat noon", "sab mediodia"},
		{"2026-07-01T06:00:00Z", "Wednesday, July 1, midnight", "miércoles 1 de julio, medianoche", "Wed midnight", "mie medianoche"},
		{"2026-07-01T06:05:00Z", "Wednesday, July 1, 12:05 a.m.", "miércoles 1 de julio, 12:05 a. m.", "Wed 12:05 am", "mie 12:05 am"},
		{"2026-07-01T19:30:00Z", "Wednesday, July 1, 1:30 p.m.", "miércoles 1 de julio, 1:30 p. m.", "Wed 1:30 pm", "mie 1:30 pm"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		at = at.In(denver)
		for _, got := range [][2]string{{When(at, "en"), c.when}, {When(at, "es"), c.whenES}, {WhenSMS(at, "en"), c.sms}, {WhenSMS(at, "es"), c.smsES}} {
			if got[0] != got[1] {
				t.Errorf("got %q, want %q", got[0], got[1])
			}
		}
	}
}

func TestShortMomentsAreGSM(t *testing.T) {
	t.Parallel()
	for h := range 24 * 7 {
		at := time.Date(2026, 11, 23, h, 30*(h%2), 0, 0, time.UTC)
		for _, language := range languages {
			for _, text := range []string{WhenSMS(at, language), DateSMS(at.AddDate(0, h%12, 0), language)} {
				if _, encoding := Segments(text); encoding != "GSM-7" || len(text) > 22 {
					t.Errorf("%q is %s of %d places", text, encoding, len(text))
				}
			}
		}
	}
}

func TestADayIsSaidInEitherLanguage(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC)
	if en, es := Day(at, "en"), Day(at, "es"); en != "Tuesday, November 24" || es != "martes 24 de noviembre" {
		t.Errorf("got %q, %q", en, es)
	}
}

func TestADateIsSaidShortly(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 2, 10, 30, 0, 0, time.UTC)
	if en, es := DateSMS(at, "en"), DateSMS(at, "es"); en != "Wed Dec 2, 10:30 am" || es != "mie 2 dic, 10:30 am" {
		t.Errorf("got %q, %q", en, es)
	}
}

package hours_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/joydevie/followup/internal/hours"
)

func TestAnswerByIsTwoOpenHoursLater(t *testing.T) {
	t.Parallel()
	weekdays := map[string]string{"mon-fri": "9:00-17:00"}
	for _, c := range []struct {
		name    string
		hours   map[string]string
		written string
		want    string
	}{
		{"in the evening: the next morning", weekdays, "2026-11-24T20:00:00-07:00", "2026-11-25T11:00:00-07:00"},
		{"in the morning: the same morning", weekdays, "2026-11-24T09:00:00-07:00", "2026-11-24T11:00:00-07:00"},
		{"rounded up to the whole hour", weekdays, "2026-11-24T09:00:01-07:00", "2026-11-24T12:00:00-07:00"},
		{"shortly before closing: the rest counts", weekdays, "2026-11-24T16:41:00-07:00", "2026-11-25T11:00:00-07:00"},
		{"two hours before closing: at closing", weekdays, "2026-11-24T15:00:00-07:00", "2026-11-24T17:00:00-07:00"},
		{"on Friday evening: on Monday", weekdays, "2026-11-20T19:00:00-07:00", "2026-11-23T11:00:00-07:00"},
		{"before Thanksgiving: after it", weekdays, "2026-11-25T18:00:00-07:00", "2026-11-27T11:00:00-07:00"},
		{"before a holiday observed on Friday: on Monday", weekdays, "2026-07-02T18:00:00-06:00", "2026-07-06T11:00:00-06:00"},
		{"the clocks go back in between", weekdays, "2026-10-31T12:00:00-06:00", "2026-11-02T11:00:00-07:00"},
		{"not beyond a closing at half past", map[string]string{"tue": "9:00-16:30"}, "2026-11-24T14:10:00-07:00", "2026-11-24T16:30:00-07:00"},
		{"over lunch", map[string]string{"tue": "13:00-17:00, 9:00-12:00"}, "2026-11-24T10:40:00-07:00", "2026-11-24T14:00:00-07:00"},
		{"not into lunch", map[string]string{"tue": "9:00-11:30, 13:00-17:00"}, "2026-11-24T09:10:00-07:00", "2026-11-24T11:30:00-07:00"},
		{"an hour a day takes two days", map[string]string{"mon-fri": "9-10"}, "2026-11-23T08:00:00-07:00", "2026-11-24T10:00:00-07:00"},
		{"a night shift reads before midnight", map[string]string{"mon-sun": "0:00-24:00"}, "2026-11-24T22:30:00-07:00", "2026-11-25T01:00:00-07:00"},
		{"asked from another zone", weekdays, "2026-11-25T03:00:00Z", "2026-11-25T11:00:00-07:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			office, err := hours.ParseOffice(c.hours, zone(t, denver))
			if err != nil {
				t.Fatal(err)
			}
			got := office.AnswerBy(moment(t, c.written))
			if !got.Equal(moment(t, c.want)) || got.Location().String() != denver {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestTheBarestOfficeStillAnswersAndNoOfficeDoesNot(t *testing.T) {
	t.Parallel()
	office, err := hours.ParseOffice(map[string]string{"mon": "9:00-9:01"}, zone(t, denver))
	if err != nil {
		t.Fatal(err)
	}
	now := moment(t, "2026-11-24T20:00:00-07:00")
	if got := office.AnswerBy(now); !got.After(now.AddDate(2, 0, 0)) {
		t.Errorf("got %s", got)
	}
	if got := (hours.Office{}).AnswerBy(now); !got.IsZero() {
		t.Errorf("no office answers by %s", got)
	}
}

func TestAnswersNeverComeBeforeTwoHoursHavePassedAndNeverGoBack(t *testing.T) {
	t.Parallel()
	office, err := hours.ParseOffice(map[string]string{"mon-thu": "8:30-12:00, 13:00-16:30", "sat": "10:00-14:00"}, zone(t, denver))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		at := anyMoment().Draw(t, "at")
		later := at.Add(time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "later")))
		first, second := office.AnswerBy(at), office.AnswerBy(later)
		if first.Before(at.Add(2*time.Hour)) || second.Before(first) {
			t.Fatalf("written %s: %s; written %s: %s", at, first, later, second)
		}
	})
}

func TestParseOfficeNamesEveryMistakeAndItsCure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		hours map[string]string
		want  []string
	}{
		{"no hours", nil, []string{"nobody ever reads", `mon-fri: "9:00-17:00"`}},
		{"closed all week", map[string]string{"mon-sun": "closed"}, []string{"nobody ever reads"}},
		{"not a day", map[string]string{"mo-fr": "9:00-17:00"}, []string{`"mo-fr": not days`, "mon-fri"}},
		{"the afternoon by the 12-hour clock", map[string]string{"mon": "9:00-5:00"}, []string{`"9:00-5:00" ends before it begins`, "24-hour"}},
		{"am and pm", map[string]string{"mon": "9am-5pm"}, []string{`"9am-5pm" is no span`, "24-hour"}},
		{"no minutes after the colon", map[string]string{"mon": "9:-17:0"}, []string{"is no span"}},
		{"an hour that does not exist", map[string]string{"mon": "9:00-24:01"}, []string{"is no span"}},
		{"an empty entry", map[string]string{"mon": ""}, []string{"is no span"}},
		{"overlap", map[string]string{"mon": "9:00-13:00, 12:00-17:00"}, []string{"overlap"}},
		{"a day twice", map[string]string{"mon-fri": "9:00-17:00", "wed": "9:00-12:00"}, []string{`"wed": Wednesday is already set by "mon-fri"`}},
		{"all at once", map[string]string{"mo": "9", "tue": "9-5"}, []string{`"mo": not days`, `"9" is no span`, `"9-5" ends before`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := hours.ParseOffice(c.hours, zone(t, denver))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
	if _, err := hours.ParseOffice(map[string]string{"mon": "9-17"}, nil); err == nil || !strings.Contains(err.Error(), "zone") {
		t.Errorf("without a zone: %v", err)
	}
}

func TestParseOfficeReadsRangesListsAndClosedDays(t *testing.T) {
	t.Parallel()
	office, err := hours.ParseOffice(map[string]string{"sat - mon": "10-14", "Tue, Thursday": "9:00–17:00", "wed": "Closed"}, zone(t, denver))
	if err != nil {
		t.Fatal(err)
	}
	for written, want := range map[string]string{
		"2026-11-21T08:00:00-07:00": "2026-11-21T12:00:00-07:00", // Saturday
		"2026-11-22T08:00:00-07:00": "2026-11-22T12:00:00-07:00", // Sunday
		"2026-11-23T08:00:00-07:00": "2026-11-23T12:00:00-07:00", // Monday
		"2026-11-24T08:00:00-07:00": "2026-11-24T11:00:00-07:00", // Tuesday
		"2026-11-18T08:00:00-07:00": "2026-11-19T11:00:00-07:00", // Wednesday waits for Thursday
	} {
		if got := office.AnswerBy(moment(t, written)); !got.Equal(moment(t, want)) {
			t.Errorf("written %s: %s, want %s", written, got, want)
		}
	}
}

func FuzzParseOffice(f *testing.F) {
	f.Add("mon-fri", "9:00-17:00")
	f.Add("sat, sun", "9-12,13-24:00")
	f.Add("fri-mon", "closed")
	f.Fuzz(func(t *testing.T, days, spans string) {
		office, err := hours.ParseOffice(map[string]string{days: spans}, zone(t, denver))
		now := moment(t, "2026-11-24T20:00:00-07:00")
		if err == nil && !office.AnswerBy(now).After(now) {
			t.Errorf("%q %q: answers by %s", days, spans, office.AnswerBy(now))
		}
	})
}

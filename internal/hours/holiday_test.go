package hours

import (
	"testing"
	"time"

	"github.com/rickar/cal/v2/us"
)

// The days on which federal offices are closed, by the list of the Office of
// Personnel Management, and the days that they stand for.
func TestFederalHolidays(t *testing.T) {
	t.Parallel()
	closed := []string{
		"2026-01-01", "2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19",
		"2026-07-03", "2026-07-04", "2026-09-07", "2026-10-12", "2026-11-11", "2026-11-26", "2026-12-25",
		"2027-01-01", "2027-01-18", "2027-02-15", "2027-05-31", "2027-06-18", "2027-06-19",
		"2027-07-04", "2027-07-05", "2027-09-06", "2027-10-11", "2027-11-11", "2027-11-25", "2027-12-24", "2027-12-25", "2027-12-31",
		"2028-01-01", "2028-01-17", "2028-02-21", "2028-05-29", "2028-06-19",
		"2028-07-04", "2028-09-04", "2028-10-09", "2028-11-10", "2028-11-11", "2028-11-23", "2028-12-25",
	}
	want := map[string]bool{}
	for _, day := range closed {
		want[day] = true
	}
	for day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2029; day = day.AddDate(0, 0, 1) {
		text := day.Format(time.DateOnly)
		if got := federalHoliday(dateOf(day)); got != want[text] {
			t.Errorf("%s %s: holiday %v, want %v", day.Weekday(), text, got, want[text])
		}
	}
}

func TestInaugurationDayAndTheDayAfterThanksgivingAreWorkingDays(t *testing.T) {
	t.Parallel()
	for _, d := range []Date{{2037, time.January, 20}, {2026, time.November, 27}} {
		if federalHoliday(d) {
			t.Errorf("%v is a holiday", d)
		}
	}
}

// federalHoliday looks only at the holidays of the day's own month; this looks
// at all of them.
func TestNoHolidayIsObservedOutsideItsMonthButNewYear(t *testing.T) {
	t.Parallel()
	for year := 2021; year < 2121; year++ {
		for _, h := range us.Holidays {
			actual, observed := h.Calc(year)
			if !federalHoliday(dateOf(actual)) || !federalHoliday(dateOf(observed)) {
				t.Errorf("%s of %d, %s or %s, is no holiday", h.Name, year, actual, observed)
			}
		}
	}
}

package hours

import (
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/us"
)

// federalHoliday reports whether the day is one of the eleven US federal
// holidays of 5 U.S.C. 6103, or the weekday on which one is observed because it
// falls on a Saturday or a Sunday. Both days count: an office is closed on the
// one, and people keep the other. Inauguration Day is not among them: it is a
// holiday for the offices of Washington alone.
func federalHoliday(d Date) bool {
	for _, h := range us.Holidays {
		if isOn(h, d, d.Year) {
			return true
		}
	}
	// A New Year's Day on a Saturday is observed in the year before.
	return d.Month == time.December && d.Day == 31 && isOn(us.NewYear, d, d.Year+1)
}

func isOn(h *cal.Holiday, d Date, year int) bool {
	if year == d.Year && h.Month != d.Month {
		return false // none is observed in another month of its own year
	}
	actual, observed := h.Calc(year)
	return !actual.IsZero() && (dateOf(actual) == d || dateOf(observed) == d)
}

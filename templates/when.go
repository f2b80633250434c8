package templates

import (
	"fmt"
	"time"
)

// calendar is how a language says a moment.
type calendar struct {
	days      [7]string
	months    [12]string
	day       string // format of weekday, month and day of the month
	long      hours
	shortDays [7]string // GSM-7 only, as is short
	shortMons [12]string
	shortDate string // format of weekday, month, day and clock
	short     hours
}

type hours struct{ am, pm, noon, midnight string }

func calendarOf(language string) calendar {
	if language == "es" {
		return calendar{
			days:      [7]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
			months:    [12]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
			shortDays: [7]string{"dom", "lun", "mar", "mie", "jue", "vie", "sab"},
			shortMons: [12]string{"ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"},
			shortDate: "%[1]s %[3]d %[2]s, %[4]s",
			day:       "%[1]s %[3]d de %[2]s",
			long:      hours{"a. m.", "p. m.", "mediodía", "medianoche"},
			short:     hours{"am", "pm", "mediodia", "medianoche"},
		}
	}
	return calendar{
		days:      [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		months:    [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		shortDays: [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
		shortMons: [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
		shortDate: "%[1]s %[2]s %[3]d, %[4]s",
		day:       "%[1]s, %[2]s %[3]d",
		long:      hours{"a.m.", "p.m.", "noon", "midnight"},
		short:     hours{"am", "pm", "noon", "midnight"},
	}
}

// Day says a date in t's own zone: "Tuesday, November 24", "martes 24 de
// noviembre". A language other than "es" reads English.
func Day(t time.Time, language string) string {
	c := calendarOf(language)
	return fmt.Sprintf(c.day, c.days[t.Weekday()], c.months[t.Month()-1], t.Day())
}

// When says a moment in t's own zone, with minutes only where there are some:
// "Wednesday, November 25, 10 a.m.", "miércoles 25 de noviembre, 10 a. m.".
func When(t time.Time, language string) string {
	c := calendarOf(language)
	return Day(t, language) + ", " + c.long.clock(t)
}

// WhenSMS says a moment of the next days shortly and in GSM-7: "Wed 10 am",
// "mie 10 am".
func WhenSMS(t time.Time, language string) string {
	c := calendarOf(language)
	return c.shortDays[t.Weekday()] + " " + c.short.clock(t)
}

// DateSMS says a moment of any day shortly and in GSM-7: "Wed Nov 25, 10 am",
// "mie 25 nov, 10 am".
func DateSMS(t time.Time, language string) string {
	c := calendarOf(language)
	return fmt.Sprintf(c.shortDate, c.shortDays[t.Weekday()], c.shortMons[t.Month()-1], t.Day(), c.short.clock(t))
}

func (h hours) clock(t time.Time) string {
	hour, minute := t.Hour(), t.Minute()
	half := h.am
	if hour >= 12 {
		half = h.pm
	}
	switch {
	case hour == 12 && minute == 0:
		return h.noon
	case hour == 0 && minute == 0:
		return h.midnight
	case minute == 0:
		return fmt.Sprintf("%d %s", (hour+11)%12+1, half)
	}
	return fmt.Sprintf("%d:%02d %s", (hour+11)%12+1, minute, half)
}

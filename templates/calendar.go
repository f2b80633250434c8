package templates

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Appointment is what a calendar is told of an appointment: nothing of what it
// is for, and nothing of the person.
type Appointment struct {
	UID       string // the same for every version of it; opaque, and unique in the world with the host in it
	Version   int    // 0 at first, one more with each change: calendars keep the highest
	Start     time.Time
	End       time.Time // not after Start: an hour later
	Written   time.Time // when this version was made
	Sender    string    // neutral name
	Place     string    // "" when there is none to name
	Cancelled bool
}

// Calendar writes the appointment as a file that calendars take in (RFC 5545):
// its time in UTC, which every calendar shows in its reader's own zone. A
// language other than "es" reads English.
func (a Appointment) Calendar(language string) []byte {
	summary, status := "appointment", "CONFIRMED"
	if language == "es" {
		summary = "cita"
	}
	if a.Cancelled {
		status = "CANCELLED"
	}
	end := a.End
	if !end.After(a.Start) {
		end = a.Start.Add(time.Hour)
	}
	lines := []string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//followup//appointments//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
		"BEGIN:VEVENT", "UID:" + icsText(a.UID), "DTSTAMP:" + icsTime(a.Written), fmt.Sprintf("SEQUENCE:%d", a.Version),
		"DTSTART:" + icsTime(a.Start), "DTEND:" + icsTime(end),
		"SUMMARY:" + icsText(strings.TrimSpace(a.Sender+" "+summary)),
	}
	if a.Place != "" {
		lines = append(lines, "LOCATION:"+icsText(a.Place))
	}
	lines = append(lines, "STATUS:"+status, "CLASS:PRIVATE", "TRANSP:OPAQUE", "END:VEVENT", "END:VCALENDAR")
	var b strings.Builder
	for _, l := range lines {
		icsFold(&b, l)
	}
	return []byte(b.String())
}

func icsTime(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// icsText escapes a value of type TEXT (RFC 5545 section 3.3.11). It is one
// line, as every value in a message is.
func icsText(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`).Replace(cleanLine(s))
}

// icsFold writes a line in pieces of at most 75 octets, never within a
// character; a piece that goes on begins with a space (section 3.1).
func icsFold(b *strings.Builder, line string) {
	for room := 75; len(line) > room; room = 74 { // the space takes one
		cut := room
		for !utf8.RuneStart(line[cut]) {
			cut--
		}
		b.WriteString(line[:cut] + "\r\n ")
		line = line[cut:]
	}
	b.WriteString(line + "\r\n")
}

package hours

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ErrMoment is returned for what ParseMoment cannot read.
var ErrMoment = errors.New(`no moment; write it like "Fri 17:40", "tomorrow 9am", "2026-11-25 17:40", with another zone "2026-11-25 17:40 America/Chicago", or "2026-11-25T17:40:00-07:00"`)

var clockText = regexp.MustCompile(`^(\d{1,2})(?::(\d{2}))? ?([ap]\.?m\.?)?$`)

// ParseMoment reads a moment as people write it, by the clock on the wall of
// now's zone: "Fri 17:40", "tomorrow 9am", "today noon", "17:40",
// "2026-11-25 17:40", or RFC 3339 with a zone of its own. A weekday, and a
// clock alone, mean the next time that comes. An hour without minutes needs am
// or pm. A time that the clock skips is the moment of the skip. The name of a zone
// behind it, such as "America/Chicago", is the zone of the wall that is meant.
func ParseMoment(text string, now time.Time) (time.Time, error) {
	text = strings.Join(strings.Fields(text), " ")
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	if cut := strings.LastIndexByte(text, ' '); cut > 0 && strings.ContainsRune(text[cut:], '/') {
		zone, err := time.LoadLocation(text[cut+1:])
		if err != nil || placeless(zone.String()) {
			return time.Time{}, fmt.Errorf("%q names no zone; write one such as America/Chicago: %w", text, ErrMoment)
		}
		text, now = text[:cut], now.In(zone)
	}
	zone, today := now.Location(), dateOf(now)
	first, rest := text, ""
	if len(text) > len(time.DateOnly) && strings.ContainsRune(" T", rune(text[len(time.DateOnly)])) {
		first, rest = text[:len(time.DateOnly)], text[len(time.DateOnly)+1:]
	}
	if d, err := time.Parse(time.DateOnly, first); err == nil {
		minute, ok := parseClock(rest)
		if !ok {
			return time.Time{}, fmt.Errorf("%q is %w", text, ErrMoment)
		}
		return dateOf(d).at(minute, zone), nil
	}
	first, rest, _ = strings.Cut(strings.ToLower(text), " ")
	day, isDay := parseDay(first)
	if first != "today" && first != "tomorrow" && !isDay {
		rest = strings.ToLower(text)
	}
	minute, ok := parseClock(strings.TrimPrefix(rest, "at "))
	if !ok {
		return time.Time{}, fmt.Errorf("%q is %w", text, ErrMoment)
	}
	switch first {
	case "today":
		return today.at(minute, zone), nil
	case "tomorrow":
		return today.add(1).at(minute, zone), nil
	}
	for d := today; ; d = d.add(1) {
		if t := d.at(minute, zone); (!isDay || d.weekday() == day) && !t.Before(now) {
			return t, nil
		}
	}
}

// parseClock reads a time of day as minutes after midnight.
func parseClock(text string) (minute int, ok bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	switch text {
	case "noon":
		return 12 * hour, true
	case "midnight":
		return 0, true
	}
	m := clockText.FindStringSubmatch(text)
	if m == nil || m[2] == "" && m[3] == "" {
		return 0, false
	}
	h, _ := strconv.Atoi(m[1])
	past, _ := strconv.Atoi(m[2])
	if m[3] != "" {
		if h < 1 || h > 12 {
			return 0, false
		}
		h %= 12
		if m[3][0] == 'p' {
			h += 12
		}
	}
	return h*hour + past, h < 24 && past < 60
}

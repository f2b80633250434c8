package hours

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Office is when somebody at the clinic reads what people wrote: some spans on
// some days of the week, and never a federal holiday. Make one with ParseOffice;
// the zero Office never answers.
type Office struct {
	zone *time.Location
	days [7][]Span // by time.Weekday, each in order
}

// answerTime is how much open time the clinic takes to answer.
const answerTime = 2 * time.Hour

// ParseOffice reads the hours as the clinic's file has them: a day ("sat"), a
// range ("mon-fri", also across the week's end) or a list ("tue, thu"), each
// with one or more spans by the 24-hour clock ("9:00-12:00, 13:00-17:00") or
// "closed". Days that are not named are closed. Every mistake is reported, one
// line each, with the entry and its cure.
func ParseOffice(hours map[string]string, zone *time.Location) (Office, error) {
	office := Office{zone: zone}
	var faults []error
	if zone == nil {
		faults = append(faults, errors.New(`hours: no zone to read them in; name the clinic's zone, for example "America/Denver"`))
	}
	var from [7]string // the entry that set the day
	open := false
	for _, entry := range slices.Sorted(maps.Keys(hours)) {
		on, err := parseDays(entry)
		if err != nil {
			faults = append(faults, fmt.Errorf("hours: %q: %w", entry, err))
		}
		spans, err := parseSpans(hours[entry])
		if err != nil {
			faults = append(faults, fmt.Errorf("hours: %q: %w", entry, err))
		}
		open = open || len(spans) > 0
		for _, day := range on {
			if from[day] != "" {
				faults = append(faults, fmt.Errorf("hours: %q: %s is already set by %q; name every day once", entry, day, from[day]))
			}
			from[day], office.days[day] = entry, spans
		}
	}
	if !open && len(faults) == 0 {
		faults = append(faults, errors.New(`hours: nobody ever reads; name at least one day, for example mon-fri: "9:00-17:00"`))
	}
	if len(faults) > 0 {
		return Office{}, errors.Join(faults...)
	}
	return office, nil
}

// AnswerBy is when somebody who wrote at t can expect an answer: after two
// hours of open time, rounded up to the whole hour by the clinic's clock but
// not beyond the closing. It is the zero time for the zero Office.
func (o Office) AnswerBy(t time.Time) time.Time {
	if o.zone == nil {
		return time.Time{}
	}
	left := answerTime
	// The barest hours, a minute a week, add up to two hours in three years.
	const enough = 4 * 366
	d := dateOf(t.In(o.zone))
	for range enough {
		for _, s := range o.openOn(d) {
			from, to := s.on(d, o.zone)
			if from.Before(t) {
				from = t.In(o.zone)
			}
			if open := to.Sub(from); open >= left {
				return earlier(wholeHour(from.Add(left)), to)
			} else if open > 0 {
				left -= open
			}
		}
		d = d.add(1)
	}
	return time.Time{}
}

// Open reports whether somebody at the clinic reads, and answers the telephone,
// at t. The zero Office is never open.
func (o Office) Open(t time.Time) bool {
	if o.zone == nil {
		return false
	}
	d := dateOf(t.In(o.zone))
	for _, s := range o.openOn(d) {
		if from, to := s.on(d, o.zone); !t.Before(from) && t.Before(to) {
			return true
		}
	}
	return false
}

// OpensOn reports whether somebody reads at some hour of t's day by the
// clinic's clock.
func (o Office) OpensOn(t time.Time) bool {
	return o.zone != nil && len(o.openOn(dateOf(t.In(o.zone)))) > 0
}

func (o Office) openOn(d Date) []Span {
	spans := o.days[d.weekday()]
	if len(spans) > 0 && federalHoliday(d) {
		return nil
	}
	return spans
}

// wholeHour rounds up by the clock on the wall, which in some zones is half an
// hour off.
func wholeHour(t time.Time) time.Time {
	past := time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	if past == 0 {
		return t
	}
	return t.Add(time.Hour - past)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func parseDays(entry string) ([]time.Weekday, error) {
	var on []time.Weekday
	for part := range strings.SplitSeq(entry, ",") {
		first, last, isRange := strings.Cut(strings.ReplaceAll(part, "–", "-"), "-")
		if !isRange {
			last = first
		}
		from, ok1 := parseDay(first)
		to, ok2 := parseDay(last)
		if !ok1 || !ok2 {
			return nil, errors.New("not days of the week; write mon, tue, wed, thu, fri, sat or sun, or a range such as mon-fri")
		}
		for day := from; ; day = (day + 1) % 7 {
			on = append(on, day)
			if day == to {
				break
			}
		}
	}
	return on, nil
}

func parseDay(text string) (time.Weekday, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	for day := range time.Weekday(7) {
		if name := strings.ToLower(day.String()); text == name || text == name[:3] {
			return day, true
		}
	}
	return 0, false
}

func parseSpans(text string) ([]Span, error) {
	if strings.EqualFold(strings.TrimSpace(text), "closed") {
		return nil, nil
	}
	var spans []Span
	for part := range strings.SplitSeq(text, ",") {
		first, last, _ := strings.Cut(strings.ReplaceAll(part, "–", "-"), "-")
		from, ok1 := parseMinute(first)
		to, ok2 := parseMinute(last)
		switch part = strings.TrimSpace(part); {
		case !ok1 || !ok2:
			return nil, fmt.Errorf(`%q is no span of time; write it by the 24-hour clock, such as "9:00-17:00", or "closed"`, part)
		case from >= to:
			return nil, fmt.Errorf(`%q ends before it begins; write it by the 24-hour clock, such as "9:00-17:00"`, part)
		}
		spans = append(spans, Span{from, to})
	}
	slices.SortFunc(spans, func(a, b Span) int { return a.From - b.From })
	for i := 1; i < len(spans); i++ {
		if spans[i].From < spans[i-1].To {
			return nil, fmt.Errorf("the spans in %q overlap; write each stretch once", text)
		}
	}
	return spans, nil
}

// parseMinute reads "9:00", "09:00" or "9", up to "24:00".
func parseMinute(text string) (int, bool) {
	h, m, colon := strings.Cut(strings.TrimSpace(text), ":")
	if !colon {
		m = "00"
	}
	hours, err1 := strconv.ParseUint(h, 10, 8)
	minutes, err2 := strconv.ParseUint(m, 10, 8)
	minute := int(hours)*hour + int(minutes)
	return minute, err1 == nil && err2 == nil && len(m) == 2 && minutes < 60 && minute <= midnight
}

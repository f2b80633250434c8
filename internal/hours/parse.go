package hours

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The hours of the day that no window may leave: a call at another hour breaks
// 47 CFR 64.1200(c)(1).
const (
	lawfulFrom  = 8 * hour
	lawfulUntil = 21 * hour
)

const holidays = "holidays"

// ParseWindows reads the windows of a class as the clinic's file has them:
// under the name of the class what holds from the beginning, instead of
// otherwise, and under "NAME from 2027-01-01" what holds from that day on, each
// with days as ParseOffice reads them and one span a day, and with "holidays:
// open" on federal holidays too. Entries of other names are left alone. Every
// mistake is reported, one line each.
func ParseWindows(entries map[string]map[string]string, name string, otherwise Windows) (Windows, error) {
	var windows Windows
	var faults []error
	for _, entry := range slices.Sorted(maps.Keys(entries)) {
		class, day, dated := strings.Cut(entry, " from ")
		if class != name {
			continue
		}
		w, err := parseWindow(entries[entry])
		if err != nil {
			faults = append(faults, fmt.Errorf("windows: %q: %w", entry, err))
		}
		if dated {
			t, err := time.Parse(time.DateOnly, strings.TrimSpace(day))
			if err != nil {
				faults = append(faults, fmt.Errorf("windows: %q: no day; write it like %s from 2027-01-01", entry, name))
			}
			w.Since = dateOf(t)
		}
		windows = append(windows, w)
	}
	if _, whole := entries[name]; !whole {
		windows = append(slices.Clone(otherwise), windows...)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return windows, nil
}

func parseWindow(days map[string]string) (Window, error) {
	var w Window
	var faults []error
	set := [7]bool{}
	for _, entry := range slices.Sorted(maps.Keys(days)) {
		if entry == holidays {
			switch days[entry] {
			case "open":
				w.Holidays = true
			case "closed":
			default:
				faults = append(faults, fmt.Errorf("holidays: %q; write open or closed", days[entry]))
			}
			continue
		}
		on, err := parseDays(entry)
		if err != nil {
			faults = append(faults, fmt.Errorf("%q: %w", entry, err))
		}
		spans, err := parseSpans(days[entry])
		if err != nil {
			faults = append(faults, fmt.Errorf("%q: %w", entry, err))
		}
		if len(spans) > 1 {
			faults = append(faults, fmt.Errorf("%q: more than one span; a day opens and closes once", entry))
		}
		for _, s := range spans {
			if s.From < lawfulFrom || s.To > lawfulUntil {
				faults = append(faults, fmt.Errorf("%q: before 8:00 or after 21:00, which 47 CFR 64.1200(c)(1) forbids", entry))
			}
			for _, day := range on {
				w.Days[day] = s
			}
		}
		for _, day := range on {
			if set[day] {
				faults = append(faults, fmt.Errorf("%q: %s is set twice; name every day once", entry, day))
			}
			set[day] = true
		}
	}
	return w, errors.Join(faults...)
}

// KnownWindows reports an entry that belongs to none of the classes; "" when
// there is none.
func KnownWindows(entries map[string]map[string]string, names ...string) (unknown string) {
	for _, entry := range slices.Sorted(maps.Keys(entries)) {
		if class, _, _ := strings.Cut(entry, " from "); !slices.Contains(names, class) {
			return entry
		}
	}
	return ""
}

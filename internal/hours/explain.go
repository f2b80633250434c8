package hours

import (
	"fmt"
	"time"
)

// Opening is a stretch of time that is inside the window in every zone.
type Opening struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Openings gives the next ones from t on, as many at most; fewer when none
// follows within seven days.
func (w Windows) Openings(t time.Time, zones []*time.Location, most int) []Opening {
	var all []Opening
	for len(all) < most {
		from, ok := w.Next(t, zones)
		if !ok {
			break
		}
		var to time.Time
		for _, zone := range zones {
			if _, end, ok := w.next(from, zone); ok && (to.IsZero() || end.Before(to)) {
				to = end
			}
		}
		all = append(all, Opening{from, to.In(from.Location())})
		t = to.In(from.Location())
	}
	return all
}

// Notes says what is out of the ordinary in a zone between two moments: days on
// which the window stays shut, and nights in which the clocks change.
func (w Windows) Notes(from, to time.Time, zone *time.Location) []string {
	var notes []string
	last := dateOf(to.In(zone))
	for d := dateOf(from.In(zone)); d.compare(last) <= 0; d = d.add(1) {
		name := fmt.Sprintf("%s %d %s", d.weekday().String()[:3], d.Day, d.Month.String()[:3])
		switch s := w.on(d); {
		case w.closed(d):
			notes = append(notes, name+" is a federal holiday: closed")
		case s.From >= s.To:
			notes = append(notes, name+": closed on "+d.weekday().String()+"s")
		}
		_, before := d.at(0, zone).Zone()
		_, after := d.add(1).at(0, zone).Zone()
		switch {
		case after > before:
			notes = append(notes, fmt.Sprintf("%s: the clocks go forward, a day of %s", name, d.add(1).at(0, zone).Sub(d.at(0, zone))))
		case after < before:
			notes = append(notes, fmt.Sprintf("%s: the clocks go back, a day of %s", name, d.add(1).at(0, zone).Sub(d.at(0, zone))))
		}
	}
	return notes
}

package ledger

import (
	"regexp"
	"strconv"
	"time"
)

// Hung says on what a planned message hangs, as its entry's name tells it:
//
//	reminder-24h-a3      24 hours before appointment 3
//	reminder-24h-a3-2    the same once more: the first went out for a time that is no longer true
//	booked-a3            words about appointment 3, because staff asked for them
//	reminder-r5          the fifth reminder that stands alone
type Hung struct {
	Template    string        // with which it is written, unless the row says another
	Appointment int           // its number; 0 when it stands alone
	Alone       int           // its number among those that stand alone; 0 when it hangs on an appointment
	Lead        time.Duration // so long before the appointment; 0 for words that staff asked for
	Set         int           // which of those with the same name, from 1
}

var (
	hung = regexp.MustCompile(`^(.+)-([ar])([1-9][0-9]{0,8})(?:-([1-9][0-9]{0,8}))?$`)
	lead = regexp.MustCompile(`^reminder-([1-9][0-9]{0,5})([hm])$`)
)

// Hangs reads the name of an entry; false for a message that is no reminder.
func (e Entry) Hangs() (Hung, bool) {
	m := hung.FindStringSubmatch(e.Template)
	if m == nil {
		return Hung{}, false
	}
	h := Hung{Template: m[1], Set: 1}
	k, _ := strconv.Atoi(m[3])
	if m[2] == "r" {
		h.Alone = k
	} else {
		h.Appointment = k
	}
	if m[4] != "" {
		h.Set, _ = strconv.Atoi(m[4])
	}
	if b := lead.FindStringSubmatch(h.Template); b != nil && h.Appointment > 0 {
		n, _ := strconv.Atoi(b[1])
		h.Lead = time.Duration(n) * map[string]time.Duration{"h": time.Hour, "m": time.Minute}[b[2]]
		h.Template = leadTemplate(h.Lead)
	}
	return h, true
}

// soon is the lead up to which a reminder says "see you soon". Every lead is
// written with one of two templates: both name the moment, neither says how far
// away it is.
const soon = 6 * time.Hour

func leadTemplate(before time.Duration) string {
	if before <= soon {
		return "reminder-2h"
	}
	return "reminder-24h"
}

// Name is how the entry is called.
func (h Hung) Name() string {
	name := h.Template
	if h.Lead > 0 {
		name = "reminder-" + strconv.Itoa(int(h.Lead/time.Hour)) + "h"
		if h.Lead%time.Hour != 0 {
			name = "reminder-" + strconv.Itoa(int(h.Lead/time.Minute)) + "m"
		}
	}
	if h.Alone > 0 {
		name += "-r" + strconv.Itoa(h.Alone)
	} else {
		name += "-a" + strconv.Itoa(h.Appointment)
	}
	if h.Set > 1 {
		name += "-" + strconv.Itoa(h.Set)
	}
	return name
}

// Words is the message that a planned reminder is written with; of any other
// the name of its entry.
func (p *Planned) Words() string {
	if p.Row.Template != "" {
		return p.Row.Template
	}
	if h, ok := p.Entry.Hangs(); ok {
		return h.Template
	}
	return p.Entry.Template
}

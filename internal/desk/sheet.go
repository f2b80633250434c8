package desk

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
)

// Sheet is what the desk reads in the morning. It names people by their
// initials alone.
type Sheet struct {
	Counts string // "3 new · 2 waiting over 24 h"; "" when there is nothing
	Lines  []string
}

// mostLines bounds each part of the sheet: the rest is in the inbox.
const mostLines = 20

// Sheet says what waits this morning, and what goes out today.
func (v *View) Sheet(ctx context.Context) (Sheet, error) {
	in, err := v.Inbox(ctx, mostLines)
	if err != nil {
		return Sheet{}, err
	}
	var long int64
	for _, t := range []ledger.Tray{ledger.TrayNew, ledger.TrayReplied} {
		n, err := v.Ledger.InTray(ctx, t, v.Now().Add(-24*time.Hour))
		if err != nil {
			return Sheet{}, err
		}
		long += n
	}
	var s Sheet
	for _, t := range in.Tasks {
		s.Lines = append(s.Lines, v.sheetLine(t))
	}
	reminders, err := v.reminders(ctx, &s)
	if err != nil {
		return s, err
	}
	var counts []string
	for _, c := range []struct {
		n    int64
		what string
	}{
		{in.New, "new"}, {in.Replied, "replied"}, {long, "waiting over 24 h"}, {in.Call, "to be called"}, {reminders, "reminders today"},
	} {
		if c.n == 1 {
			c.what = strings.Replace(c.what, "reminders", "reminder", 1)
		}
		if c.n > 0 {
			counts = append(counts, strconv.FormatInt(c.n, 10)+" "+c.what)
		}
	}
	s.Counts = strings.Join(counts, " · ")
	return s, nil
}

func (v *View) sheetLine(t Task) string {
	said := t.Initials + " · " + t.Item
	switch t.Tray {
	case ledger.TrayCall:
		return "call · " + said + " · " + strings.Split(t.Text, ":")[0]
	case ledger.TrayReplied:
		said = "replied · " + said + " · " + v.Say(t.Since)
	default:
		said = "new · " + said + " · wrote " + v.Say(t.Since)
	}
	if t.Late {
		said += " · past the promised time"
	}
	return said
}

// sheetPage is how many people are read at once for the count of reminders.
const sheetPage = 200

// reminders counts those of today, and adds the first to the sheet.
func (v *View) reminders(ctx context.Context, s *Sheet) (n int64, err error) {
	until := hours.Midnight(v.Now(), v.Zone, 1)
	for from := int64(0); ; from += sheetPage {
		ids, err := v.Ledger.Plans(ctx, until, from, sheetPage)
		if err != nil {
			return n, err
		}
		people, err := v.Ledger.People(ctx, ids)
		if err != nil {
			return n, err
		}
		for _, p := range people {
			if p == nil {
				continue
			}
			var u Upcoming
			u.Counts = map[string]int{}
			u.add(v, p, until)
			for _, plan := range u.Next {
				if m, _, ok := (ledger.Slip{Message: plan.Message}).Entry(); ok && kind(m) == "reminder" {
					if n++; n <= mostLines {
						s.Lines = append(s.Lines, plan.Due.Format("15:04")+" · "+plan.Initials+" · "+plan.Item+" · reminder goes today")
					}
				}
			}
		}
		if len(ids) < sheetPage {
			return n, nil
		}
	}
}

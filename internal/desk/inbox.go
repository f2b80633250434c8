package desk

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// Inbox is what waits for the desk.
type Inbox struct {
	New     int64  `json:"new"`     // submissions that nobody has read
	Replied int64  `json:"replied"` // replies that nobody has read
	Waiting int64  `json:"waiting"` // those of both that are past the time by which we said that we answer
	Call    int64  `json:"call"`    // people to be called
	Tasks   []Task `json:"tasks"`   // the first of each
}

// Task is one thing to do.
type Task struct {
	Tray  ledger.Tray `json:"tray"`
	Late  bool        `json:"late"` // past the promise
	Since time.Time   `json:"since"`
	By    time.Time   `json:"by,omitzero"` // the time by which we said that we answer
	Text  string      `json:"text"`
	Phone string      `json:"phone,omitempty"` // with a call: the number, as people read it
	Best  *Hours      `json:"best,omitempty"`  // with a call: the next hours in which the person may be called
	Brief
}

// Hours are some of a day.
type Hours struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Inbox tells what waits for the desk: the counts, and the first most tasks of
// each kind, late ones first.
func (v *View) Inbox(ctx context.Context, most int) (Inbox, error) {
	var in Inbox
	for _, t := range []ledger.Tray{ledger.TrayNew, ledger.TrayReplied, ledger.TrayCall} {
		tasks, err := v.tasks(ctx, t, most)
		if err != nil {
			return in, err
		}
		in.Tasks = append(in.Tasks, tasks...)
	}
	slices.SortStableFunc(in.Tasks, func(a, b Task) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Since.Compare(b.Since))
	})
	promised := v.promised()
	for _, c := range []struct {
		tray   ledger.Tray
		before time.Time
		add    *int64
	}{
		{ledger.TrayNew, time.Time{}, &in.New}, {ledger.TrayReplied, time.Time{}, &in.Replied}, {ledger.TrayCall, time.Time{}, &in.Call},
		{ledger.TrayNew, promised, &in.Waiting}, {ledger.TrayReplied, promised, &in.Waiting},
	} {
		n, err := v.Ledger.InTray(ctx, c.tray, c.before)
		if err != nil {
			return in, err
		}
		*c.add += n
	}
	return in, nil
}

func rank(t Task) int {
	switch {
	case t.Late:
		return 0
	case t.Tray == ledger.TrayReplied:
		return 1
	case t.Tray == ledger.TrayCall:
		return 2
	default:
		return 3
	}
}

// looks bounds how often a tray is read for want of tasks that still wait.
const looks = 5

// tasks gives the first of a tray that still wait, and takes the others out.
func (v *View) tasks(ctx context.Context, t ledger.Tray, most int) ([]Task, error) {
	for range looks {
		slips, err := v.Ledger.Tray(ctx, t, int64(most))
		if err != nil {
			return nil, err
		}
		ids := make([]contact.ID, len(slips))
		for i, s := range slips {
			ids[i] = s.Contact
		}
		people, err := v.Ledger.People(ctx, ids)
		if err != nil {
			return nil, err
		}
		var tasks []Task
		var settled []ledger.Slip
		for i, p := range people {
			task, waits, err := v.task(ctx, t, slips[i], p)
			if err != nil {
				return nil, err
			}
			if waits {
				tasks = append(tasks, task)
			} else {
				settled = append(settled, slips[i])
			}
		}
		if err := v.Ledger.Take(ctx, t, settled...); err != nil || len(settled) == 0 {
			return tasks, err
		}
	}
	return nil, nil // everything of it has been settled while we looked
}

// task reads a slip against the person; false when it waits no longer.
func (v *View) task(ctx context.Context, t ledger.Tray, s ledger.Slip, p *ledger.Person) (Task, bool, error) {
	if p == nil || len(p.Submissions) == 0 {
		return Task{}, false, nil
	}
	n := len(p.Submissions)
	if t != ledger.TrayReplied {
		n = min(max(s.N, 1), n)
	}
	task := Task{Tray: t, Since: s.Since.In(v.Zone), Brief: v.brief(p, n)}
	switch t {
	case ledger.TrayNew:
		task.promise(v)
		task.Text = "wrote, and nobody has read it"
		return task, p.Unread >= s.N, nil
	case ledger.TrayReplied:
		task.promise(v)
		task.Text = "replied, and nobody has read it"
		return task, p.Heard >= s.N, nil
	}
	call, ok, err := v.Ledger.CallFor(ctx, p)
	if err != nil || !ok || call.N > s.N || call.Since.After(v.Now()) {
		return task, false, err
	}
	task.Text = "no answer for three days: please call"
	if call.Why == ledger.Unreachable {
		task.Text = "not reached by email or text: please call"
	}
	if sub := p.Submissions[n-1]; sub.Phone == "" {
		task.Text += " – there is no number"
	} else {
		task.Phone = sub.Phone.National()
		if best, ok := v.bestHours(sub); ok {
			task.Best = &best
		}
	}
	return task, true, nil
}

// promise notes by when we said that we answer.
func (t *Task) promise(v *View) {
	t.By = v.Office.AnswerBy(t.Since)
	t.Late = !t.By.IsZero() && t.By.Before(v.Now())
}

// promised is the moment before which everybody who wrote should have an
// answer by now. Promises never go back, so a search finds it.
func (v *View) promised() time.Time {
	now := v.Now()
	const most = 40 * 24 * 3600 // seconds; longer than any promise
	first := now.Unix() - most
	return time.Unix(first+int64(sort.Search(most, func(i int) bool {
		by := v.Office.AnswerBy(time.Unix(first+int64(i), 0))
		return by.IsZero() || !by.Before(now)
	})), 0)
}

// callStep is how finely the hours for a call are looked for.
const callStep = 15 * time.Minute

// bestHours are the next in which the clinic is open and it is a decent hour
// everywhere the person may be; false when there are none within a week, or no
// number.
func (v *View) bestHours(s contact.Submission) (Hours, bool) {
	if s.Phone == "" {
		return Hours{}, false
	}
	zones := gate.Zones(s, contact.ViaSMS, v.Zone)
	good := func(t time.Time) bool { return v.Office.Open(t) && v.Windows.Open(t, zones) }
	from := v.Now().Truncate(time.Minute).In(v.Zone)
	limit := from.Add(7 * 24 * time.Hour)
	for !good(from) {
		if from = from.Truncate(callStep).Add(callStep); from.After(limit) {
			return Hours{}, false
		}
	}
	to := from
	for good(to) {
		to = to.Truncate(callStep).Add(callStep)
	}
	return Hours{from, to}, true
}

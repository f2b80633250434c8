package worker

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// Five people act on one person, each does everything, twice: nothing that one
// has done is lost, and what is planned in the end is what the appointments say.
func TestFivePeopleAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	w.meet(t, p, on(30, 10, 0))
	ctx, id := t.Context(), p.ID
	people := []string{"anna", "bea", "carl", "dora", "emil"}
	const each = 2
	var all sync.WaitGroup
	for i, name := range people {
		all.Go(func() {
			by := desk.By{Name: name}
			for j := range each {
				at := 10*i + j // in minutes: everybody means other moments
				acts := map[string]func() error{
					"note": func() error { return w.desk.Note(ctx, id, contact.Private(strings.Repeat("n", at+1)), by) },
					"hold": func() error { _, err := w.desk.Hold(ctx, id, by); return err },
					"move": func() error {
						_, err := w.desk.Reschedule(ctx, id, 1, desk.Meeting{At: on(28, 12, at)}, by)
						return err
					},
					"meet": func() error { _, err := w.desk.Schedule(ctx, id, desk.Meeting{At: on(29, 12, at)}, by); return err },
					"remind": func() error {
						_, err := w.desk.Remind(ctx, id, desk.Ask{Template: "reminder", At: on(26, 12, at)}, by)
						return err
					},
				}
				for what, act := range acts { // in any order
					if err := act(); err != nil {
						t.Errorf("%s, %s: %v", name, what, err)
					}
				}
			}
		})
	}
	all.Wait()
	now := w.person(t)
	if n := each * len(people); now.Alone != n || len(now.Appointments) != 1+n || now.Appointments[0].Version != n || !now.Hold.On {
		t.Errorf("%d reminders, %d appointments, the first in version %d, on hold: %v", now.Alone, len(now.Appointments), now.Appointments[0].Version, now.Hold.On)
	}
	waiting := map[int]int{}
	for _, m := range now.Messages {
		if h, ok := m.Entry.Hangs(); ok && h.Lead > 0 && m.Row.State.Pending() {
			waiting[h.Appointment]++
			if at := now.Appointments[h.Appointment-1].At; m.Row.For != at.Unix() || m.Row.Planned != at.Add(-h.Lead).Unix() {
				t.Errorf("%s by %s is for %s and goes at %s", m.Entry, m.Via, unix(m.Row.For).In(denver), unix(m.Row.Planned).In(denver))
			}
		}
	}
	for k := range now.Appointments {
		if waiting[k+1] != 4 {
			t.Errorf("appointment %d has %d reminders", k+1, waiting[k+1])
		}
	}
	acts := map[string]int{}
	for _, e := range w.timeline(t) {
		acts[e.By+" "+e.What]++
	}
	for _, name := range people {
		for _, what := range []string{"note", "appointment", "appointment_moved", "reminder_planned"} {
			if acts[name+" "+what] != each {
				t.Errorf("%s stands on the timeline %d times with %s", name, acts[name+" "+what], what)
			}
		}
	}
}

// Two workers, and one that is killed between two steps, ring for the reminders
// of one appointment.
func TestTwoWorkersAndARestartRemindOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	w.meet(t, p, on(28, 10, 30))
	w.move(t, p, on(28, 16, 0))
	w.at(on(27, 16, 0))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for _, m := range w.person(t).Messages {
				if !m.Row.State.Pending() || unix(m.Row.Due).After(w.Worker.now()) {
					continue
				}
				err := w.deliver(context.Background(), m.Via, tasks.Message{Contact: string(m.Contact), Entry: m.Entry.String()})
				if _, waiting := errors.AsType[*busy](err); err != nil && !waiting {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := w.names(); strings.Count(got, "reminder-24h") != 2 || len(w.sent) != 2 {
		t.Fatalf("sent %s", got)
	}
	// Killed with a claim in hand: the text is never repeated, the email once.
	w.at(on(28, 14, 0))
	for _, v := range []contact.Via{contact.ViaEmail, contact.ViaSMS} {
		m, err := w.Ledger.Message(t.Context(), p.ID, w.entry(t, "reminder-2h-a1", v), v)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Ledger.Claim(t.Context(), m, "killed", time.Now().Add(-stale-time.Minute)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := w.ring(t, m); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := w.names(); strings.Count(got, "reminder-2h email") != 1 || strings.Count(got, "reminder-2h sms") != 0 {
		t.Errorf("sent %s", got)
	}
	if r := w.row(t, "1.reminder-2h-a1", contact.ViaSMS); r.State != ledger.Unknown {
		t.Errorf("the text is %+v", r)
	}
}

package worker

import (
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// on gives a time in Denver in the week of tuesday or the next.
func on(day, hour, minute int) time.Time {
	return time.Date(2026, 11, day, hour, minute, 0, 0, denver)
}

func (w *world) meet(t *testing.T, p *ledger.Person, at time.Time) desk.Booking {
	t.Helper()
	b, err := w.desk.Schedule(t.Context(), p.ID, desk.Meeting{At: at, Place: "canary street 1"}, rosa)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (w *world) move(t *testing.T, p *ledger.Person, at time.Time) desk.Booking {
	t.Helper()
	b, err := w.desk.Reschedule(t.Context(), p.ID, 1, desk.Meeting{At: at}, rosa)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// play turns the clock to every moment at which something is due until then,
// and rings all that is.
func (w *world) play(t *testing.T, until time.Time) {
	t.Helper()
	for range 200 {
		w.ringAll(t)
		next := until
		for _, m := range w.person(t).Messages {
			if due := unix(m.Row.Due); m.Row.State.Pending() && due.After(w.Worker.now()) && due.Before(next) {
				next = due
			}
		}
		w.at(next)
		if !next.Before(until) {
			w.ringAll(t)
			return
		}
	}
	t.Fatal("it does not come to an end")
}

func TestAnAppointmentHasItsRemindersByEveryWay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	at := on(28, 10, 30) // Saturday
	b := w.meet(t, p, at)
	again := w.meet(t, p, at)
	if b.Appointment.K != 1 || again.Appointment.K != 1 || len(b.Planned) != 4 || len(again.Planned) != 4 || len(b.Ended) != 3 || len(again.Ended) != 0 {
		t.Fatalf("%v with %d, again %v with %d; ended %d and %d", b, len(b.Planned), again, len(again.Planned), len(b.Ended), len(again.Ended))
	}
	w.play(t, at)
	if got := w.names(); strings.Count(got, "reminder-24h") != 2 || strings.Count(got, "reminder-2h") != 2 || len(w.sent) != 4 {
		t.Errorf("sent %s", got)
	}
	for _, m := range w.sent {
		switch {
		case strings.HasSuffix(m.ID, ".sms"):
			if !strings.Contains(m.Text, "Sat Nov 28, 10:30 am") || strings.Contains(m.Text, "anary") || len(m.Files) > 0 {
				t.Errorf("the text says %q", m.Text)
			}
		case len(m.Files) != 1 || !strings.Contains(string(m.Files[0].Body), "DTSTART:20261128T173000Z"):
			t.Errorf("%s has %d files", m.Template, len(m.Files))
		case !strings.Contains(m.Subject, "Saturday, November 28, 10:30 a.m."):
			t.Errorf("the subject is %q", m.Subject)
		}
	}
}

func TestAnAppointmentMovedFiveTimesSendsOneSet(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	w.meet(t, p, on(30, 10, 0))
	for _, at := range []time.Time{on(27, 9, 0), on(30, 16, 0), on(26, 12, 0), on(29, 15, 0), on(28, 10, 30)} {
		for range 2 {
			w.move(t, p, at)
		}
	}
	w.play(t, on(30, 23, 0))
	if got := w.names(); strings.Count(got, "reminder-24h") != 2 || strings.Count(got, "reminder-2h") != 2 || len(w.sent) != 4 {
		t.Errorf("sent %s", got)
	}
	for _, m := range w.sent {
		if !strings.Contains(m.Text, "10:30") {
			t.Errorf("%s says %q", m.ID, m.Text)
		}
	}
	a := w.person(t).Appointments[0]
	moves := 0
	for _, e := range w.timeline(t) {
		if e.What == "appointment_moved" {
			moves++
			if e.By != "rosa" || e.Appointment != 1 || e.When.IsZero() {
				t.Errorf("the timeline has %+v", e)
			}
		}
	}
	if a.Version != 5 || moves != 5 || !a.Before.Equal(on(29, 15, 0)) {
		t.Errorf("version %d, moved %d times, before at %s", a.Version, moves, a.Before.In(denver))
	}
}

func TestAPlaceThatTellsTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	w.meet(t, p, on(30, 10, 0))
	for _, place := range []contact.Private{
		"Ketamine Clinic, 100 Example St", "100 Example St, INFUSION room 2", "Centro de Salud Méntal", "Depresión y ansiedad, piso 2", "Crisis center",
		"100 Example St\nsuite 2", contact.Private(strings.Repeat("x", 161)),
	} {
		if _, err := w.desk.Schedule(t.Context(), p.ID, desk.Meeting{At: on(29, 10, 0), Place: place}, rosa); !wrong("place")(err) {
			t.Errorf("made at %q: %v", string(place), err)
		}
		if _, err := w.desk.Reschedule(t.Context(), p.ID, 1, desk.Meeting{At: on(29, 10, 0), Place: place}, rosa); !wrong("place")(err) {
			t.Errorf("moved to %q: %v", string(place), err)
		}
	}
	a := w.person(t).Appointments
	if len(a) != 1 || a[0].Version != 0 || a[0].Place != "canary street 1" {
		t.Errorf("%d appointments, the first in version %d at %q", len(a), a[0].Version, string(a[0].Place))
	}
	// One that was made before anybody looked can still be moved.
	a[0].Place = "Ketamine Clinic"
	if _, err := w.Ledger.Change(t.Context(), p.ID, a[0], ledger.Event{What: "test"}); err != nil {
		t.Fatal(err)
	}
	w.move(t, p, on(29, 10, 0))
	for _, place := range []contact.Private{"100 Example St, Suite 200, Denver", "1 Spain Road", "Calle Fundamental 3"} {
		if _, err := w.desk.Reschedule(t.Context(), p.ID, 1, desk.Meeting{Place: place}, rosa); err != nil {
			t.Errorf("%q: %v", string(place), err)
		}
	}
}

// What has gone for the time before is planned again for the new one, and what
// comes back to a time for which it has gone is not.
func TestAReminderThatHasGoneHasASuccessorForTheNewTimeAlone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	first, second := on(26, 12, 0), on(28, 12, 0)
	w.meet(t, p, first)
	w.play(t, on(25, 13, 0)) // a day before: the first has gone
	w.move(t, p, second)
	w.move(t, p, first)
	w.move(t, p, second)
	w.play(t, on(28, 13, 0))
	if got := w.names(); strings.Count(got, "reminder-24h email") != 2 || strings.Count(got, "reminder-2h email") != 1 || len(w.sent) != 6 {
		t.Errorf("sent %s", got)
	}
}

func TestBookedLateTheNearestUsefulReminderRemains(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		now, at    time.Time
		email, sms string
	}{
		{"in good time", on(24, 11, 0), on(26, 11, 0), "Wed 11:00 Thu 09:00", "Wed 11:00 Thu 09:00"},
		{"ten hours before", on(24, 8, 0), on(24, 18, 0), "Tue 16:00", "Tue 16:00"},
		{"an hour before", on(24, 17, 0), on(24, 18, 0), "Tue 17:01", "Tue 17:01"},
		{"twenty minutes before", on(24, 17, 40), on(24, 18, 0), "", ""},
		{"for the early morning", on(24, 11, 0), on(26, 8, 30), "Wed 08:30 Thu 06:30", "Wed 08:30 Wed 19:59"},
		{"at night for the early morning", on(24, 21, 0), on(25, 9, 0), "Wed 07:00", "Wed 08:00"},
		{"at night for the very early morning", on(24, 21, 0), on(25, 8, 0), "Wed 06:00", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.at(c.now)
			s := ann()
			s.At = c.now
			b := w.meet(t, w.submit(t, s), c.at)
			due := map[contact.Via]string{}
			for _, m := range b.Planned {
				due[m.Via] = strings.TrimSpace(due[m.Via] + unix(m.Row.Due).In(denver).Format(" Mon 15:04"))
			}
			if due[contact.ViaEmail] != c.email || due[contact.ViaSMS] != c.sms {
				t.Errorf("by email %q, by text %q; want %q and %q", due[contact.ViaEmail], due[contact.ViaSMS], c.email, c.sms)
			}
		})
	}
}

func TestACancelledAppointmentSendsNothingUnlessAsked(t *testing.T) {
	t.Parallel()
	for _, tell := range []bool{false, true} {
		w := setup(t)
		p := w.settled(t)
		w.meet(t, p, on(28, 10, 30))
		for range 2 {
			b, err := w.desk.CancelAppointment(t.Context(), p.ID, 1, tell, rosa)
			if err != nil || tell != (len(b.Planned) == 2) {
				t.Errorf("%d planned, %v", len(b.Planned), err)
			}
		}
		w.play(t, on(30, 23, 0))
		want := map[bool]int{true: 2}[tell]
		if len(w.sent) != want || strings.Count(w.names(), "cancelled") != want {
			t.Errorf("told %v: sent %s", tell, w.names())
		}
		for _, m := range w.sent {
			if strings.HasSuffix(m.ID, ".email") && !strings.Contains(string(m.Files[0].Body), "STATUS:CANCELLED") {
				t.Errorf("the calendar gets %s", m.Files[0].Body)
			}
		}
		if row := w.row(t, "1.reminder-2h-a1", contact.ViaEmail); row.State != ledger.Cancelled || row.Why != gate.ReasonAppointment || row.By != "rosa" {
			t.Errorf("the reminder is %+v", row)
		}
		if _, err := w.desk.Reschedule(t.Context(), p.ID, 1, desk.Meeting{At: on(29, 10, 0)}, rosa); !wrong("appointment")(err) {
			t.Errorf("a cancelled one was moved: %v", err)
		}
	}
}

func TestWhoIsToldOfAMoveIsToldOnceAndTheLastTime(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	w.meet(t, p, on(28, 10, 30))
	for _, at := range []time.Time{on(29, 9, 0), on(30, 9, 0)} {
		for range 2 {
			if _, err := w.desk.Reschedule(t.Context(), p.ID, 1, desk.Meeting{At: at, Tell: true}, rosa); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.forward(2 * time.Minute)
	w.ringAll(t)
	if got := w.names(); strings.Count(got, "rescheduled email") != 1 || len(w.sent) != 2 {
		t.Fatalf("sent %s", got)
	}
	for _, m := range w.sent {
		if !strings.Contains(m.Text, "Nov 30, 9 am") && !strings.Contains(m.Text, "November 30, 9 a.m.") {
			t.Errorf("it says %q", m.Text)
		}
	}
}

func TestWhoIsYetToBeToldOfTheAppointmentIsNotToldOfItsMoveToo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	tell := func(at time.Time) desk.Meeting { return desk.Meeting{At: at, Tell: true} }
	if _, err := w.desk.Schedule(t.Context(), p.ID, tell(on(28, 10, 30)), rosa); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Reschedule(t.Context(), p.ID, 1, tell(on(29, 9, 0)), rosa); err != nil {
		t.Fatal(err)
	}
	w.forward(2 * time.Minute)
	w.ringAll(t)
	if got := w.names(); strings.Count(got, "booked") != 2 || len(w.sent) != 2 || strings.Contains(w.text(), "10:30") {
		t.Fatalf("sent %s: %s", got, w.text())
	}
	if _, err := w.desk.Reschedule(t.Context(), p.ID, 1, tell(on(30, 9, 0)), rosa); err != nil {
		t.Fatal(err)
	}
	w.forward(2 * time.Minute)
	w.ringAll(t)
	if got := w.names(); strings.Count(got, "rescheduled") != 2 || len(w.sent) != 4 {
		t.Errorf("told, and then moved: sent %s", got)
	}
}

// The desk may die between moving the appointment and what hangs on it: the
// worker reads the appointment as it is.
func TestAReminderNeverGoesWithOldData(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*ledger.Appointment)
		want   int
	}{
		{"moved", func(a *ledger.Appointment) { a.At = on(29, 15, 0) }, 4},
		{"moved into the past", func(a *ledger.Appointment) { a.At = on(24, 12, 0) }, 0},
		{"cancelled", func(a *ledger.Appointment) { a.Cancelled = true }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			p := w.settled(t)
			w.meet(t, p, on(28, 10, 30))
			a := w.person(t).Appointments[0]
			c.change(&a)
			if _, err := w.Ledger.Change(t.Context(), p.ID, a, ledger.Event{What: "test"}); err != nil {
				t.Fatal(err)
			}
			w.play(t, on(30, 23, 0))
			if len(w.sent) != c.want || strings.Contains(w.text(), "10:30") {
				t.Errorf("sent %s: %s", w.names(), w.text())
			}
			for _, m := range w.person(t).Messages {
				if m.Row.State.Pending() {
					t.Errorf("%s is %+v", m.Entry, m.Row)
				}
			}
		})
	}
}

// text is all that was handed to the channels.
func (w *world) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all strings.Builder
	for _, m := range w.sent {
		all.WriteString(m.Subject + m.Text)
	}
	return all.String()
}

func TestAMoveDuringTheSendLeavesASuccessor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	w.meet(t, p, on(28, 10, 30))
	moved := false
	w.answer = func(m channel.Message) channel.Outcome {
		if !moved {
			moved = true
			w.move(t, p, on(29, 15, 0))
		}
		return channel.Outcome{State: channel.Accepted, ID: "x"}
	}
	w.play(t, on(30, 23, 0))
	if got := w.names(); strings.Count(got, "reminder-24h") != 3 || strings.Count(got, "reminder-2h") != 2 {
		t.Errorf("sent %s", got)
	}
}

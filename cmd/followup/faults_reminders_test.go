package main

import (
	"context"
	"io"
	"math/rand/v2"
	"strings"
	"syscall"
	"time"

	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
)

// reminderFaults are the rows about reminders of appointments: each is due
// within seconds while the fault lasts, and goes once by each way.
func reminderFaults() []fault {
	rows := []fault{
		{name: "reminders: moved five times, kill -9 at random", unknown: 300, run: (*faultWorld).movedAppointments},
	}
	if longFaults() {
		rows = append(rows,
			fault{name: "reminders: kill -9 at random, two workers", unknown: 300, run: func(w *faultWorld) { w.remindUnder(syscall.SIGKILL) }},
			fault{name: "reminders: SIGTERM, two workers", run: func(w *faultWorld) { w.remindUnder(syscall.SIGTERM) }},
			fault{name: "reminders: redis killed and restarted", unknown: 40, run: (*faultWorld).remindAcrossRestart},
		)
	}
	for i, row := range rows {
		rows[i].run = func(w *faultWorld) {
			row.run(w)
			eventually(w.t, "most reminders at their providers", func() bool { return w.reminded() >= len(w.hung) })
		}
	}
	return rows
}

// desk is the clinic's, over the same Redis, where an operation may be followed
// at once by the next.
func (w *faultWorld) desk() *desk.Desk {
	w.t.Helper()
	_, h, err := prepare(system{env: w.env, stderr: io.Discard}, config.Run)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(h.close)
	d := h.desk(w.rdb)
	d.Wait = 0
	return d
}

// remindedFor is so long before the appointment the reminder that the rows watch.
const remindedFor = 2 * time.Hour

// meet has n people write who get an appointment. With soon their reminders are
// due within seconds, one after the other, and all should have gone by last;
// else nothing is due for days.
func (w *faultWorld) meet(base string, n int, soon bool) (last time.Time) {
	w.t.Helper()
	d, ctx := w.desk(), w.t.Context()
	w.post(base, n)
	w.mu.Lock()
	for i := range w.accepted {
		w.hung[i] = []string{"reminder-2h-a1/email", "reminder-2h-a1/sms"}
	}
	w.mu.Unlock()
	w.booked = map[int]contact.ID{}
	for i := range w.hung {
		eventually(w.t, "everybody in the ledger", func() (found bool) {
			id, err := w.ledger.Find(ctx, contact.ViaEmail, person(i))
			w.booked[i] = id
			return err == nil
		})
	}
	at := time.Now().Add(72 * time.Hour)
	for i, id := range w.booked {
		if soon {
			at, last = w.nextDue(last)
		}
		if _, err := d.Schedule(ctx, id, desk.Meeting{At: at}, desk.By{Name: "bea"}); err != nil {
			w.t.Fatalf("person %d: %v", i, err)
		}
	}
	return last.Add(time.Second)
}

// nextDue is an appointment whose reminder is due after the one before, and the
// moment at which it is: within some seconds for all of them.
func (w *faultWorld) nextDue(before time.Time) (at, due time.Time) {
	if before.IsZero() {
		before = time.Now().Add(2 * time.Second)
	}
	due = before.Add(time.Duration(times(6, 40)) * time.Second / time.Duration(len(w.hung)))
	return due.Add(remindedFor), due
}

// remindUnder has reminders fall due while one of two workers is ended again
// and again.
func (w *faultWorld) remindUnder(how syscall.Signal) {
	base := launch(w.t, w.env, "serve").port("public")
	worker := launch(w.t, w.env, "work")
	last := w.meet(base, times(20, 200), true)
	w.endWorkersDuring(how, base, worker, func() { <-time.After(time.Until(last)) })
}

// remindAcrossRestart has reminders fall due while Redis is away and when it is back.
func (w *faultWorld) remindAcrossRestart() {
	base := launch(w.t, w.env, "run").port("public")
	last := w.meet(base, times(20, 200), true)
	w.under(func() string { return base }, func() {
		w.pass(2)
		w.redis.Kill()
		w.pass(times(2, 20))
		w.redis.Run()
		<-time.After(time.Until(last))
	})
}

// movedAppointments moves every appointment five times while workers are killed,
// the last time to where its reminders are due within seconds: one set goes.
func (w *faultWorld) movedAppointments() {
	base := launch(w.t, w.env, "serve").port("public")
	worker := launch(w.t, w.env, "work")
	w.meet(base, times(20, 200), false)
	d, ctx := w.desk(), w.t.Context()
	w.endWorkersDuring(syscall.SIGKILL, base, worker, func() {
		for day := range 4 {
			w.move(ctx, d, func() time.Time { return time.Now().Add(time.Duration(96+24*day) * time.Hour) })
		}
		var last time.Time
		w.move(ctx, d, func() (at time.Time) { at, last = w.nextDue(last); return at })
		<-time.After(time.Until(last.Add(time.Second)))
	})
}

// endWorkersDuring ends one of two workers again and again, at random moments,
// and starts another, for as long as do takes.
func (w *faultWorld) endWorkersDuring(how syscall.Signal, base string, first *process, do func()) {
	done := make(chan struct{})
	workers := []*process{first, launch(w.t, w.env, "work")}
	go func() { defer close(done); do() }()
	w.under(func() string { return base }, func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(300*time.Millisecond + rand.N(700*time.Millisecond)):
			}
			i := rand.IntN(len(workers))
			_ = workers[i].cmd.Process.Signal(how)
			workers[i].wait()
			workers[i] = launch(w.t, w.env, "work")
		}
	})
}

func (w *faultWorld) move(ctx context.Context, d *desk.Desk, to func() time.Time) {
	for i, id := range w.booked {
		if _, err := d.Reschedule(ctx, id, 1, desk.Meeting{At: to()}, desk.By{Name: "bea"}); err != nil {
			w.t.Errorf("move that of person %d: %v", i, err)
		}
	}
}

// reminded counts the reminders that providers have.
func (w *faultWorld) reminded() (n int) {
	for id, times := range w.providers() {
		if strings.Contains(id, "reminder-") {
			n += times
		}
	}
	return n
}

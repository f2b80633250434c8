package worker

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// morning is the clinic's Wednesday, at eight.
var morning = time.Date(2026, 11, 25, 8, 0, 0, 0, denver)

func (w *world) sheets() (n int) { return strings.Count(w.names(), "morning-sheet") }

func (w *world) withSheet() *world {
	w.Sheet = func(context.Context) (string, string, error) {
		return "3 new · 1 to be called", "new · A. L. · 7F3K\ncall · T. S. · 2B4C", nil
	}
	return w
}

// ringSet rings for every alarm that is set, whoever it is about.
func (w *world) ringSet(t *testing.T) {
	t.Helper()
	in := asynq.NewInspectorFromRedisClient(w.redis)
	for _, q := range tasks.Queues() {
		pending, _ := in.ListPendingTasks(q)
		scheduled, _ := in.ListScheduledTasks(q)
		for _, task := range append(pending, scheduled...) {
			m, err := tasks.Email.Decode(task.Payload, w.Sealer)
			if err == nil {
				err = w.deliver(t.Context(), contact.ViaEmail, m)
			}
			if err == nil {
				err = in.DeleteTask(q, task.ID)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// another is a second worker on the same Redis.
func (w *world) another() *world {
	return &world{Worker: &Worker{
		Ledger: w.Ledger, Alarm: w.Alarm, Sealer: w.Sealer, Templates: w.Templates, Channels: w.Channels, Clinic: w.Clinic,
		Links: w.Links, Windows: w.Windows, Log: w.Log, Sheet: w.Sheet,
	}, redis: w.redis, log: w.log}
}

func TestTheDeskGetsOneSheetAMorning(t *testing.T) {
	t.Parallel()
	w := setup(t).withSheet()
	w.Clinic.Staff = []string{"desk@joydevie.example", "doctor@joydevie.example"}
	other := w.another()
	for _, c := range []struct {
		name string
		at   time.Time
		want int
	}{
		{"before eight", morning.Add(-time.Minute), 0},
		{"at eight", morning, 2},
		{"a minute later", morning.Add(time.Minute), 2},
		{"at eleven", morning.Add(3 * time.Hour), 2},
		{"on Thanksgiving", morning.Add(24 * time.Hour), 2},
		{"on Friday, late", morning.Add(53 * time.Hour), 2},
		{"on Saturday", morning.Add(72 * time.Hour), 2},
		{"on Monday at nine", morning.Add(5*24*time.Hour + time.Hour), 4},
	} {
		w.at(c.at)
		for _, worker := range []*world{w, other, w} {
			worker.sweepOnce(t)
		}
		w.ringSet(t)
		if n := w.sheets(); n != c.want {
			t.Fatalf("%s: %d sheets, want %d", c.name, n, c.want)
		}
	}
	to := map[string]bool{}
	for _, m := range w.sent {
		to[m.To] = true
		if !strings.Contains(m.Subject, "Your day") || !strings.Contains(m.Text, "3 new · 1 to be called") || !strings.Contains(m.Text, "call · T. S. · 2B4C") {
			t.Errorf("%s\n%s", m.Subject, m.Text)
		}
	}
	if len(to) != 2 {
		t.Errorf("it went to %v", to)
	}
	if n := len(w.tray(t, ledger.TrayCall)); n != 0 {
		t.Errorf("%d of the house's own to be called", n)
	}
}

func TestASheetSurvivesAWorkerThatDies(t *testing.T) {
	t.Parallel()
	w := setup(t).withSheet()
	w.at(morning)
	w.sweepOnce(t)
	w.loseTasks(t) // it died before the alarm
	w.at(morning.Add(time.Minute))
	w.another().sweepOnce(t) // another one takes over
	w.ringSet(t)
	w.at(morning.Add(10 * time.Minute))
	w.another().sweepOnce(t)
	w.ringSet(t)
	if n := w.sheets(); n != 1 {
		t.Errorf("%d sheets", n)
	}
}

func TestASheetWithoutARelayWaitsForIt(t *testing.T) {
	t.Parallel()
	w := setup(t).withSheet()
	down := true
	w.answer = func(channel.Message) channel.Outcome {
		if down {
			return channel.Outcome{State: channel.NotSent, Code: "421"}
		}
		return channel.Outcome{State: channel.Accepted}
	}
	w.at(morning)
	w.sweepOnce(t)
	w.ringSet(t)
	down = false
	w.at(morning.Add(5 * time.Minute))
	w.ringSet(t)
	w.ringSet(t)
	if n := w.sheets(); n != 2 { // the first was not taken
		t.Errorf("%d tries", n)
	}
}

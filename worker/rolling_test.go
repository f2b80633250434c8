package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// serve runs these routes on the queues as Run does.
func (w *world) serve(t *testing.T, r routes) {
	t.Helper()
	s := asynq.NewServerFromRedisClient(w.redis, asynq.Config{
		Queues: map[string]int{tasks.QueueIntake: 1, tasks.QueueMail: 1}, Concurrency: 2,
		TaskCheckInterval: 20 * time.Millisecond, DelayedTaskCheckInterval: 100 * time.Millisecond,
		// Which of two workers gets a task is chance; the true waits would make a
		// long row of bad luck last minutes.
		RetryDelayFunc: func(n int, err error, t *asynq.Task) time.Duration {
			return min(retryDelay(n, err, t), 50*time.Millisecond)
		},
		IsFailure: isFailure, Logger: asynqLog{w.Log}, LogLevel: asynq.ErrorLevel,
	})
	if err := s.Start(r); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
}

// until waits for a condition, for half a minute at most.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for tick := time.NewTicker(10 * time.Millisecond); !ok(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited half a minute for: %s", what)
		}
	}
}

// queue puts bytes into a queue as another version would have.
func (w *world) queue(t *testing.T, queue, kind string, wire []byte) {
	t.Helper()
	c := asynq.NewClientFromRedisClient(w.redis)
	if _, err := c.EnqueueContext(t.Context(), asynq.NewTask(kind, wire), asynq.Queue(queue), asynq.MaxRetry(2000), asynq.Timeout(45*time.Second)); err != nil {
		t.Fatal(err)
	}
}

// The kind that came last stands for one that the older worker has never heard
// of: its bytes are the frozen ones.
func TestAnOlderWorkerLeavesWhatItDoesNotKnowToANewerOne(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var done atomic.Int32
	newer := w.handlers()
	older := maps.Clone(newer)
	delete(older, tasks.PersonReplied.Name)
	newer[tasks.PersonReplied.Name] = func(context.Context, *asynq.Task) error { done.Add(1); return nil }
	wire, err := os.ReadFile(filepath.Join("..", "tasks", "testdata", "person-replied.json"))
	if err != nil {
		t.Fatal(err)
	}
	w.serve(t, older)
	for range 8 {
		w.queue(t, tasks.QueueIntake, tasks.PersonReplied.Name, bytes.TrimSpace(wire))
	}
	in := asynq.NewInspectorFromRedisClient(w.redis)
	until(t, "the older worker trying each", func() bool {
		info, err := in.GetQueueInfo(tasks.QueueIntake)
		return err == nil && info.Failed >= 8 && info.Size == 8 && info.Archived == 0
	})
	w.serve(t, newer) // and the older one stays
	until(t, "the newer worker doing each", func() bool { return done.Load() == 8 })
	until(t, "an empty queue", func() bool {
		info, err := in.GetQueueInfo(tasks.QueueIntake)
		return err == nil && info.Size == 0 && info.Archived == 0
	})
}

// The newer worker plans and rings with a field that the older one has never
// heard of; whichever of the two takes the alarm, the person is answered once.
func TestOldAndNewWorkersSideBySideSendEachMessageOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	w.serve(t, w.handlers())
	w.serve(t, w.handlers())
	frozen, err := os.ReadFile(filepath.Join("..", "tasks", "testdata", "message-email.json"))
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(frozen, &fields); err != nil {
		t.Fatal(err)
	}
	fields["contact"], fields["entry"] = string(p.ID), "1.confirmation"
	today, _ := json.Marshal(fields)
	fields["a_field_of_tomorrow"] = map[string]int{"n": 1}
	tomorrow, _ := json.Marshal(fields)
	for range 10 {
		w.queue(t, tasks.QueueMail, tasks.Email.Name, today)
		w.queue(t, tasks.QueueMail, tasks.Email.Name, tomorrow)
	}
	in := asynq.NewInspectorFromRedisClient(w.redis)
	// Those that met another's claim ask again once it would be stale.
	until(t, "every alarm being heard", func() bool {
		info, err := in.GetQueueInfo(tasks.QueueMail)
		return err == nil && info.Pending+info.Active+info.Archived == 0
	})
	if got := w.row(t, "1.confirmation", contact.ViaEmail); got.State != ledger.Sent || got.Tries != 1 {
		t.Errorf("%s after %d tries", got.State, got.Tries)
	}
	sent := 0
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.sent {
		if m.Template == confirmation {
			sent++
		}
	}
	if sent != 1 {
		t.Errorf("sent %d times", sent)
	}
}

package tasks_test

import (
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/tasks"
)

func TestAQueueIsAsAsynqSeesItAndWhatIsDueCountsAsWaiting(t *testing.T) {
	t.Parallel()
	rdb := redistest.Start(t).Client()
	client := tasks.NewClient(rdb, open{})
	enqueue := func(at time.Time) {
		t.Helper()
		if err := tasks.Enqueue(t.Context(), client, tasks.Email, tasks.Message{Contact: "c", Entry: "1.confirmation"}, at); err != nil {
			t.Fatal(err)
		}
	}
	depths := func() map[string]tasks.Queue {
		t.Helper()
		all, err := tasks.Depths(t.Context(), rdb)
		if err != nil || len(all) != len(tasks.Queues()) {
			t.Fatal(all, err)
		}
		found := map[string]tasks.Queue{}
		for _, q := range all {
			found[q.Name] = q
		}
		return found
	}
	for name, q := range depths() {
		if q.Latency != 0 || len(q.States) != 5 || q.States["pending"] != 0 {
			t.Errorf("%s was never used: %+v", name, q)
		}
	}
	for range 3 {
		enqueue(time.Time{})
	}
	enqueue(time.Now().Add(time.Hour))
	// The oldest has waited for ten minutes.
	oldest := rdb.LIndex(t.Context(), "asynq:{mail}:pending", -1).Val()
	since := time.Now().Add(-10 * time.Minute)
	rdb.HSet(t.Context(), "asynq:{mail}:t:"+oldest, "pending_since", since.UnixNano())

	inspector := asynq.NewInspectorFromRedisClient(rdb)
	for _, name := range []string{"mail", "mail-later"} {
		got := depths()[name]
		want, err := inspector.GetQueueInfo(name)
		if err != nil {
			t.Fatal(err)
		}
		sizes := map[string]int{"pending": want.Pending, "active": want.Active, "scheduled": want.Scheduled, "retry": want.Retry, "archived": want.Archived}
		for state, n := range sizes {
			if got.States[state] != int64(n) {
				t.Errorf("%s: %d %s, asynq says %d", name, got.States[state], state, n)
			}
		}
		if (got.Latency - want.Latency).Abs() > time.Minute {
			t.Errorf("%s: latency %s, asynq says %s", name, got.Latency, want.Latency)
		}
	}
	// Nobody serves the queue, so nobody moves what has become due.
	enqueue(time.Now().Add(-20 * time.Minute))
	later := rdb.ZRange(t.Context(), "asynq:{mail-later}:scheduled", 0, 0).Val()
	rdb.ZIncrBy(t.Context(), "asynq:{mail-later}:scheduled", -2*3600, later[0])
	if got := depths()["mail-later"].Latency; got < 59*time.Minute || got > 2*time.Hour {
		t.Errorf("what was due an hour ago has waited for %s", got)
	}
	// A task whose hash is gone makes asynq's own view fail; ours goes on.
	rdb.Del(t.Context(), "asynq:{mail}:t:"+oldest)
	if q := depths()["mail"]; q.States["pending"] != 3 || q.Latency != 0 {
		t.Errorf("a queue that lost a task: %+v", q)
	}
}

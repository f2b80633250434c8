package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hibiken/asynq"

	"github.com/joydevie/followup/tasks"
)

// asynq's command line and asynqmon read the queues by its Inspector: what they
// show is all there is, by the names that docs/queues.md tells, and nobody's.
func TestAsynqsToolsSeeTheQueuesAndNobodyInThem(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	inspector := asynq.NewInspectorFromRedisClient(w.redis.Client())
	serve := launch(t, w.env, "serve")
	if status, body := post(t, serve.port("public"), canary); status != 202 {
		t.Fatal(status, body)
	}
	pending, err := inspector.ListPendingTasks(tasks.QueueIntake)
	if err != nil || len(pending) != 1 || pending[0].Type != "contact:submitted" {
		t.Fatalf("what was written: %v, %v", pending, err)
	}
	seen := string(pending[0].Payload)

	launch(t, w.env, "work")
	var later []*asynq.TaskInfo
	eventually(t, "the alarm of the first follow-up", func() bool {
		later, _ = inspector.ListScheduledTasks(tasks.QueueMailLater)
		return len(later) > 0
	})
	for _, task := range later {
		seen += string(task.Payload)
		if task.Type != "message:email" || !strings.HasPrefix(string(task.Payload), `{"contact":"`) {
			t.Errorf("an alarm is %s %s", task.Type, task.Payload)
		}
	}
	names, err := inspector.Queues()
	if err != nil || len(names) < 3 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		if !slices.Contains(tasks.Queues(), name) {
			t.Errorf("the queue %s is none of ours", name)
		}
		if _, err := inspector.GetQueueInfo(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	servers, err := inspector.Servers()
	if err != nil || len(servers) == 0 {
		t.Errorf("no worker is seen: %v", err)
	}
	for _, secret := range []string{"anaria", "ogelsang", "5550142", "zebra", "mailbox.example"} {
		if strings.Contains(seen, secret) {
			t.Errorf("%q is shown", secret)
		}
	}
	docs, err := os.ReadFile(filepath.Join("..", "..", "docs", "queues.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, limits := range tasks.All() {
		for _, name := range []string{limits.Name, limits.Queue, limits.Turn, limits.Later} {
			if !strings.Contains(string(docs), "`"+name+"`") && name != "" {
				t.Errorf("docs/queues.md does not tell of %s", name)
			}
		}
	}
}

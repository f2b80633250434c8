package main

import (
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/redistest"
)

// replicated moves the world onto a Redis with a replica.
func (w *clinicWorld) replicated() (replica *redistest.Server) {
	w.redis, replica = redistest.StartReplicated(w.t)
	w.env = w.with("FOLLOWUP_REDIS_URL="+w.redis.URL, "FOLLOWUP_GUARD=off", "FOLLOWUP_REDIS_WAIT=1")
	return replica
}

func TestWithoutItsReplicaNothingIsAcknowledgedAndNothingIsSent(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	replica := w.replicated()
	p := launch(t, w.env, "run")
	base := p.port("public")
	submit(t, base, 0)
	eventually(t, "the confirmation, with the replica there", func() bool { return len(w.mailTo(person(0))) == 1 })
	replica.Kill()
	submit(t, base, 1)
	eventually(t, "the log to name the replicas", func() bool { return strings.Contains(p.log.String(), "too few replicas") })
	// The task lies in Redis all the same, and a worker has taken it.
	eventually(t, "a worker to have tried", func() bool { return strings.Contains(p.log.String(), "task failed") })
	if got := w.mailTo(person(1)); len(got) != 0 {
		t.Errorf("sent without a replica: %q", got)
	}
	replica.Run()
	eventually(t, "the confirmation, once the replica is back", func() bool { return len(w.mailTo(person(1))) == 1 })
	submit(t, base, 2)
	eventually(t, "the next one", func() bool { return len(w.mailTo(person(2))) == 1 })
	for i := range 3 {
		if n := len(w.mailTo(person(i))); n != 1 {
			t.Errorf("person %d got %d confirmations", i, n)
		}
	}
}

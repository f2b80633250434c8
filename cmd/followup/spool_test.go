package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// slowest fails a run in which somebody waited; what a visitor waits on an idle
// machine, some 1.2 s once and milliseconds then, is what make faults prints.
const slowest = 12 * time.Second

// submit posts a form of its own for each i and gives the submission's id.
func submit(t testing.TB, base string, i int) (id string) {
	t.Helper()
	start := time.Now()
	status, body := post(t, base, map[string]any{"email": person(i), "message": fmt.Sprintf("canary %d", i)})
	if took := time.Since(start); status != http.StatusAccepted || took > patience() {
		t.Fatalf("post %d: %d after %s: %s", i, status, took, body)
	}
	var answer struct{ ID string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.ID
}

func person(i int) string { return fmt.Sprintf("canary-%d@example.com", i) }

// queued lists the submissions in the intake queue, oldest first.
func (w *clinicWorld) queued() []string {
	ids := w.redis.Client().LRange(w.t.Context(), "asynq:{intake}:pending", 0, -1).Val()
	slices.Reverse(ids)
	return ids
}

func (w *clinicWorld) with(settings ...string) []string {
	return append(slices.Clone(w.env), settings...)
}

func (w *clinicWorld) config(name, value string) {
	if err := w.redis.Client().ConfigSet(w.t.Context(), name, value).Err(); err != nil {
		w.t.Fatal(err)
	}
}

func TestWhileRedisIsAwayFormsAreAnsweredAndQueuedInOrderAfterwards(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		away, again func(*clinicWorld)
	}{
		{"killed", func(w *clinicWorld) { w.redis.Kill() }, func(w *clinicWorld) { w.redis.Run() }},
		{"stopped", func(w *clinicWorld) { w.redis.Stop() }, func(w *clinicWorld) { w.redis.Continue() }},
		{"full", func(w *clinicWorld) { w.config("maxmemory", "1mb") }, func(w *clinicWorld) { w.config("maxmemory", "0") }},
		{"read-only", func(w *clinicWorld) { w.redis.Client().ReplicaOf(w.t.Context(), "127.0.0.1", "1") },
			func(w *clinicWorld) { w.redis.Client().ReplicaOf(w.t.Context(), "no", "one") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newClinicWorld(t)
			env := w.with("FOLLOWUP_GUARD=off", "FOLLOWUP_SPOOL="+filepath.Join(t.TempDir(), "made", "spool"))
			p := launch(t, env, "serve")
			base := p.port("public")
			var want []string
			post := func(from, to int) {
				for i := from; i < to; i++ {
					want = append(want, submit(t, base, i))
				}
			}
			post(0, 5)
			c.away(w)
			post(5, 15)
			// The process dies without a word, and another one comes.
			_ = p.cmd.Process.Kill()
			p.wait()
			p = launch(t, env, "serve")
			base = p.port("public")
			post(15, 25)
			c.again(w)
			eventually(t, "everything in the queue", func() bool { return len(w.queued()) == len(want) })
			post(25, 30)
			if got := w.queued(); !slices.Equal(got, want) {
				t.Errorf("queued %d of %d, or in another order:\n%v\n%v", len(got), len(want), got, want)
			}
			w.nothingPersonal(p)
		})
	}
}

func TestAThousandPostsWhileRedisIsStoppedAreConfirmedOnce(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	folder := t.TempDir()
	env := w.with("FOLLOWUP_GUARD=off", "FOLLOWUP_SPOOL="+folder)
	// Two processes share the folder, as on a host that serves on two ports.
	first, second := launch(t, env, "serve"), launch(t, env, "serve")
	bases := []string{first.port("public"), second.port("public")}
	w.redis.Stop()
	// In the long form over the whole minute that Redis is stopped.
	gap := time.NewTicker(time.Duration(times(1, 60_000)) * time.Microsecond)
	defer gap.Stop()
	var want []string
	for i := range 1000 {
		<-gap.C
		want = append(want, submit(t, bases[i%2], i))
	}
	spooled, err := os.ReadDir(folder)
	if err != nil || len(spooled) < 1000 {
		t.Errorf("%d files in the spool, %v", len(spooled), err)
	}
	for _, f := range spooled {
		content, _ := os.ReadFile(filepath.Join(folder, f.Name()))
		if strings.Contains(string(content), "anary") {
			t.Fatalf("%s holds a person in the clear", f.Name())
		}
	}
	w.redis.Continue()
	eventually(t, "all thousand in the queue", func() bool { return len(w.queued()) >= 1000 })
	got := w.queued()
	// Each process learns by its first submission that Redis hangs. Redis has read
	// none or both of these when it wakes, and runs what it has before the rest.
	if len(got) > 1 && got[0] == want[1] && got[1] == want[0] {
		got[0], got[1] = got[1], got[0]
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Errorf("place %d of the queue holds the submission of place %d", i, slices.Index(want, got[i]))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d in the queue", len(got))
	}
	launch(t, env, "work")
	confirmed := func() map[string]int {
		count := map[string]int{}
		for _, m := range w.mail.Messages() {
			if m.To != "desk@joydevie.example" {
				count[m.To]++
			}
		}
		return count
	}
	eventually(t, "a thousand confirmations", func() bool { return len(confirmed()) == 1000 })
	for i := range 1000 {
		if n := confirmed()[person(i)]; n != 1 {
			t.Errorf("person %d got %d confirmations", i, n)
		}
	}
}

func TestReadinessTellsWhatDoesNotHold(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	folder := filepath.Join(t.TempDir(), "spool")
	p := launch(t, w.with("FOLLOWUP_GUARD=off", "FOLLOWUP_SPOOL="+folder), "run")
	admin, public := p.port("admin"), p.port("public")
	ready := func() (int, string) {
		r, err := http.Get(admin + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		body, _ := io.ReadAll(r.Body)
		return r.StatusCode, string(body)
	}
	says := func(status int, words string) func() bool {
		return func() bool { s, body := ready(); return s == status && strings.Contains(body, words) }
	}
	whole := func() bool { s, body := ready(); return s == 200 && body == "ready\n" }
	eventually(t, "readiness", whole)
	w.redis.Stop()
	submit(t, public, 0)
	// Forms are still taken in: nobody must be sent elsewhere.
	eventually(t, "Redis and the spool to be named", says(200, "in the spool: 1; redis does not answer"))
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the unwritable spool to be named", says(503, "no such file"))
	if status, body := post(t, public, map[string]any{"email": person(1)}); status != 503 || !strings.Contains(body, "988") {
		t.Errorf("without Redis and disk the answer is %d %s", status, body)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	w.redis.Continue()
	eventually(t, "readiness again", whole)
}

func TestAFlushedRedisStopsTheSendingAndSaysSo(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	p := launch(t, w.with("FOLLOWUP_GUARD=off"), "run")
	admin, public := p.port("admin"), p.port("public")
	submit(t, public, 0)
	eventually(t, "the first confirmation", func() bool { return len(w.mailTo(person(0))) == 1 })
	if err := w.redis.Client().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the log to tell", func() bool { return strings.Contains(p.log.String(), "redis was flushed") })
	eventually(t, "readiness to fail", func() bool {
		r, err := http.Get(admin + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r.StatusCode == http.StatusServiceUnavailable
	})
	// What arrives now is taken in and kept, and goes nowhere.
	eventually(t, "the workers to have stopped", func() bool { return strings.Contains(p.log.String(), "workers stopped") })
	submit(t, public, 1)
	if got := w.queued(); len(got) != 1 || len(w.mailTo(person(1))) != 0 {
		t.Errorf("queued %v, sent %v", got, w.mailTo(person(1)))
	}
	if code := p.stop(); code != 0 {
		t.Errorf("stopped with %d", code)
	}
	launch(t, w.with("FOLLOWUP_GUARD=off"), "work")
	eventually(t, "the confirmation after the restart that staff decided on", func() bool { return len(w.mailTo(person(1))) == 1 })
}

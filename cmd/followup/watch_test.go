package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/metrics"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/tasks"
)

func fetch(t testing.TB, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(body)
}

// sample is the sum of a metric's series that have these labels; -1 if there is none.
func sample(text, name string, labels ...string) float64 {
	sum, found := 0.0, false
	for _, m := range regexp.MustCompile(`(?m)^`+name+`(\{.*\})? (\S+)$`).FindAllStringSubmatch(text, -1) {
		has := true
		for _, l := range labels {
			has = has && strings.Contains(m[1], l)
		}
		if v, err := strconv.ParseFloat(m[2], 64); err == nil && has {
			sum, found = sum+v, true
		}
	}
	if !found {
		return -1
	}
	return sum
}

func promtool(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal("promtool is not installed: run `make deps` (Debian: apt-get install --no-install-recommends prometheus)")
	}
	cmd := exec.Command(path, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestAScrapeTellsWhatBecameOfMessagesAndOfNobody(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	p := launch(t, w.with("FOLLOWUP_GUARD=off"), "run")
	base, admin := p.port("public"), p.port("admin")
	post(t, base, canary)
	eventually(t, "everything to have been sent", func() bool {
		_, text := fetch(t, admin+"/metrics")
		return sample(text, "followup_sends_total", `outcome="accepted"`) == 3
	})
	_, text := fetch(t, admin+"/metrics")
	for _, c := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"followup_submissions_total", []string{`committed="redis"`}, 1},
		{"followup_submissions_total", []string{`committed="spool"`}, 0},
		{"followup_sends_total", []string{`channel="sms"`, `class="confirmation"`}, 1},
		{"followup_sends_total", []string{`class="staff"`}, 1},
		{"followup_confirmation_seconds_count", []string{`channel="email"`}, 1},
		{"followup_messages_unknown_total", nil, 0},
		{"followup_redis_up", nil, 1},
		{"followup_queue_tasks", []string{`queue="mail-later"`, `state="scheduled"`}, 1}, // the first follow-up
		{"followup_queue_latency_seconds", []string{`queue="intake"`}, 0},
		{"followup_channel_paused", nil, 0},
		{"followup_trial_mode", nil, 0},
		{"followup_spool_submissions", nil, 0},
		{"followup_build_info", nil, 1},
	} {
		if got := sample(text, c.name, c.labels...); got != c.want {
			t.Errorf("%s %v is %v, not %v", c.name, c.labels, got, c.want)
		}
	}
	if used := sample(text, "followup_redis_memory_used_bytes"); used < 1<<19 {
		t.Errorf("Redis uses %v bytes", used)
	}
	promtool(t, text, "check", "metrics")
	for _, secret := range []string{"anaria", "ogelsang", "5550142", "zebra", "mailbox.example"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q stands in the metrics", secret)
		}
	}
	// What is spooled is counted as that, and a Redis that hangs fails no scrape.
	w.redis.Stop()
	submit(t, base, 1)
	status, text := fetch(t, admin+"/metrics")
	if status != http.StatusOK || sample(text, "followup_redis_up") != 0 || sample(text, "followup_spool_submissions") != 1 ||
		sample(text, "followup_submissions_total", `committed="spool"`) != 1 {
		t.Errorf("while Redis hangs: %d\n%s", status, text)
	}
	w.redis.Continue()
}

// watched is a watch over a Redis of its own, as a command has it.
func watched(t *testing.T, command string) (*watch, *redistest.Server) {
	t.Helper()
	server, keys, log := redistest.Start(t), mustKeys(t), slog.New(slog.DiscardHandler)
	rdb := server.Client()
	w := newWatch(command, rdb, ledger.New(rdb, keys, time.Now), metrics.New(), log)
	close(w.durable)
	if command != config.Work {
		spool, err := intake.OpenSpool(t.TempDir(), nil, keys, log)
		if err != nil {
			t.Fatal(err)
		}
		w.spool = spool
	}
	return w, server
}

func mustKeys(t *testing.T) *seal.Keys {
	t.Helper()
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// ask gives the answer of /readyz, and how long the quickest of three took.
func ask(w *watch) (status int, body string, took time.Duration) {
	took = time.Hour
	for range 3 {
		rw, start := httptest.NewRecorder(), time.Now()
		w.health().ServeHTTP(rw, httptest.NewRequest("GET", "/readyz", nil))
		status, body, took = rw.Code, rw.Body.String(), min(took, time.Since(start))
	}
	return status, body, took
}

func TestReadinessKnowsWhetherTheWorkGetsDone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		command string
		behind  int // the status while nobody works
	}{{config.Work, http.StatusServiceUnavailable}, {config.Serve, http.StatusOK}, {config.Run, http.StatusOK}} {
		t.Run(c.command, func(t *testing.T) {
			t.Parallel()
			w, server := watched(t, c.command)
			rdb := server.Client()
			if status, body, _ := ask(w); status != http.StatusOK || body != "ready\n" {
				t.Fatalf("at the start: %d %q", status, body)
			}
			w.started = time.Now().Add(-6 * time.Minute)
			if status, body, _ := ask(w); status != c.behind || !strings.Contains(body, "the sweeper has not run for 6m0s") {
				t.Errorf("without a sweeper: %d %q", status, body)
			}
			if err := w.ledger.NoteSwept(t.Context(), ledger.Swept{At: time.Now()}); err != nil {
				t.Fatal(err)
			}
			err := tasks.Enqueue(t.Context(), tasks.NewClient(rdb, mustKeys(t)), tasks.Email, tasks.Message{Contact: "c", Entry: "1.x"}, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			if status, body, _ := ask(w); status != http.StatusOK || body != "ready\n" {
				t.Errorf("with a fresh task: %d %q", status, body)
			}
			id := rdb.LIndex(t.Context(), "asynq:{mail}:pending", 0).Val()
			rdb.HSet(t.Context(), "asynq:{mail}:t:"+id, "pending_since", time.Now().Add(-7*time.Minute).UnixNano())
			if status, body, _ := ask(w); status != c.behind || !strings.Contains(body, "queue mail: its oldest task has waited for 7m") {
				t.Errorf("with a backlog: %d %q", status, body)
			}
		})
	}
}

func TestHealthIsAnsweredInASecondThoughEverythingHangs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		command string
		want    int
	}{{config.Work, http.StatusServiceUnavailable}, {config.Run, http.StatusOK}} {
		w, server := watched(t, c.command)
		server.Stop()
		status, body, took := ask(w)
		if status != c.want || !strings.Contains(body, "redis does not answer") || took > time.Second {
			t.Errorf("%s: %d %q after %s", c.command, status, body, took)
		}
		server.Continue()
	}
}

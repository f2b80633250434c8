package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/smtptest"
)

// beWithClock is the program with a clock of its own: as far ahead of the
// machine's as the file says.
func beWithClock(file string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	command := os.Args[1]
	c, h, err := prepare(system{os.Args, os.Environ(), os.Stdout, os.Stderr}, command)
	if err == nil {
		h.clock = hours.NewClock(1, func() time.Time {
			text, _ := os.ReadFile(file)
			ahead, _ := time.ParseDuration(string(text))
			return time.Now().Add(ahead)
		})
		err = service(ctx, h, c, command)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return failed
	}
	return done
}

// clockJumps moves the program's own clock under load, and back again.
func (w *faultWorld) clockJumps(by time.Duration) {
	file := filepath.Join(w.t.TempDir(), "clock")
	set := func(ahead time.Duration) {
		if err := os.WriteFile(file+".new", []byte(ahead.String()), 0o600); err != nil {
			w.t.Error(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			w.t.Error(err)
		}
	}
	set(0)
	base := launch(w.t, w.with("BE_FOLLOWUP_CLOCK="+file), "run").port("public")
	w.under(func() string { return base }, func() {
		for range times(1, 5) {
			w.pass(1)
			set(by)
			w.pass(2)
			set(0)
		}
		w.pass(1)
	})
}

// flushed flushes Redis while messages wait: that is noticed, nothing more is
// sent, and readiness fails, until somebody starts the program again.
func (w *faultWorld) flushed() {
	p := launch(w.t, w.env, "run")
	base, admin := p.port("public"), p.port("admin")
	w.mail.Fail("", 3, smtptest.Reply(smtptest.Rcpt, "451 4.7.1 later"))
	w.post(base, 4)
	eventually(w.t, "some to wait and the others to be sent", func() bool { c, err := w.count(); return err == nil && c.waiting == 3 && c.lost == 0 })
	if err := w.rdb.FlushAll(w.t.Context()).Err(); err != nil {
		w.t.Fatal(err)
	}
	start := time.Now()
	eventually(w.t, "readiness to fail", func() bool {
		r, err := http.Get(admin + "/readyz")
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == http.StatusServiceUnavailable
	})
	noticed := time.Since(start)
	eventually(w.t, "the workers to have stopped", func() bool { return strings.Contains(p.log.String(), "workers stopped") })
	if noticed > time.Minute {
		w.t.Errorf("noticed after %s", noticed)
	}
	w.t.Logf("a flush was noticed after %s", noticed.Round(time.Millisecond))
	w.mu.Lock()
	w.gone = len(expected)*len(w.accepted) - len(w.providers())
	clear(w.accepted)
	w.mu.Unlock()
	before := len(w.providers())
	w.post(base, 2)
	if n := len(w.providers()); n != before {
		w.t.Errorf("%d messages went after the flush was noticed", n-before)
	}
	p.stop()
	launch(w.t, w.env, "run") // staff have decided to go on
}

// refusedCredentials has the relay refuse our login: the channel pauses, one
// alert is raised, and the relay is left alone until the pause has passed.
func (w *faultWorld) refusedCredentials() {
	w.mail.Fail("", 1, smtptest.Reply(smtptest.Auth, "535 5.7.8 authentication failed"))
	p := launch(w.t, w.env, "run")
	w.post(p.port("public"), 4)
	eventually(w.t, "the pause", func() bool { return strings.Contains(p.log.String(), "channel paused") })
	w.settle(false)
	if n := strings.Count(p.log.String(), "channel paused"); n != 1 {
		w.t.Errorf("%d alerts", n)
	}
}

// loseNode kills a primary of a Cluster of three under load: its replica takes
// its place, and it comes back as a replica.
func (w *faultWorld) loseNode() {
	url, nodes := redistest.StartNodes(w.t, 3, 1)
	w.env = w.with("FOLLOWUP_REDIS_URL="+url, "FOLLOWUP_REDIS_WAIT=1")
	var addrs []string
	for _, n := range nodes {
		addrs = append(addrs, "127.0.0.1:"+n.Port)
	}
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, ClusterStateReloadInterval: time.Second})
	w.t.Cleanup(func() { _ = rdb.Close() })
	w.rdb, w.ledger = rdb, ledger.New(rdb, w.keys, time.Now)
	base := launch(w.t, w.env, "run").port("public")
	eventually(w.t, "the first confirmation", func() bool { w.try(base); return len(w.mail.Messages()) > 0 })
	w.under(func() string { return base }, func() {
		for _, lost := range nodes[:2] {
			w.pass(1)
			lost.Kill()
			w.pass(10)
			lost.Run()
			w.pass(5)
		}
	})
}

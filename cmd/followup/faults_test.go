package main

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/smtptest"
	"github.com/joydevie/followup/internal/twiliotest"
	"github.com/joydevie/followup/tasks"
)

// fault is one row of the suite. Lost and sent twice must be zero in each.
type fault struct {
	name    string
	unknown int  // texts whose fate nobody can know; more fail the row
	notSent int  // messages that a provider refuses for good
	waiting int  // in the long form too: what goes on waiting
	repeats int  // emails that went once more, since an answer was lost
	loses   bool // alarms too, which the sweeper finds
	run     func(*faultWorld)
}

func faults() []fault {
	run := func(arm func(*faultWorld)) func(*faultWorld) {
		return func(w *faultWorld) {
			arm(w)
			w.post(launch(w.t, w.env, "run").port("public"), 4)
		}
	}
	mail := func(f smtptest.Fault, times int) func(*faultWorld) {
		return run(func(w *faultWorld) { w.mail.Fail("", times, f) })
	}
	text := func(f twiliotest.Fault, times int) func(*faultWorld) {
		return run(func(w *faultWorld) { w.twilio.Fail("", times, f) })
	}
	rows := []fault{
		{name: "workers: kill -9 at random", unknown: times(30, 300), run: func(w *faultWorld) { w.endWorkers(syscall.SIGKILL, times(3, 30)) }},
		{name: "workers: SIGTERM", run: func(w *faultWorld) { w.endWorkers(syscall.SIGTERM, times(3, 20)) }},
		{name: "server: kill -9 under load", run: (*faultWorld).killServer},
		{name: "redis: killed and restarted", unknown: 40, run: func(w *faultWorld) {
			w.redisFails(func() { w.redis.Kill(); w.pass(times(3, 20)); w.redis.Run() })
		}},
		{name: "redis: stopped", unknown: 40, run: func(w *faultWorld) {
			w.redisFails(func() { w.redis.Stop(); w.pass(times(3, 20)); w.redis.Continue() })
		}},
		{name: "redis: full", unknown: 40, run: func(w *faultWorld) {
			w.redisFails(func() { w.config("maxmemory", "1mb"); w.pass(times(3, 20)); w.config("maxmemory", "0") })
		}},
		{name: "smtp: dropped before DATA", run: mail(smtptest.Drop(smtptest.Data), 3)},
		{name: "smtp: dropped in DATA", run: mail(smtptest.Drop(smtptest.Body), 3)},
		{name: "smtp: dropped after the dot", repeats: 3, run: mail(smtptest.Drop(smtptest.Dot), 3)},
		{name: "smtp: dropped after acceptance", repeats: 3, run: mail(smtptest.Drop(smtptest.Answer), 3)},
		{name: "redis: read-only", unknown: 40, run: func(w *faultWorld) {
			w.redisFails(func() {
				w.redis.Client().ReplicaOf(w.t.Context(), "127.0.0.1", "1")
				w.pass(times(3, 20))
				w.redis.Client().ReplicaOf(w.t.Context(), "no", "one")
			})
		}},
		{name: "redis: flushed (what it knew is counted apart)", loses: true, run: (*faultWorld).flushed},
		// What was planned by the clock that was ahead, and not yet sent, waits for that time.
		{name: "our clock: an hour ahead and back", unknown: 40, waiting: 1000, run: func(w *faultWorld) { w.clockJumps(time.Hour) }},
		{name: "our clock: an hour behind and back", unknown: 40, run: func(w *faultWorld) { w.clockJumps(-time.Hour) }},
		{name: "smtp: 535", run: (*faultWorld).refusedCredentials},
		{name: "smtp: 421", run: mail(smtptest.Reply(smtptest.Connect, "421 4.3.2 closing"), 3)},
		{name: "smtp: 451", run: mail(smtptest.Reply(smtptest.Rcpt, "451 4.7.1 greylisted"), 3)},
		{name: "smtp: 550", notSent: 3, run: mail(smtptest.Reply(smtptest.Rcpt, "550 5.1.1 no such user"), 3)},
		{name: "smtp: 550 5.7.1", notSent: 3, run: mail(smtptest.Reply(smtptest.Dot, "550 5.7.1 refused by policy"), 3)},
		{name: "twilio: 429 with Retry-After", run: text(twiliotest.RateLimited(2*time.Second), 3)},
		{name: "twilio: 500 after having sent", unknown: 3, run: text(twiliotest.BrokenAfter(), 3)},
		{name: "twilio: half a 201", unknown: 3, run: text(twiliotest.HalfAnswer(), 3)},
		{name: "twilio: 401", run: text(twiliotest.Refuse(401, 20003), 1)},
		{name: "twilio: 21610", notSent: 3, run: text(twiliotest.Refuse(400, 21610), 3)},
		{name: "two alarms for every message, two workers", run: (*faultWorld).doubled},
		{name: "worker: killed between provider and settle", unknown: 2, run: (*faultWorld).killBetween},
	}
	rows = append(rows, reminderFaults()...)
	if longFaults() {
		rows = append(rows,
			// Its staging needs a machine with time: a busy one sees the server only once it has loaded.
			fault{name: "redis: loading", unknown: 40, run: func(w *faultWorld) {
				w.redisFails(func() { w.redis.Reload(10); w.pass(20) })
			}},
			fault{name: "redis: moved to a replica by Sentinel", unknown: 40, loses: true, run: (*faultWorld).failOver},
			fault{name: "redis: a Cluster's primary killed", unknown: 40, loses: true, run: (*faultWorld).loseNode},
			fault{name: "smtp: says nothing", run: mail(smtptest.Hang(smtptest.Mail), 3)},
			fault{name: "twilio: hangs", unknown: 3, run: text(twiliotest.HangAfter(), 3)},
			fault{name: "tasks: every one lost", loses: true, run: (*faultWorld).loseTasks},
		)
	}
	return rows
}

// patience is what a visitor may wait for an answer, whatever Redis does. The
// short form runs beside every other test and cannot judge it.
func patience() time.Duration {
	if longFaults() {
		return 2500 * time.Millisecond
	}
	return slowest
}

// times is a number for the short form and one for the long.
func times(short, long int) int {
	if longFaults() {
		return long
	}
	return short
}

// TestFaults stages each fault on processes of its own and prints what became
// of every message.
func TestFaults(t *testing.T) {
	all := &table{rows: map[string]tally{}}
	t.Run("stage", func(t *testing.T) {
		for _, f := range faults() {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				w := newFaultWorld(t)
				f.run(w)
				c := w.settle(f.waiting > 0)
				all.add(f.name, c)
				if c.accepted == 0 || c.lost != 0 || c.twice != 0 || c.unknown > f.unknown || c.notSent > f.notSent || c.answer > patience() {
					t.Errorf("%+v", c)
				}
				// Each worker that is killed holds twice as many emails as texts.
				if c.untrue > 0 || c.repeated > f.repeats+2*f.unknown || c.waiting == c.expected {
					t.Errorf("%+v", c)
				}
				if !f.loses {
					eventually(t, "an alarm for everything that waits", func() bool { n, err := w.unrung(); return n == 0 && err == nil })
				}
				if longFaults() && c.waiting > f.waiting {
					t.Errorf("%d messages still wait", c.waiting)
				}
			})
		}
	})
	t.Logf("the %s form:\n%s", *faultsFlag, all)
}

// pass lets some seconds go by under load.
func (w *faultWorld) pass(seconds int) {
	<-time.After(time.Duration(seconds) * time.Second)
}

// endWorkers ends one of two workers again and again, at random moments, and
// starts another.
func (w *faultWorld) endWorkers(how syscall.Signal, n int) {
	base := launch(w.t, w.env, "serve").port("public")
	workers := []*process{launch(w.t, w.env, "work"), launch(w.t, w.env, "work")}
	w.under(func() string { return base }, func() {
		for range n {
			<-time.After(300*time.Millisecond + rand.N(700*time.Millisecond))
			i := rand.IntN(len(workers))
			_ = workers[i].cmd.Process.Signal(how)
			workers[i].wait()
			workers[i] = launch(w.t, w.env, "work")
		}
	})
}

// killServer kills the server that takes forms in, again and again.
func (w *faultWorld) killServer() {
	launch(w.t, w.env, "work")
	var base atomic.Value
	server := launch(w.t, w.env, "serve")
	base.Store(server.port("public"))
	w.under(func() string { return base.Load().(string) }, func() {
		for range times(5, 20) {
			<-time.After(200*time.Millisecond + rand.N(300*time.Millisecond))
			_ = server.cmd.Process.Kill()
			server.wait()
			server = launch(w.t, w.env, "serve")
			base.Store(server.port("public"))
		}
	})
}

// redisFails has Redis fail under load.
func (w *faultWorld) redisFails(fail func()) {
	base := launch(w.t, w.env, "run").port("public")
	w.under(func() string { return base }, func() {
		w.pass(1)
		fail()
		w.pass(1)
	})
}

// failOver kills the primary under load: Sentinel makes the replica the primary,
// and the old one comes back as its replica. On a busy machine Sentinel may take
// the new one for dead as well, so that they change places again.
func (w *faultWorld) failOver() {
	replica := w.replicated()
	servers := map[string]*redistest.Server{w.redis.Port: w.redis, replica.Port: replica}
	clients := map[string]*redis.Client{w.redis.Port: w.redis.Client(), replica.Port: replica.Client()}
	sentinel := redistest.StartSentinel(w.t, w.redis)
	w.env = w.with("FOLLOWUP_REDIS_URL=" + sentinel.URL)
	follow := func() {
		port := sentinel.Primary()
		w.redis, w.rdb = servers[port], clients[port]
		w.ledger = ledger.New(w.rdb, w.keys, time.Now)
	}
	base := launch(w.t, w.env, "run").port("public")
	eventually(w.t, "the first confirmation", func() bool { w.try(base); return len(w.mail.Messages()) > 0 })
	w.under(func() string { return base }, func() {
		w.pass(1)
		old := w.redis
		old.Kill()
		eventually(w.t, "the replica to be the primary", func() bool { follow(); return w.redis != old })
		old.Run()
		eventually(w.t, "the primary to have a replica", func() bool {
			follow()
			return strings.Contains(w.rdb.Info(w.t.Context(), "replication").Val(), "state=online")
		})
		w.pass(2)
	})
	follow()
}

// doubled sets a second and a third alarm for every message as soon as it is planned.
func (w *faultWorld) doubled() {
	base := launch(w.t, w.env, "serve").port("public")
	launch(w.t, w.env, "work")
	launch(w.t, w.env, "work")
	client := tasks.NewClient(w.rdb, nil)
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		seen := map[string]bool{}
		for ctx.Err() == nil {
			for keys := w.rdb.Scan(ctx, 0, "f:{*}", 1000).Iterator(); keys.Next(ctx); {
				id := strings.TrimSuffix(strings.TrimPrefix(keys.Val(), "f:{"), "}")
				if seen[id] || strings.HasSuffix(keys.Val(), ":log") {
					continue
				}
				seen[id] = true
				for range 2 {
					for _, k := range []tasks.Kind[tasks.Message]{tasks.Email, tasks.SMS} {
						_ = tasks.Enqueue(ctx, client, k, tasks.Message{Contact: id, Entry: "1.confirmation"}, time.Time{})
					}
				}
			}
		}
	}()
	w.post(base, times(40, 400))
	w.settle(false)
	cancel()
	<-done
}

// killBetween kills the worker when the relay and Twilio have taken messages
// over and have not said so.
func (w *faultWorld) killBetween() {
	w.mail.Fail("", 2, smtptest.Hang(smtptest.Answer))
	w.twilio.Fail("", 2, twiliotest.HangAfter())
	base := launch(w.t, w.env, "serve").port("public")
	worker := launch(w.t, w.env, "work")
	w.post(base, 4)
	eventually(w.t, "all at the providers", func() bool { return len(w.providers()) == 4*len(expected) })
	_ = worker.cmd.Process.Kill()
	worker.wait()
	launch(w.t, w.env, "work")
}

// loseTasks takes every task out of Redis: the sweeper must find each message.
func (w *faultWorld) loseTasks() {
	base := launch(w.t, w.env, "serve").port("public")
	worker := launch(w.t, w.env, "work")
	w.mail.Fail("", 8, smtptest.Reply(smtptest.Rcpt, "451 4.7.1 later"))
	w.post(base, 4)
	eventually(w.t, "all refused for now", func() bool { c, err := w.count(); return err == nil && c.waiting == 8 && c.lost == 0 })
	worker.stop()
	for _, key := range w.rdb.Keys(w.t.Context(), "asynq:{*").Val() {
		_ = w.rdb.Del(w.t.Context(), key).Err()
	}
	launch(w.t, w.env, "work")
}

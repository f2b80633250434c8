package main

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/metrics"
	"github.com/joydevie/followup/worker"
)

// nobodyElse fails the test when anything is sent by it.
type nobodyElse struct{ t *testing.T }

func (n nobodyElse) Send(_ context.Context, m channel.Message) channel.Outcome {
	n.t.Errorf("%s was sent to somebody", m.Template)
	return channel.Outcome{State: channel.Refused}
}

func TestACanaryTellsThatTheWayIsOpenAndReachesNobody(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	log := &buffer{}
	h := &house{
		keys: mustKeys(t), clock: hours.NewClock(1, nil), windows: hours.Default(), publicURL: "https://joydevie.example", guarded: true, trial: true,
		log: slog.New(slog.DiscardHandler), requests: slog.New(slog.DiscardHandler), metrics: metrics.New(),
		channels: map[contact.Via]channel.Sender{contact.ViaEmail: nobodyElse{t}, contact.ViaSMS: nobodyElse{t}},
	}
	if err := h.furnish(config.ExampleClinic()); err != nil {
		t.Fatal(err)
	}
	h.canary = h.receiver()
	rdb := w.redis.Client()
	book := h.ledger(rdb)
	spool, err := intake.OpenSpool(t.TempDir(), h.enqueue(rdb), h.keys, h.log)
	if err != nil {
		t.Fatal(err)
	}
	spool.Metrics, h.spool = h.metrics, spool
	handler, err := h.handler(rdb, nil)
	if err != nil {
		t.Fatal(err)
	}
	form := httptest.NewServer(handler)
	defer form.Close()

	// Two processes serve the form; an hour passes for neither.
	logged := slog.New(slog.NewTextHandler(log, nil))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 3)
	for range 2 {
		c := newCanaries(book, h.keys, form.URL, logged)
		c.after, c.look = time.Millisecond, 5*time.Millisecond
		go func() { done <- c.run(ctx) }()
	}
	eventually(t, "the first canary in the queue", func() bool { return len(w.queued()) == 1 })
	// Nobody works: the next process that has its turn says so.
	late := newCanaries(book, h.keys, form.URL, logged)
	if err := late.send(t.Context()); err != nil || !strings.Contains(log.String(), "sent and not come back") {
		t.Errorf("%v; the log says %q", err, log.String())
	}
	if n := len(w.queued()); n != 2 {
		t.Errorf("%d canaries in the queue", n)
	}
	go func() { done <- h.worker(rdb).Run(ctx, rdb, worker.DefaultConcurrency) }()
	eventually(t, "the canaries to come through", func() bool {
		known, err := book.Watch(t.Context())
		return err == nil && known.Canary.Done.After(known.Canary.Sent) && len(w.queued()) == 0
	})
	before := log.String()
	if err := late.send(t.Context()); err != nil || log.String() != before {
		t.Errorf("%v; the log says %q", err, log.String())
	}
	eventually(t, "the last one too", func() bool {
		known, err := book.Watch(t.Context())
		return err == nil && known.Canary.Done.After(known.Canary.Sent)
	})
	stop()
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	// What tells of one person has a name of its own, or stands in a set.
	for _, key := range rdb.Keys(t.Context(), "f:*").Val() {
		kind := rdb.Type(t.Context(), key).Val()
		if strings.Count(key, ":") > 1 && key != "f:canary:turn" || kind == "zset" || kind == "set" || kind == "list" {
			t.Errorf("it left %s, a %s", key, kind)
		}
	}
	if tasks := rdb.Keys(t.Context(), "asynq:{*}:t:*").Val(); len(tasks) > 0 {
		t.Errorf("it left %v", tasks)
	}
	rw := httptest.NewRecorder()
	h.metrics.Handler().ServeHTTP(rw, httptest.NewRequest("GET", "/metrics", nil))
	if sample(rw.Body.String(), "followup_submissions_total") != 0 || sample(rw.Body.String(), "followup_sends_total") > 0 {
		t.Error("it is counted among what people wrote, or what was sent to them")
	}
}

func TestACanaryThatTheFormDoesNotTakeIsAnError(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	h := &house{keys: mustKeys(t), clock: hours.NewClock(1, nil)}
	gone := httptest.NewServer(nil)
	gone.Close()
	for url, want := range map[string]string{gone.URL: "the form did not take it", w.twilio.URL: "it answers"} {
		if err := newCanaries(h.ledger(w.redis.Client()), h.keys, url, slog.New(slog.DiscardHandler)).send(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestOnlyWhatWeSignedIsACanary(t *testing.T) {
	t.Parallel()
	keys, now := mustKeys(t), time.Now().Truncate(time.Millisecond)
	address := canaryAddress(keys, now)
	if sent, ok := canarySent(keys, address); !ok || !sent.Equal(now) {
		t.Errorf("%s: %v %v", address, sent, ok)
	}
	if _, err := contact.ParseEmail(address); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{
		"", "ann@canary.invalid", "1" + address, strings.Replace(address, ".invalid", ".example", 1), canaryAddress(mustKeys(t), now), "@canary.invalid", ".@canary.invalid",
	} {
		if _, ok := canarySent(keys, bad); ok {
			t.Errorf("%q counts as ours", bad)
		}
	}
}

package worker

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/alarm"
	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/tasks"
)

// hook stands between a client and Redis: nil lets everything pass.
type hook struct {
	process  func(context.Context, redis.Cmder, redis.ProcessHook) error
	pipeline func(context.Context, []redis.Cmder, redis.ProcessPipelineHook) error
}

func (h hook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, c redis.Cmder) error {
		if h.process == nil {
			return next(ctx, c)
		}
		return h.process(ctx, c, next)
	}
}

func (h hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, c []redis.Cmder) error {
		if h.pipeline == nil {
			return next(ctx, c)
		}
		return h.pipeline(ctx, c, next)
	}
}

func (w *world) hooked(t *testing.T, h hook) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(w.redis.Options())
	rdb.AddHook(h)
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

func (w *world) do(t *testing.T, p *ledger.Person, entry string, v contact.Via) {
	t.Helper()
	if err := w.deliver(t.Context(), v, tasks.Message{Contact: string(p.ID), Entry: entry}); err != nil {
		t.Fatal(err)
	}
}

func refused(c channel.Cause, code string) func(channel.Message) channel.Outcome {
	return func(channel.Message) channel.Outcome {
		return channel.Outcome{State: channel.Refused, Cause: c, Code: code, Err: errors.New("refused")}
	}
}

func TestAMissedOptOutIsWrittenDownThoughTheTaskIsOver(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	ctx, over := context.WithCancel(t.Context())
	w.answer = func(m channel.Message) channel.Outcome {
		over()
		return refused(channel.CauseOptOut, "21610")(m)
	}
	_ = w.deliver(ctx, contact.ViaSMS, tasks.Message{Contact: string(p.ID), Entry: "1.confirmation"})
	if keys := w.redis.Keys(t.Context(), "f:stop:*").Val(); len(keys) != 1 {
		t.Errorf("the opt-out was lost: %+v", w.row(t, "1.confirmation", contact.ViaSMS))
	}
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.NotSent || r.Why != gate.ReasonOptedOut {
		t.Errorf("the text is %+v", r)
	}
}

func TestAReleaseWhoseAlarmFailedIsMendedByPressingAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ReadFirst = true
	p := w.submit(t, ann())
	w.do(t, p, "1.confirmation", contact.ViaSMS)
	before, away := w.alarms(t), true
	queue := tasks.NewClient(w.hooked(t, hook{process: func(ctx context.Context, c redis.Cmder, next redis.ProcessHook) error {
		if away && strings.HasPrefix(c.Name(), "eval") {
			return errors.New("redis went away")
		}
		return next(ctx, c)
	}}), w.Sealer)
	d := &desk.Desk{Ledger: w.Ledger, Alarm: alarm.Clock{Tasks: queue, Plan: w.Alarm.Plan}, Log: w.Log}
	if err := d.Read(t.Context(), p.ID, 1, "note"); err == nil {
		t.Fatal("an alarm that could not be set was no error")
	}
	away = false
	if err := d.Read(t.Context(), p.ID, 1, "note"); err != nil {
		t.Fatal(err)
	}
	if w.alarms(t) <= before {
		t.Errorf("pressed twice, and nothing rings for %+v", w.row(t, "1.confirmation", contact.ViaSMS))
	}
}

func TestWhoReadsWhileTheGateDecidesReleasesTheMessage(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ReadFirst = true
	p := w.submit(t, ann())
	read := false
	w.afterClaim(t, func() {
		read = true
		if err := w.desk.Read(t.Context(), p.ID, 1, "note"); err != nil {
			t.Error(err)
		}
	})
	w.do(t, p, "1.confirmation", contact.ViaSMS)
	if r := w.row(t, "1.confirmation", contact.ViaSMS); !read || r.State == ledger.Held {
		t.Errorf("read %v, and the text is %+v", read, r)
	}
}

func TestAnOldAlarmDoesNotRingForTheStepAfterAHeldOne(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	w.at(tuesday.Add(24 * time.Hour))
	w.do(t, p, "1.followup-1", contact.ViaEmail)
	w.ReadFirst = true
	again := ann()
	again.ID, again.Message, again.At = "second", "more words", tuesday.Add(26*time.Hour)
	w.submit(t, again)
	w.at(tuesday.Add(4 * 24 * time.Hour))
	w.do(t, p, "1.followup-2", contact.ViaEmail)
	if r := w.row(t, "1.followup-2", contact.ViaEmail); r.State != ledger.Held {
		t.Fatalf("follow-up 2 is %+v", r)
	}
	before := w.alarms(t)
	w.at(tuesday.Add(8 * 24 * time.Hour))
	w.do(t, p, "1.followup-1", contact.ViaEmail)
	if w.alarms(t) > before {
		t.Error("follow-up 3 got an alarm while 2 is held")
	}
}

func TestWhatMayHaveGoneIsNeverCalledNotSent(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(t *testing.T, w *world, p *ledger.Person){
		"unsubscribed": func(t *testing.T, w *world, p *ledger.Person) {
			if err := w.desk.Unsubscribe(t.Context(), p.ID, 1); err != nil {
				t.Fatal(err)
			}
		},
		"too late": func(t *testing.T, w *world, p *ledger.Person) {
			w.at(tuesday.Add(30 * 24 * time.Hour))
			w.do(t, p, "1.followup-1", contact.ViaEmail)
		},
		"refused on the repeat": func(t *testing.T, w *world, p *ledger.Person) {
			w.answer = refused(channel.CauseAddress, "550 5.1.1")
			w.at(tuesday.Add(26 * time.Hour))
			w.do(t, p, "1.followup-1", contact.ViaEmail)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			p := w.submit(t, ann())
			w.at(tuesday.Add(24 * time.Hour))
			w.answer = func(channel.Message) channel.Outcome { return channel.Outcome{State: channel.Unknown} }
			w.do(t, p, "1.followup-1", contact.ViaEmail)
			then(t, w, p)
			if r := w.row(t, "1.followup-1", contact.ViaEmail); r.State != ledger.Unknown || r.Why != gate.ReasonLostAnswer {
				t.Errorf("it is %+v", r)
			}
		})
	}
}

func TestARefusedNoteToStaffIsTriedAgainAndSaidAloud(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	w.answer = refused(channel.CauseContent, "554 5.7.1")
	w.do(t, p, "1.staff-note", contact.ViaEmail)
	if r := w.row(t, "1.staff-note", contact.ViaEmail); r.State != ledger.Waiting || r.Due == 0 {
		t.Errorf("the note is %+v", r)
	}
	if !strings.Contains(w.log.String(), "level=ERROR") {
		t.Errorf("nobody is told: %s", w.log)
	}
}

func TestATextWithoutItsChannelIsNotSentAndSaysWhy(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	delete(w.Channels, contact.ViaSMS)
	w.do(t, p, "1.confirmation", contact.ViaSMS)
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.NotSent || r.Why != gate.ReasonNoAddress {
		t.Errorf("the text is %+v", r)
	}
}

func TestAProviderIsNotAskedWithTooLittleTimeLeft(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	ctx, cancel := context.WithTimeout(t.Context(), sendTimeout/2)
	defer cancel()
	if err := w.deliver(ctx, contact.ViaSMS, tasks.Message{Contact: string(p.ID), Entry: "1.confirmation"}); err != nil {
		t.Fatal(err)
	}
	if r := w.row(t, "1.confirmation", contact.ViaSMS); len(w.sent) != 0 || r.State != ledger.Waiting || r.Tries != 0 {
		t.Errorf("sent %q, the text is %+v", w.names(), r)
	}
}

func TestAPanicLeavesNothingOfThePersonInRedis(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	w.answer = func(m channel.Message) channel.Outcome { panic("canary " + m.To) }
	payload, err := tasks.Email.Encode(tasks.Message{Contact: string(p.ID), Entry: "1.confirmation"}, w.Sealer)
	if err != nil {
		t.Fatal(err)
	}
	err = w.handlers()[tasks.Email.Name](t.Context(), asynq.NewTask(tasks.Email.Name, payload))
	if err == nil || strings.Contains(err.Error(), "anary") || !strings.Contains(err.Error(), "deliver") {
		t.Errorf("got %v", err)
	}
}

// afterClaim does something once, in the moment after the worker's next claim.
func (w *world) afterClaim(t *testing.T, do func()) {
	t.Helper()
	done := false
	rdb := w.hooked(t, hook{pipeline: func(ctx context.Context, c []redis.Cmder, next redis.ProcessPipelineHook) error {
		err := next(ctx, c)
		if !done && len(c) > 1 && c[0].Err() == nil { // not where Redis does not know the script yet
			done = true
			do()
		}
		return err
	}})
	w.Ledger = ledger.New(rdb, w.Sealer.(*seal.Keys), w.Alarm.Plan.Now)
}

package worker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// loseTasks takes every task out of asynq, as an eviction or a mistake would.
func (w *world) loseTasks(t *testing.T) {
	t.Helper()
	keys := w.redis.Keys(t.Context(), "asynq:{*").Val()
	if len(keys) == 0 {
		return
	}
	if err := w.redis.Del(t.Context(), keys...).Err(); err != nil {
		t.Fatal(err)
	}
}

func (w *world) sweepOnce(t *testing.T) {
	t.Helper()
	if err := w.sweep(t.Context(), asynq.NewInspectorFromRedisClient(w.redis)); err != nil {
		t.Fatal(err)
	}
}

// set lists the alarms that are set, as "entry queue".
func (w *world) set(t *testing.T) []string {
	t.Helper()
	var set []string
	for _, q := range tasks.Queues() {
		in := asynq.NewInspectorFromRedisClient(w.redis)
		pending, _ := in.ListPendingTasks(q)
		scheduled, _ := in.ListScheduledTasks(q)
		for _, task := range append(pending, scheduled...) {
			if m, err := tasks.Email.Decode(task.Payload, w.Sealer); err == nil {
				set = append(set, m.Entry+" "+q)
			}
		}
	}
	slices.Sort(set)
	return set
}

// swept is what the last run of the sweeper noted.
func (w *world) swept(t *testing.T) ledger.Swept {
	t.Helper()
	known, err := w.Ledger.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return known.Swept
}

func (w *world) events(t *testing.T, what string) (n int) {
	t.Helper()
	events, err := w.Ledger.Timeline(t.Context(), w.person(t).ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.What == what {
			n++
		}
	}
	return n
}

func TestALostAlarmIsRungAgainAndThenRaised(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.submit(t, ann())
	w.loseTasks(t)
	w.at(tuesday.Add(time.Minute))
	w.sweepOnce(t)
	if got := w.set(t); len(got) != 0 {
		t.Errorf("rung too early: %v", got)
	}
	w.at(tuesday.Add(3 * time.Minute))
	w.sweepOnce(t)
	want := []string{"1.confirmation mail", "1.confirmation sms", "1.staff-note mail"}
	if got := w.set(t); !slices.Equal(got, want) {
		t.Errorf("set after the sweep: %v", got)
	}
	if found := w.swept(t); found.Lost != 3 || found.Again != 0 || time.Since(found.At) > time.Minute {
		t.Errorf("noted %+v", found)
	}
	w.sweepOnce(t)
	if got := w.set(t); len(got) != 3 {
		t.Errorf("rung for again at once: %v", got)
	}
	if strings.Contains(w.log.String(), "level=ERROR") || w.events(t, "overdue") != 3 {
		t.Errorf("%d events; log:\n%s", w.events(t, "overdue"), w.log)
	}
	w.loseTasks(t)
	w.at(tuesday.Add(20 * time.Minute))
	w.sweepOnce(t)
	if got := w.set(t); !slices.Equal(got, want) || strings.Count(w.log.String(), "look at it") != 3 {
		t.Errorf("set %v; log:\n%s", got, w.log)
	}
	if found := w.swept(t); found.Lost != 0 || found.Again != 3 {
		t.Errorf("noted %+v", found)
	}
}

func TestWhatWentOutIsNotRungForAndTheNextIsFoundWhenItIsLost(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.submit(t, ann())
	w.ringAll(t)
	w.loseTasks(t) // the follow-up's alarm
	for now := tuesday; now.Before(tuesday.Add(24*time.Hour + 90*time.Second)); now = now.Add(30 * time.Minute) {
		w.at(now)
		w.sweepOnce(t)
		if got := w.set(t); len(got) != 0 {
			t.Fatalf("rung at %s: %v", now, got)
		}
	}
	w.at(tuesday.Add(24*time.Hour + 3*time.Minute))
	w.sweepOnce(t)
	if got := w.set(t); !slices.Equal(got, []string{"1.followup-1 mail"}) {
		t.Errorf("set %v", got)
	}
}

func TestALostAlarmInASequenceKeepsTheGap(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.submit(t, ann())
	w.ringAll(t)
	// The first follow-up goes two days late; then the worker dies before it
	// sets the alarm of the second, whose own day has come.
	late := tuesday.Add(72 * time.Hour)
	w.at(late)
	first := w.person(t).Sequence(1)[0]
	if err := w.attempt(t.Context(), &first); err != nil {
		t.Fatal(err)
	}
	w.loseTasks(t)
	w.at(late.Add(5 * time.Minute))
	w.sweepOnce(t)
	if got := w.row(t, "1.followup-2", contact.ViaEmail); unix(got.Due).Before(late.Add(48 * time.Hour)) {
		t.Errorf("the second goes %s after the first", unix(got.Due).Sub(late))
	}
	if got := w.set(t); !slices.Equal(got, []string{"1.followup-2 mail-later"}) {
		t.Errorf("set %v", got)
	}
}

func TestAStaleClaimIsSettledAsDeliverDoes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	for _, m := range p.Messages {
		if m.Entry.Template == confirmation {
			if _, err := w.Ledger.Claim(t.Context(), &m, "dead", time.Now().Add(-stale-time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		if m.Entry.Template == staffNote { // held by somebody who lives
			if _, err := w.Ledger.Claim(t.Context(), &m, "alive", time.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.loseTasks(t)
	w.at(tuesday.Add(3 * time.Minute))
	w.sweepOnce(t)
	if got := w.set(t); !slices.Equal(got, []string{"1.confirmation mail", "1.confirmation sms"}) {
		t.Errorf("set %v", got)
	}
	for _, m := range w.person(t).Messages {
		if m.Entry.Template == confirmation {
			if err := w.ring(t, &m); err != nil {
				t.Fatal(err)
			}
		}
	}
	email, sms := w.row(t, "1.confirmation", contact.ViaEmail), w.row(t, "1.confirmation", contact.ViaSMS)
	if email.State != ledger.Sent || !email.Repeat || sms.State != ledger.Unknown || w.names() != "confirmation email" {
		t.Errorf("email %s, text %s, sent %s", email.State, sms.State, w.names())
	}
}

func TestAQueueThatIsBehindIsNotFilledFurther(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.submit(t, ann())
	keys := w.redis.Keys(t.Context(), "asynq:{*}:t:*").Val()
	for _, key := range keys {
		if err := w.redis.HSet(t.Context(), key, "pending_since", time.Now().Add(-time.Hour).UnixNano()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	before := w.set(t)
	w.at(tuesday.Add(30 * time.Minute))
	w.sweepOnce(t)
	if got := w.set(t); !slices.Equal(got, before) {
		t.Errorf("set %v, before %v", got, before)
	}
}

func TestWhatAsynqSetAsideIsTriedAgainOrLeftToTheLedger(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.submit(t, ann())
	if err := tasks.Enqueue(t.Context(), w.Alarm.Tasks, tasks.Submitted, tasks.Submission{ID: "bob", Email: "bob@example.com"}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	in := asynq.NewInspectorFromRedisClient(w.redis)
	for _, q := range tasks.Queues() {
		if _, err := in.ArchiveAllPendingTasks(q); err != nil && q != tasks.QueueSMSLater && q != tasks.QueueMailLater {
			t.Logf("%s: %v", q, err)
		}
	}
	w.sweepOnce(t)
	for _, q := range tasks.Queues() {
		if dead, _ := in.ListArchivedTasks(q); len(dead) != 0 {
			t.Errorf("%d tasks lie in the archive of %s", len(dead), q)
		}
	}
	if again, err := in.ListPendingTasks(tasks.QueueIntake); err != nil || len(again) != 1 || again[0].ID != "bob" {
		t.Errorf("the submission is not tried again: %v, %v", again, err)
	}
	if n := w.events(t, "alarm_set_aside"); n != 3 || strings.Count(w.log.String(), "task set aside") != 4 {
		t.Errorf("%d events; log:\n%s", n, w.log)
	}
	w.at(tuesday.Add(3 * time.Minute))
	w.sweepOnce(t)
	if got := w.set(t); !slices.Contains(got, "1.confirmation mail") || !slices.Contains(got, "1.confirmation sms") {
		t.Errorf("set %v", got)
	}
}

func TestWhoHasNothingPlannedIsNotLookedAfter(t *testing.T) {
	t.Parallel()
	w := setup(t)
	s := ann()
	s.ConsentEmail, s.ConsentSMS = false, false
	w.submit(t, s)
	w.ringAll(t)
	w.at(tuesday.Add(3 * time.Minute))
	w.sweepOnce(t)
	if n := w.redis.ZCard(t.Context(), "f:due").Val(); n != 0 {
		t.Errorf("%d people are looked after", n)
	}
}

func TestOfManyWorkersOneSweeps(t *testing.T) {
	t.Parallel()
	w := setup(t)
	mine := 0
	for i := range 5 {
		if ok, err := w.Ledger.TakeChore(t.Context(), ledger.ChoreSweep, fmt.Sprint(i), time.Minute); err != nil {
			t.Fatal(err)
		} else if ok {
			mine++
		}
	}
	if mine != 1 {
		t.Errorf("%d sweep at a time", mine)
	}
}

func TestARunningWorkerSweeps(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.SweepEvery = 50 * time.Millisecond
	w.submit(t, ann())
	w.loseTasks(t)
	w.at(tuesday.Add(3 * time.Minute))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx, w.redis, Concurrency{2, 2, 2}) }()
	deadline := time.NewTimer(20 * time.Second)
	for tick := time.NewTicker(10 * time.Millisecond); strings.Count(w.names(), "confirmation") < 2; {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("sent %s", w.names())
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestAnErasureThatCannotEndKeepsNobodyElseFromBeingLookedAfter(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	w.redis.HSet(t.Context(), "f:{"+string(p.ID)+"}", "erasing", "rosa", "s/1", "under a key that is gone")
	w.redis.ZAdd(t.Context(), "f:due", redis.Z{Score: 1, Member: string(p.ID)})
	bob := ann()
	bob.ID, bob.Email, bob.Phone, bob.Content = "submission-of-bob", "bob.canary@example.com", "", "other"
	if err := w.submitted(t.Context(), bob); err != nil {
		t.Fatal(err)
	}
	w.loseTasks(t)
	w.at(tuesday.Add(3 * time.Minute))
	if err := w.sweep(t.Context(), asynq.NewInspectorFromRedisClient(w.redis)); err != nil {
		t.Errorf("the sweep ended: %v", err)
	}
	if got := w.set(t); len(got) != 2 {
		t.Errorf("rung for %v", got)
	}
	if !strings.Contains(w.log.String(), "level=ERROR") {
		t.Errorf("nobody is told: %s", w.log)
	}
}

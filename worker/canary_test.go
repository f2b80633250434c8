package worker

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/tasks"
)

// cage is where canaries land in a test.
type cage struct{ got []channel.Message }

func (c *cage) Send(_ context.Context, m channel.Message) channel.Outcome {
	c.got = append(c.got, m)
	return channel.Outcome{State: channel.Accepted}
}

func TestACanaryGoesTheWholeWayAndLeavesNothing(t *testing.T) {
	t.Parallel()
	w, here, sent := setup(t), &cage{}, time.Now().Add(-3*time.Second)
	w.Canary = &Canary{Ours: func(a string) (time.Time, bool) { return sent, a == "signed@canary.invalid" }, To: here}
	w.Trial = true // which keeps back what people get, and no canary
	if err := w.submitted(t.Context(), tasks.Submission{ID: "one", At: tuesday, Email: "signed@canary.invalid", Language: "en"}); err != nil {
		t.Fatal(err)
	}
	if n := w.alarms(t); n != 1 {
		t.Fatalf("%d tasks in the queues", n)
	}
	if err := w.canary(t.Context(), tasks.Bird{Sent: sent.UnixMilli()}); err != nil {
		t.Fatal(err)
	}
	if len(here.got) != 1 || here.got[0].Template != "confirmation" || here.got[0].Text == "" || !strings.HasSuffix(here.got[0].To, ".invalid") {
		t.Errorf("it came as %+v", here.got)
	}
	known, err := w.Ledger.Watch(t.Context())
	if err != nil || time.Since(known.Canary.Done) > time.Minute || known.Canary.Took < 3*time.Second || known.Canary.Took > time.Minute {
		t.Errorf("noted %+v, %v", known.Canary, err)
	}
	if left := w.redis.Keys(t.Context(), "f:*").Val(); len(left) != 1 || left[0] != "f:canary" || w.names() != "" {
		t.Errorf("it left %v and sent %q", left, w.names())
	}
}

func TestWhoeverTypesSuchAnAddressIsAPersonLikeAnyOther(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Canary = &Canary{Ours: func(string) (time.Time, bool) { return time.Time{}, false }, To: &cage{}}
	s := ann()
	s.Email = "ann@canary.invalid"
	w.submit(t, s)
	if got := w.row(t, "1.staff-note", "email"); !got.State.Pending() {
		t.Errorf("staff hear nothing of it: %+v", got)
	}
}

func TestACanaryThatWasKeptUpProvesNothing(t *testing.T) {
	t.Parallel()
	w, here := setup(t), &cage{}
	w.Canary = &Canary{To: here}
	if err := w.canary(t.Context(), tasks.Bird{Sent: time.Now().Add(-3 * time.Hour).UnixMilli()}); err != nil || len(here.got) != 0 {
		t.Errorf("%v, %d sent", err, len(here.got))
	}
	known, err := w.Ledger.Watch(t.Context())
	if err != nil || !known.Canary.Done.IsZero() {
		t.Errorf("noted %+v, %v", known.Canary, err)
	}
}

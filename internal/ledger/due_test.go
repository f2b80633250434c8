package ledger_test

import (
	"errors"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
)

func (w world) overdue(t *testing.T, at time.Time) []ledger.Look {
	t.Helper()
	looks, err := w.Overdue(t.Context(), at, 10)
	if err != nil {
		t.Fatal(err)
	}
	return looks
}

func TestWhatIsPlannedDuringALookIsLookedAfterAllTheSame(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.admit(t, ann("one"), "confirmation")
	looks := w.overdue(t, noon)
	if len(looks) != 1 || looks[0].Contact != first.Contact {
		t.Fatalf("overdue: %v", looks)
	}
	again := ann("two")
	again.Message = "another thing"
	w.admit(t, again, "confirmation") // after the look has read the person
	if err := w.LookAgain(t.Context(), looks[0], time.Time{}); err != nil {
		t.Fatal(err)
	}
	looks = w.overdue(t, noon)
	if len(looks) != 1 {
		t.Fatal("nobody looks after the second submission")
	}
	if err := w.LookAgain(t.Context(), looks[0], noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if len(w.overdue(t, noon)) != 0 || len(w.overdue(t, noon.Add(time.Hour))) != 1 {
		t.Error("a look for later is not kept for later")
	}
}

func TestWhatIsMadeDueEarlierIsLookedAfterEarlier(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.admit(t, ann("one"), "confirmation", "followup-1")
	look := w.overdue(t, noon)[0]
	if err := w.LookAgain(t.Context(), look, noon.Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	m := w.message(t, look.Contact, "1.followup-1")
	for _, due := range []time.Duration{2 * time.Hour, time.Minute} { // later, then earlier than planned
		row, err := m.Row.To(ledger.Waiting, "", noon)
		if err != nil {
			t.Fatal(err)
		}
		row.Due = noon.Add(due).Unix()
		if err := w.Settle(t.Context(), m, row); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.overdue(t, noon.Add(time.Minute))) != 1 {
		t.Error("nobody looks before the time that was planned first")
	}
}

func TestAPauseIsToldToEveryClaimUntilItEnds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	a := w.admit(t, ann("one"), "confirmation", "followup-1")
	for i, want := range []bool{true, false} {
		if first, err := w.Pause(t.Context(), contact.ViaEmail, "535", time.Minute); err != nil || first != want {
			t.Errorf("call %d was the first: %v, %v", i+1, first, err)
		}
	}
	moment, err := w.Claim(t.Context(), w.message(t, a.Contact, "1.confirmation"), "a", time.Now())
	if err != nil || moment.Paused <= 0 || moment.Paused > time.Minute {
		t.Errorf("paused for %s, %v", moment.Paused, err)
	}
	w.redis.Del(t.Context(), "f:pause:email")
	moment, err = w.Claim(t.Context(), w.message(t, a.Contact, "1.followup-1"), "a", time.Now())
	if err != nil || moment.Paused != 0 || moment.Suppressed != "" {
		t.Errorf("%+v, %v", moment, err)
	}
}

func TestASecondRunFindsItsPersonThoughAFailoverLostTheIndex(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.admit(t, ann("one"), "confirmation")
	w.redis.Del(t.Context(), w.redis.Keys(t.Context(), "f:by:*").Val()...)
	again := w.admit(t, ann("one"), "confirmation")
	if again.Contact != first.Contact || again.N != 1 || len(w.redis.Keys(t.Context(), "f:{*}").Val()) != 1 {
		t.Errorf("%s became %s, submission %d", first.Contact, again.Contact, again.N)
	}
	byAddress := ann("two")
	byAddress.Message = "two"
	if second := w.admit(t, byAddress); second.Contact != first.Contact || second.N != 2 {
		t.Errorf("the index was not mended: %+v", second)
	}
}

func TestAClaimThatNoReplicaHasIsTakenBack(t *testing.T) {
	t.Parallel()
	primary, replica := redistest.StartReplicated(t)
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return noon }
	w := world{ledger.New(primary.Client(), keys, now), primary.Client(), primary, keys}
	a := w.admit(t, ann("one"), "confirmation")
	replica.Kill()
	rdb, err := dial.Redis(primary.URL, dial.Bounded().Replicated(1))
	if err != nil {
		t.Fatal(err)
	}
	defer rdb.Close()
	strict := ledger.New(rdb, keys, now)
	m := w.message(t, a.Contact, "1.confirmation")
	if _, err := strict.Claim(t.Context(), m, "a", time.Now()); !errors.Is(err, dial.ErrReplica) {
		t.Fatalf("claimed: %v", err)
	}
	if got := w.message(t, a.Contact, "1.confirmation").Row; got != a.Steps[0].Row || m.Row != got {
		t.Errorf("the row is now %+v, and was %+v", got, a.Steps[0].Row)
	}
}

func TestAFlushIsNoticed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	mark, err := w.Mark(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.Mark(t.Context()); err != nil || again != mark {
		t.Errorf("a second process marks anew: %v", err)
	}
	if err := w.Remembers(t.Context(), mark); err != nil {
		t.Error(err)
	}
	w.server.Kill()
	if err := w.Remembers(t.Context(), mark); err == nil || errors.Is(err, ledger.ErrForgotten) {
		t.Errorf("a Redis that is away: %v", err)
	}
	w.server.Run()
	if err := w.Remembers(t.Context(), mark); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	w.redis.FlushAll(t.Context())
	if err := w.Remembers(t.Context(), mark); !errors.Is(err, ledger.ErrForgotten) {
		t.Errorf("after a flush: %v", err)
	}
	if _, err := w.Mark(t.Context()); err != nil { // a process that starts now
		t.Error(err)
	}
	if err := w.Remembers(t.Context(), mark); !errors.Is(err, ledger.ErrForgotten) {
		t.Errorf("after another process has started: %v", err)
	}
}

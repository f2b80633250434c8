package worker

import (
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/ledger"
)

func (w *world) tray(t *testing.T, tray ledger.Tray) []ledger.Slip {
	t.Helper()
	slips, err := w.Ledger.Tray(t.Context(), tray, 100)
	if err != nil {
		t.Fatal(err)
	}
	return slips
}

func TestASweepListsWhatWasThereBeforeThereWereLists(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ReadFirst = true
	p := w.submit(t, ann())
	for _, key := range w.redis.Keys(t.Context(), "f:*").Val() {
		if strings.HasPrefix(key, "f:word:") || strings.HasPrefix(key, "f:tray:") || key == "f:due" {
			w.redis.Del(t.Context(), key)
		}
	}
	for i := range 8 { // who cannot be read stands in nobody's way
		w.redis.HSet(t.Context(), "f:{"+strings.Repeat(string(rune('a'+i)), 16)+"}", "n", "garbled")
	}
	w.sweepOnce(t)
	people, _, err := w.Ledger.ByName(t.Context(), []string{"canary"}, 10)
	if err != nil || len(people) != 1 || people[0].ID != p.ID {
		t.Errorf("found %v, %v", people, err)
	}
	if n := len(w.tray(t, ledger.TrayNew)); n != 1 {
		t.Errorf("%d are new", n)
	}
	if n := w.redis.ZCard(t.Context(), "f:due").Val(); n != 1 {
		t.Errorf("%d people are looked after", n)
	}
	if listed, err := w.Ledger.Listed(t.Context()); err != nil || !listed {
		t.Errorf("the walk was not noted as done: %v, %v", listed, err)
	}
}

func TestWhomNothingReachesIsToBeCalledWithinMinutes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.answer = func(m channel.Message) channel.Outcome {
		if m.Template == "confirmation" {
			return channel.Outcome{State: channel.Refused, Cause: channel.CauseAddress, Code: "5.1.1"}
		}
		return channel.Outcome{State: channel.Accepted}
	}
	s := ann()
	s.Phone = "+18005550123" // nobody texts there
	p := w.submit(t, s)
	w.ringAll(t)
	w.at(tuesday.Add(3 * time.Minute))
	w.sweepOnce(t)
	if slips := w.tray(t, ledger.TrayCall); len(slips) != 1 || slips[0].Contact != p.ID || !slips[0].Since.Equal(tuesday) {
		t.Errorf("to be called: %+v", slips)
	}
	if slips := w.tray(t, ledger.TrayFailed); len(slips) != 1 || slips[0].Message != "1.confirmation/email" {
		t.Errorf("failed: %+v", slips)
	}
	if _, err := w.desk.Booked(t.Context(), p.ID, 1, desk.By{Name: "staff"}); err != nil {
		t.Fatal(err)
	}
	w.at(tuesday.Add(6 * time.Minute))
	w.sweepOnce(t)
	if slips := w.tray(t, ledger.TrayCall); len(slips) != 0 {
		t.Errorf("booked, and to be called: %+v", slips)
	}
}

func TestWhoGetsNoAnswerForThreeDaysIsToBeCalled(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.submit(t, ann())
	w.ringAll(t)
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{71 * time.Hour, 0}, {73 * time.Hour, 1}, {61 * 24 * time.Hour, 1}, {64 * 24 * time.Hour, 0}} {
		w.at(tuesday.Add(c.after))
		w.sweepOnce(t)
		if n := len(w.tray(t, ledger.TrayCall)); n != c.want {
			t.Errorf("%d to be called after %s, want %d", n, c.after, c.want)
		}
	}
	if n := len(w.tray(t, ledger.TrayFailed)); n != 0 {
		t.Errorf("%d failed", n)
	}
}

package worker

import (
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// crowd reserves the next slots of a channel for others.
func (w *world) crowd(t *testing.T, slots int, turn ledger.Turn) {
	t.Helper()
	for range slots {
		if _, err := w.Ledger.Pace(t.Context(), contact.ViaEmail, w.Pace[contact.ViaEmail], turn); err != nil {
			t.Fatal(err)
		}
	}
}

// nextSecond waits until Redis, by whose clock slots go, has a second that nobody
// has used.
func (w *world) nextSecond(t *testing.T) {
	t.Helper()
	for full := w.redis.Time(t.Context()).Val().Unix(); w.redis.Time(t.Context()).Val().Unix() == full; {
	}
}

func TestWhoGetsNoSlotIsPlannedAnewForOneAndUsesIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Pace = map[contact.Via]ledger.Rate{contact.ViaEmail: {PerSecond: 1}}
	w.crowd(t, 60, ledger.Turn{Urgent: true})
	w.submit(t, ann())
	w.ringAll(t)
	if w.names() != "confirmation sms" {
		t.Errorf("went without a slot, or the other channel waits too: %s", w.names())
	}
	r := w.row(t, "1.confirmation", contact.ViaEmail)
	wait := unix(r.Due).Sub(tuesday)
	if r.State != ledger.Waiting || r.Why != gate.ReasonPace || r.Tries != 0 || wait < 30*time.Second || wait > 62*time.Second {
		t.Fatalf("%+v, %s ahead", r, wait)
	}
	// Its alarm stands in a queue that goes before what is scheduled.
	queue := "asynq:{mail-turn}:"
	if n := w.redis.LLen(t.Context(), queue+"pending").Val() + w.redis.ZCard(t.Context(), queue+"scheduled").Val(); n != 2 {
		t.Errorf("%d alarms for a turn", n)
	}
	w.crowd(t, 60, ledger.Turn{Urgent: true}) // whoever comes meanwhile takes no slot away
	w.at(unix(r.Due))
	w.nextSecond(t)
	w.do(t, w.person(t), "1.confirmation", contact.ViaEmail)
	if r := w.row(t, "1.confirmation", contact.ViaEmail); r.State != ledger.Sent {
		t.Errorf("when its slot rang: %+v", r)
	}
}

func TestNobodysTurnComesTooLate(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.submit(t, ann())
	w.Pace = map[contact.Via]ledger.Rate{contact.ViaEmail: {PerSecond: 1}}
	w.crowd(t, 60, ledger.Turn{})                      // two minutes of follow-ups
	w.at(tuesday.Add(8*24*time.Hour - 30*time.Second)) // half a minute before it would be too late
	w.ringAll(t)
	if r := w.row(t, "1.followup-1", contact.ViaEmail); r.State == ledger.NotSent || r.State == ledger.Waiting && unix(r.Due).After(tuesday.Add(8*24*time.Hour)) {
		t.Errorf("the pace made it too late: %+v", r)
	}
}

func TestTheDaysCeilingKeepsTheRestForAnotherDay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Pace = map[contact.Via]ledger.Rate{contact.ViaEmail: {PerDay: 1}}
	w.submit(t, ann())
	w.ringAll(t)
	midnight := time.Date(2026, 11, 25, 0, 0, 0, 0, denver)
	waiting := 0
	for _, entry := range []string{"1.confirmation", "1.staff-note"} {
		if r := w.row(t, entry, contact.ViaEmail); r.State == ledger.Waiting && r.Why == gate.ReasonDaily && unix(r.Due).Equal(midnight) {
			waiting++
		}
	}
	if waiting != 1 {
		t.Errorf("%d of two wait for midnight; sent %s", waiting, w.names())
	}
}

func TestASlotThatRingsAfterTheHoursIsNotUsed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.submit(t, ann())
	w.Pace = map[contact.Via]ledger.Rate{contact.ViaEmail: {PerSecond: 1}}
	w.crowd(t, 60, ledger.Turn{})
	closing := time.Date(2026, 11, 25, 17, 59, 30, 0, denver)
	w.at(closing)
	w.ringAll(t)
	r := w.row(t, "1.followup-1", contact.ViaEmail)
	if r.Why != gate.ReasonPace || !unix(r.Due).After(closing.Add(30*time.Second)) {
		t.Fatalf("no slot beyond the hours: %+v", r)
	}
	w.at(unix(r.Due))
	w.ringAll(t)
	// The day after is Thanksgiving.
	if r := w.row(t, "1.followup-1", contact.ViaEmail); r.State != ledger.Held || r.Why != gate.ReasonHours || !unix(r.Due).Equal(time.Date(2026, 11, 27, 10, 0, 0, 0, denver)) {
		t.Errorf("%+v, due %s", r, unix(r.Due).In(denver))
	}
}

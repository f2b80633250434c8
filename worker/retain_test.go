package worker

import (
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/ledger"
)

// pass lets so many days pass, and sweeps.
func (w *world) pass(t *testing.T, days int) {
	t.Helper()
	w.at(w.Worker.now().Add(time.Duration(days) * 24 * time.Hour))
	w.sweepOnce(t)
}

func TestWhatIsKeptLongEnoughGoes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	s := ann()
	s.ConsentSMS = false
	id := w.submit(t, s).ID
	w.ringAll(t)
	if _, err := w.desk.Booked(t.Context(), id, 1, rosa); err != nil {
		t.Fatal(err)
	}
	w.pass(t, 89)
	if p := w.person(t); p.Submissions[0].Message != "canary words" {
		t.Fatalf("after 89 days: %q", string(p.Submissions[0].Message))
	}
	w.pass(t, 2)
	if p := w.person(t); p.Submissions[0].Message != "" || p.Submissions[0].Email == "" || len(p.Messages) == 0 {
		t.Fatalf("after 91 days: %q", string(p.Submissions[0].Message))
	}
	w.pass(t, 366-91-1)
	w.person(t) // still there
	w.pass(t, 2)
	if keys := w.redis.Keys(t.Context(), "f:{*").Val(); len(keys) != 0 {
		t.Errorf("after a year and a day: %v", keys)
	}
	proof, err := w.Ledger.Proof(t.Context(), contact.ViaEmail, "ann.canary@example.com")
	if err != nil || len(proof.Evidence) < 3 || proof.Evidence[0].What != ledger.Agreed || proof.Evidence[len(proof.Evidence)-1].By != "retention" {
		t.Errorf("%+v, %v", proof.Evidence, err)
	}
	w.pass(t, 1)
	if n := w.redis.ZCard(t.Context(), "f:due").Val(); n != 0 {
		t.Errorf("%d people are looked after", n)
	}
	if strings.Contains(w.log.String(), "anary") {
		t.Error("the log names the person")
	}
}

// What staff wrote in free words goes as what people wrote does; who did what,
// and when, stays.
func TestNotesAndReasonsGoWithTheirTime(t *testing.T) {
	t.Parallel()
	w := setup(t)
	s := ann()
	s.ConsentSMS = false
	id := w.submit(t, s).ID
	w.ringAll(t)
	if _, err := w.desk.Booked(t.Context(), id, 1, rosa); err != nil { // with a reason
		t.Fatal(err)
	}
	at := w.Worker.now().Add(time.Hour)
	if _, err := w.desk.Schedule(t.Context(), id, desk.Meeting{At: at}, rosa); err != nil {
		t.Fatal(err)
	}
	for i := range 250 {
		if err := w.desk.Note(t.Context(), id, contact.Private(strings.Repeat("canary ", i+1)), rosa); err != nil {
			t.Fatal(err)
		}
	}
	w.play(t, at.Add(time.Hour))
	w.pass(t, 80)
	if err := w.desk.Note(t.Context(), id, "canary, later", rosa); err != nil {
		t.Fatal(err)
	}
	before := w.timeline(t)
	w.pass(t, 12)
	after := w.timeline(t)
	if len(after) != len(before) {
		t.Fatalf("%d events became %d", len(before), len(after))
	}
	last := len(after) - 1
	for i, e := range after {
		was := before[i]
		if was.Text == "" && was.What == "note" {
			t.Fatalf("gone too early: %+v", was)
		}
		if i == last && e.Text != "canary, later" || i < last && e.Text != "" {
			t.Errorf("%s of %d has %q", e.What, e.At, string(e.Text))
		}
		if e.What != was.What || e.By != was.By || e.At != was.At || e.N != was.N || !e.When.Equal(was.When) {
			t.Errorf("%+v became %+v", was, e)
		}
	}
	w.pass(t, 90)
	if e := w.timeline(t)[last]; e.Text != "" || e.What != "note" {
		t.Errorf("the last is %+v", e)
	}
}

func TestWhatNobodyHasReadStays(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ReadFirst = true
	id := w.submit(t, ann()).ID
	w.ringAll(t)
	for range 60 { // what is held ends, unread, once it says nothing any more
		w.at(w.Worker.now().Add(24 * time.Hour))
		w.ringAll(t)
	}
	w.pass(t, 400)
	if p := w.person(t); p.Submissions[0].Message != "canary words" {
		t.Errorf("gone: %q", string(p.Submissions[0].Message))
	}
	if err := w.desk.Read(t.Context(), id, 1, "rosa"); err != nil {
		t.Fatal(err)
	}
	w.pass(t, 8)
	if keys := w.redis.Keys(t.Context(), "f:{*").Val(); len(keys) != 0 {
		t.Errorf("read at last, and kept: %v", keys)
	}
}

func TestARepliesTextGoesWithItsTimeAndTheClinicSetsThePeriods(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Retention = Retention{Text: 10 * 24 * time.Hour, Contact: 20 * 24 * time.Hour}
	s := ann()
	s.ConsentEmail, s.ConsentSMS = false, false
	id := w.submit(t, s).ID
	w.ringAll(t)
	if _, _, err := w.Ledger.Replied(t.Context(), id, ledger.Reply{At: tuesday, SID: "SM1", Text: "canary reply"}); err != nil {
		t.Fatal(err)
	}
	if err := w.desk.ReadReply(t.Context(), id, 1, "rosa"); err != nil {
		t.Fatal(err)
	}
	w.pass(t, 12)
	if r, err := w.Ledger.Reply(t.Context(), id, 1); err != nil || r.Text != "" || r.SID != "SM1" {
		t.Errorf("%q %+v, %v", string(r.Text), r, err)
	}
	w.pass(t, 10)
	if keys := w.redis.Keys(t.Context(), "f:{*").Val(); len(keys) != 0 {
		t.Errorf("kept: %v", keys)
	}
}

func TestAFormThatWaitedWhileItsPersonWasErasedIsDroppedAndSaidSo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.submit(t, ann()).ID
	w.at(tuesday.Add(time.Hour))
	if _, err := w.desk.Erase(t.Context(), id, rosa); err != nil {
		t.Fatal(err)
	}
	alarms := w.alarms(t)
	late := ann()
	late.ID, late.Message, late.At = "waited", "other canary words", tuesday.Add(time.Minute)
	if err := w.submitted(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	if n := len(w.redis.Keys(t.Context(), "f:{*").Val()); n != 0 || w.alarms(t) != alarms {
		t.Errorf("%d came back, %d alarms more", n, w.alarms(t)-alarms)
	}
	if log := w.log.String(); !strings.Contains(log, "submission dropped") || !strings.Contains(log, "id=waited") || strings.Contains(log, "anary") {
		t.Errorf("%s", log)
	}
}

func TestEachTextHasItsOwnTimeAndWhoWritesAgainStays(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := ann()
	first.ConsentEmail, first.ConsentSMS = false, false
	w.submit(t, first)
	w.ringAll(t)
	w.at(tuesday.Add(60 * 24 * time.Hour))
	second := first
	second.ID, second.At, second.Message = "second", tuesday.Add(60*24*time.Hour), "later canary words"
	w.submit(t, second)
	w.ringAll(t)
	w.pass(t, 32)
	if p := w.person(t); p.Submissions[0].Message != "" || p.Submissions[1].Message == "" {
		t.Errorf("after 92 days: %q, %q", string(p.Submissions[0].Message), string(p.Submissions[1].Message))
	}
	w.pass(t, 300)
	w.person(t) // 392 days after the first, and not yet a year after the last
}

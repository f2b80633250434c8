package ledger_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

const annsMail, annsNumber = "ann.canary@example.com", "+13035550142"

// told lists what a proof tells, in its order.
func told(p ledger.Proof) string {
	var all []string
	for _, e := range p.Evidence {
		s := e.What
		if e.Message != nil {
			s += " " + e.Message.Entry + " " + string(e.Message.State)
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}

func (w world) proof(t *testing.T, v contact.Via, address string) ledger.Proof {
	t.Helper()
	p, err := w.Proof(t.Context(), v, address)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// send claims a message and writes down that it was sent.
func (w world) send(t *testing.T, id contact.ID, entry string) {
	t.Helper()
	m := w.message(t, id, entry)
	if _, err := w.Claim(t.Context(), m, "try", time.Now()); err != nil {
		t.Fatal(err)
	}
	row, err := m.Row.To(ledger.Sent, "", noon)
	if err != nil {
		t.Fatal(err)
	}
	row.Words, row.Code, row.Provider = "words-1", "250", "queue-1"
	if err := w.Settle(t.Context(), m, row); err != nil {
		t.Fatal(err)
	}
}

func TestAProofOutlivesItsPerson(t *testing.T) {
	t.Parallel()
	w := setup(t)
	s := ann("one")
	s.Zone, s.Page = "America/Denver", "/blog/one"
	s.Consent.Wording, s.Consent.Hash = "2026-11-24.1", "0123"
	if err := w.KeepWords(t.Context(), "0123", ledger.BoxWords{Email: "may email me", SMS: "may text me"}); err != nil {
		t.Fatal(err)
	}
	id := w.admit(t, s, "confirmation", "followup-1", "followup-2", "staff-note").Contact
	w.send(t, id, "1.confirmation")
	w.send(t, id, "1.staff-note")
	if err := w.Suppress(t.Context(), id, 1, contact.ViaEmail, gate.Unsubscribed, "recipient"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Hear(t.Context(), ledger.Inbound{From: annsNumber, SID: "SM1", Text: "stop canary", Rule: "stop", Of: "1", Why: gate.OptedOut}); err != nil {
		t.Fatal(err)
	}

	mail, text := w.proof(t, contact.ViaEmail, annsMail), w.proof(t, contact.ViaSMS, annsNumber)
	if got, want := told(mail), "agreed, went 1.confirmation sent, unsubscribed"; got != want {
		t.Errorf("by email: %s, want %s", got, want)
	}
	if got, want := told(text), "agreed, opted_out"; got != want {
		t.Errorf("by text: %s, want %s", got, want)
	}
	if got, want := *mail.Evidence[1].Message, (ledger.Message{Entry: "1.confirmation", Words: "words-1", State: ledger.Sent, Code: "250", Provider: "queue-1"}); got != want {
		t.Errorf("the message: %+v", got)
	}
	want := ledger.Grant{
		Submission: "one", Box: "consent_sms", Wording: "2026-11-24.1", Hash: "0123", Words: "may text me",
		Page: "/blog/one", Zone: "America/Denver", Language: "en", IP: "192.0.2.77", UserAgent: "CanaryBrowser",
	}
	if got := *text.Evidence[0].Grant; got != want {
		t.Errorf("the grant: %#v", got)
	}

	if _, err := w.Erase(t.Context(), id, ""); err == nil {
		t.Error("erased, and nobody has asked for it")
	}
	told1, err := w.Erasing(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	did, err := w.Erase(t.Context(), id, "bea")
	if err != nil || !reflect.DeepEqual(did, told1) {
		t.Errorf("said %+v, did %+v, %v", told1, did, err)
	}
	kept := []ledger.Kept{
		{Via: contact.ViaEmail, Grants: 1, Sent: 1, Blocked: []gate.Suppression{gate.Unsubscribed}},
		{Via: contact.ViaSMS, Grants: 1, Blocked: []gate.Suppression{gate.OptedOut}},
	}
	if !reflect.DeepEqual(did.Kept, kept) {
		t.Errorf("kept %+v", did.Kept)
	}
	if did.Submissions != 1 || did.Messages != 4 || did.Cancelled != 0 || len(did.Kept) != 2 {
		t.Errorf("%+v", did) // the follow-ups were cancelled by the unsubscription
	}
	after := w.proof(t, contact.ViaSMS, annsNumber)
	if got := told(after); got != "agreed, opted_out, erased" || *after.Evidence[0].Grant != want {
		t.Errorf("afterwards by text: %s, %#v", got, after.Evidence)
	}
	if got, want := told(w.proof(t, contact.ViaEmail, annsMail)), "agreed, went 1.confirmation sent, unsubscribed, erased"; got != want {
		t.Errorf("afterwards by email: %s, want %s", got, want)
	}
	if len(after.People) != 0 || !reflect.DeepEqual(after.Blocked, []gate.Suppression{gate.OptedOut}) {
		t.Errorf("%v stored, blocked %v", after.People, after.Blocked)
	}
	dump := Dump(t, w.redis)
	for _, gone := range []string{"\nf:{", "f:by:", "anary", "3035550142"} {
		if strings.Contains(dump, gone) {
			t.Errorf("%q is left in Redis", gone)
		}
	}
	if _, err := w.Erase(t.Context(), id, "bea"); !errors.Is(err, ledger.ErrNone) {
		t.Errorf("twice: %v", err)
	}
	if got := told(w.proof(t, contact.ViaSMS, annsNumber)); got != "agreed, opted_out, erased" {
		t.Errorf("after twice: %s", got)
	}
	for _, key := range w.redis.Keys(t.Context(), "f:proof:*").Val() {
		if ttl := w.redis.TTL(t.Context(), key).Val(); ttl < 5*366*24*time.Hour {
			t.Errorf("evidence is kept for %s", ttl)
		}
	}
}

// Who is about to erase is told that nobody has read it yet.
func TestWhatWaitsForAReaderIsSaidBeforeItIsErased(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.person(t, "Ann", true).Contact
	if a := w.admit(t, made("again", 0, "416e6e@example.com", "")); a.Contact != id { // she who has written before
		t.Fatalf("%+v", a)
	}
	told := func(want bool, replies int, when string) {
		t.Helper()
		if e, err := w.Erasing(t.Context(), id); err != nil || e.Unread != want || e.Replies != replies || len(e.Kept) != 1 {
			t.Errorf("%s: %+v, %v", when, e, err)
		}
	}
	told(true, 0, "written")
	if err := w.MarkRead(t.Context(), id, 1, "staff"); err != nil {
		t.Fatal(err)
	}
	told(false, 0, "read")
	if _, _, err := w.Replied(t.Context(), id, ledger.Reply{SID: "SM1"}); err != nil {
		t.Fatal(err)
	}
	told(true, 1, "replied")
}

func TestWhoWasErasedAndWritesAgainIsNew(t *testing.T) {
	t.Parallel()
	w := setup(t)
	s := ann("one")
	s.Consent = contact.Consent{}
	o := ledger.Once{Content: w.keys.Hash("content", s.Content())}
	first, err := w.Admit(t.Context(), s, o, planOf("confirmation"))
	if err != nil {
		t.Fatal(err)
	}
	if p := w.proof(t, contact.ViaSMS, annsNumber); !slices.Equal(p.People, []contact.ID{first.Contact}) || len(p.Evidence) != 0 {
		t.Errorf("who has agreed to nothing: %+v", p)
	}
	if _, err := w.Erase(t.Context(), first.Contact, "bea"); err != nil {
		t.Fatal(err)
	}
	if n := len(w.redis.Keys(t.Context(), "f:proof:*").Val()); n != 0 {
		t.Errorf("%d addresses keep evidence of nothing", n)
	}
	s.ID = "two" // the very same words, within the minutes in which they would be folded
	again, err := w.Admit(t.Context(), s, o, planOf("confirmation"))
	if err != nil || again.Folded || again.N != 1 || again.Contact == first.Contact || len(again.Steps) != 1 {
		t.Errorf("%+v, %v", again, err)
	}
	if id, err := w.Find(t.Context(), contact.ViaSMS, annsNumber); err != nil || id != again.Contact {
		t.Errorf("the number leads to %q, %v", id, err)
	}
}

func TestAWorkerThatHoldsAMessageOfAnErasedPersonDoesNoHarm(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.admit(t, ann("one"), "confirmation", "followup-1").Contact
	held := w.message(t, id, "1.confirmation")
	if _, err := w.Claim(t.Context(), held, "try", time.Now()); err != nil {
		t.Fatal(err)
	}
	loaded := w.message(t, id, "1.followup-1")
	e, err := w.Erase(t.Context(), id, "bea")
	if err != nil || e.InHand != 1 || e.Cancelled != 1 {
		t.Errorf("%+v, %v", e, err)
	}
	row, _ := held.Row.To(ledger.Sent, "", noon)
	if err := w.Settle(t.Context(), held, row); !errors.Is(err, ledger.ErrRace) {
		t.Errorf("settled: %v", err)
	}
	if _, err := w.Claim(t.Context(), loaded, "try", time.Now()); !errors.Is(err, ledger.ErrRace) {
		t.Errorf("claimed: %v", err)
	}
	for name, act := range map[string]func() error{
		"an event":      func() error { return w.Record(t.Context(), id, ledger.Event{What: "x"}) },
		"a read mark":   func() error { return w.MarkRead(t.Context(), id, 1, "x") },
		"a suppression": func() error { return w.Suppress(t.Context(), id, 1, contact.ViaEmail, gate.Dead, "x") },
		"a note": func() error {
			_, err := w.Extend(t.Context(), id, 1, []ledger.Step{{Template: "staff-note"}})
			return err
		},
		"a reply": func() error { _, _, err := w.Replied(t.Context(), id, ledger.Reply{SID: "SM1"}); return err },
	} {
		if err := act(); err != nil && !errors.Is(err, ledger.ErrNone) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if keys := w.redis.Keys(t.Context(), "f:{*").Val(); len(keys) != 0 {
		t.Errorf("came back: %v", keys)
	}
	if got, want := told(w.proof(t, contact.ViaEmail, annsMail)), "agreed, went 1.confirmation sending, erased"; got != want {
		t.Errorf("proof: %s, want %s", got, want)
	}
}

// Of many who erase and many who write at once, nobody is lost: each person
// who is there in the end is found by the address, and every submission is
// either there or was removed by somebody who saw it.
func TestErasingAmongSubmissionsLosesNobody(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			s := ann(fmt.Sprint("s", i))
			s.Message = contact.Private(fmt.Sprint("text ", i))
			if _, err := w.Admit(t.Context(), s, once(s), planOf("confirmation")); err != nil {
				t.Error(err)
			}
		})
		if i%3 == 0 {
			all.Go(func() {
				id, err := w.Find(t.Context(), contact.ViaEmail, annsMail)
				if err == nil {
					_, err = w.Erase(t.Context(), id, "bea")
				}
				if err != nil && !errors.Is(err, ledger.ErrNone) {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	last := ann("last")
	last.Message = "the last"
	id := w.admit(t, last, "confirmation").Contact
	people := w.redis.Keys(t.Context(), "f:{*}").Val()
	if len(people) != 1 || people[0] != "f:{"+string(id)+"}" {
		t.Errorf("%v are stored, and the address leads to %s", people, id)
	}
	if e, err := w.Erase(t.Context(), id, "bea"); err != nil || e.Submissions < 1 {
		t.Errorf("%+v, %v", e, err)
	}
	if got := strings.Count(told(w.proof(t, contact.ViaEmail, annsMail)), "agreed"); got != 41 {
		t.Errorf("41 forms were ticked, and %d are proved", got)
	}
}

func TestWhatWasBegunIsFinishedByWhoeverComesNext(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.admit(t, ann("one"), "confirmation").Contact
	w.redis.HSet(t.Context(), "f:{"+string(id)+"}", "erasing", "bea") // and died
	p, err := w.Person(t.Context(), id)
	if err != nil || p.Erasing != "bea" {
		t.Fatalf("%+v, %v", p, err)
	}
	two := ann("two")
	two.Message = "another"
	if a := w.admit(t, two, "confirmation"); a.Contact == id || a.N != 1 {
		t.Errorf("%+v", a)
	}
	if _, err := w.Person(t.Context(), id); !errors.Is(err, ledger.ErrNone) {
		t.Errorf("still there: %v", err)
	}
	if err := w.FinishErasing(t.Context(), p); err != nil {
		t.Errorf("whoever comes after that: %v", err)
	}
}

func TestWhoIsRemovedByAgeMustNotHaveWrittenMeanwhile(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.admit(t, ann("one")).Contact
	p, err := w.Person(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	two := ann("two")
	two.Message = "another"
	w.admit(t, two)
	if _, err := w.Expire(t.Context(), p); !errors.Is(err, ledger.ErrRace) {
		t.Errorf("removed all the same: %v", err)
	}
	if p, err = w.Person(t.Context(), id); err != nil || len(p.Submissions) != 2 || p.Erasing != "" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestWhatCannotBeReadIsNotErased(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.admit(t, ann("one")).Contact
	w.redis.HSet(t.Context(), "f:{"+string(id)+"}", "s/1", "garbled")
	if _, err := w.Erase(t.Context(), id, "bea"); err == nil || !strings.Contains(err.Error(), "submission 1") {
		t.Errorf("%v", err)
	}
	if n := w.redis.Exists(t.Context(), "f:{"+string(id)+"}").Val(); n != 1 {
		t.Error("it is gone")
	}
}

// A number that leads to one person is proved for the other too, who gave it
// as well, and for the one it was taken from.
func TestANumberProvesTheConsentOfEverybodyWhoGaveIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.admit(t, ann("one")).Contact
	bob := ann("two")
	bob.Email, bob.Phone, bob.Message = "bob.canary@example.com", "", "x"
	second := w.admit(t, bob).Contact
	bob.ID, bob.Phone, bob.Message = "three", annsNumber, "y"
	if a := w.admit(t, bob); a.Contact != second {
		t.Fatal("bob is another")
	}
	if p := w.proof(t, contact.ViaSMS, annsNumber); told(p) != "agreed, agreed" || len(p.People) != 2 {
		t.Errorf("%s by %v", told(p), p.People)
	}
	if err := w.Detach(t.Context(), annsNumber, first); err != nil {
		t.Fatal(err)
	}
	if p := w.proof(t, contact.ViaSMS, annsNumber); told(p) != "agreed, agreed" {
		t.Errorf("detached: %s by %v", told(p), p.People)
	}
}

// What went to the address that somebody had before proves nothing of the new one.
func TestAMessageProvesTheAddressThatItWentTo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.admit(t, ann("one"), "confirmation", "booked").Contact
	w.send(t, id, "1.confirmation")
	w.send(t, id, "1.booked") // in the same second: in the order of their names
	if a := w.admit(t, made("two", 0, "ann.second@example.com", annsNumber), "confirmation"); a.Contact != id {
		t.Fatalf("%+v", a)
	}
	if got, want := told(w.proof(t, contact.ViaEmail, annsMail)), "agreed, went 1.booked sent, went 1.confirmation sent"; got != want {
		t.Errorf("by the first: %s, want %s", got, want)
	}
	if got := told(w.proof(t, contact.ViaEmail, "ann.second@example.com")); got != "agreed" {
		t.Errorf("by the second: %s", got)
	}
	w.redis.HSet(t.Context(), "f:{"+string(id)+"}", "n", "garbled")
	if _, err := w.Proof(t.Context(), contact.ViaEmail, annsMail); err == nil {
		t.Error("half a proof was given for a whole one")
	}
}

func TestABlockIsLiftedOneReasonAtATimeAndLeavesEvidence(t *testing.T) {
	t.Parallel()
	w := setup(t)
	block := func(why gate.Suppression, by string) {
		if err := w.Block(t.Context(), contact.ViaEmail, annsMail, why, by, "550"); err != nil {
			t.Fatal(err)
		}
	}
	block(gate.Dead, "provider")
	block(gate.Unsubscribed, "recipient")
	block(gate.Unsubscribed, "recipient") // twice is once
	if p := w.proof(t, contact.ViaEmail, annsMail); !reflect.DeepEqual(p.Blocked, []gate.Suppression{gate.Dead, gate.Unsubscribed}) || told(p) != "dead_address, unsubscribed" {
		t.Errorf("blocked %v: %s", p.Blocked, told(p))
	}
	for _, want := range []gate.Suppression{gate.Dead, gate.Unsubscribed} {
		if now, _ := w.Suppression(t.Context(), contact.ViaEmail, annsMail); now != want {
			t.Errorf("stands: %q, want %q", now, want)
		}
		if got, err := w.Lift(t.Context(), contact.ViaEmail, annsMail, "bea", "she called"); got != want || err != nil {
			t.Errorf("lifted %q, %v", got, err)
		}
	}
	if _, err := w.Lift(t.Context(), contact.ViaEmail, annsMail, "bea", "again"); !errors.Is(err, ledger.ErrNone) {
		t.Errorf("nothing stands: %v", err)
	}
	if _, err := w.Lift(t.Context(), contact.ViaEmail, annsMail, "bea", ""); err == nil {
		t.Error("lifted without a reason")
	}
	p := w.proof(t, contact.ViaEmail, annsMail)
	if got, want := told(p), "dead_address, unsubscribed, lifted, lifted"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if e := p.Evidence[2]; e.By != "bea" || e.Note != "she called" || e.Code != "dead_address" {
		t.Errorf("%+v", e)
	}
}

func TestStartTakesAnOptOutAwayAndNothingElse(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if err := w.Block(t.Context(), contact.ViaSMS, annsNumber, gate.Dead, "provider", "30006"); err != nil {
		t.Fatal(err)
	}
	for i, in := range []ledger.Inbound{{Why: gate.OptedOut}, {Lift: true}} {
		in.From, in.SID = annsNumber, fmt.Sprint("SM", i)
		if _, err := w.Hear(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	p := w.proof(t, contact.ViaSMS, annsNumber)
	if !reflect.DeepEqual(p.Blocked, []gate.Suppression{gate.Dead}) || told(p) != "dead_address, opted_out, opted_in" {
		t.Errorf("blocked %v: %s", p.Blocked, told(p))
	}
}

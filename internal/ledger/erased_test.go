package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
)

// made is a submission with words of its own, made so long after noon.
func made(id string, after time.Duration, email contact.Email, phone contact.Phone) contact.Submission {
	s := ann(id)
	s.At, s.Email, s.Phone, s.Message = noon.Add(after), email, phone, contact.Private("canary words of "+id)
	return s
}

func TestWhatWasWrittenBeforeAnErasureIsNotTakenInAndWhatCameAfterItIs(t *testing.T) {
	t.Parallel()
	const annsOther, bobs, second = "ann.second@example.com", "bob@example.com", "+13035550143"
	for name, c := range map[string]struct {
		s       contact.Submission
		dropped bool
	}{
		"before":                      {made("q", -time.Hour, annsMail, annsNumber), true},
		"before, to the millisecond":  {made("q", -time.Millisecond, annsMail, annsNumber), true},
		"in that moment":              {made("q", 0, annsMail, annsNumber), false},
		"after":                       {made("q", time.Millisecond, annsMail, annsNumber), false},
		"before, with a new number":   {made("q", -time.Hour, annsMail, second), true},
		"before, by the number":       {made("q", -time.Hour, "", annsNumber), true},
		"before, by the older number": {made("q", -time.Hour, "", second), true},
		"after, by the number":        {made("q", time.Hour, "", annsNumber), false},
		// A household has one number, and her words are nobody else's to remove.
		"before, by another who has the number": {made("q", -time.Hour, bobs, annsNumber), false},
		"before, by somebody else":              {made("q", -time.Hour, annsOther, "+13035550144"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			first := w.admit(t, made("one", -3*time.Hour, annsMail, second), "confirmation").Contact
			w.admit(t, made("two", -2*time.Hour, annsMail, annsNumber), "confirmation")
			if _, err := w.Erase(t.Context(), first, "bea"); err != nil {
				t.Fatal(err)
			}
			left := Dump(t, w.redis)
			a, err := w.Admit(t.Context(), c.s, once(c.s), planOf("confirmation"))
			if err != nil || a.Erased != c.dropped || (a.Contact == "") != c.dropped {
				t.Fatalf("%+v, %v", a, err)
			}
			if now := Dump(t, w.redis); c.dropped && now != left {
				t.Errorf("it left something:\n%s\nwas\n%s", now, left)
			}
			// The same words, sent once more: now they are meant.
			again := c.s
			again.ID, again.At = "again", noon.Add(time.Minute)
			if a, err := w.Admit(t.Context(), again, once(again), planOf("confirmation")); err != nil || a.Erased || a.Folded == c.dropped {
				t.Errorf("again: %+v, %v", a, err)
			}
			// What was older comes out of a queue even later, and takes nothing away.
			late := c.s
			late.ID, late.At, late.Message = "late", noon.Add(-time.Minute), "canary words, late"
			a, err = w.Admit(t.Context(), late, once(late), planOf("confirmation"))
			v, address := contact.ViaEmail, string(late.Email)
			if address == "" {
				v, address = contact.ViaSMS, string(late.Phone)
			}
			if id, found := w.Find(t.Context(), v, address); err != nil || found != nil || !a.Erased && a.Contact != id {
				t.Errorf("late: %+v, %v; it leads to %q, %v", a, err, id, found)
			}
		})
	}
}

func TestOnlyWhoAskedForItIsRememberedAsErased(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.admit(t, ann("one")).Contact
	p, err := w.Person(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Expire(t.Context(), p); err != nil { // its time was over
		t.Fatal(err)
	}
	if a := w.admit(t, made("q", -time.Hour, annsMail, annsNumber)); a.Erased {
		t.Error("somebody whose time was over has written again, and it was lost")
	}
}

// A submission carries whole seconds. Of one from the second in which somebody
// was removed nobody knows whether it came after, and it must not get lost.
func TestWhoWritesInTheSecondOfAnErasureIsTakenIn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.admit(t, made("one", -time.Hour, annsMail, annsNumber)).Contact
	within := ledger.New(w.redis, w.keys, func() time.Time { return noon.Add(300 * time.Millisecond) })
	if _, err := within.Erase(t.Context(), id, "bea"); err != nil {
		t.Fatal(err)
	}
	for _, key := range w.redis.Keys(t.Context(), "f:erased:*").Val() {
		if left := w.redis.TTL(t.Context(), key).Val(); left <= 0 || left > 7*24*time.Hour {
			t.Errorf("%s is remembered for %s", key, left)
		}
	}
	if a := w.admit(t, made("two", 0, annsMail, annsNumber)); a.Erased || a.N != 1 { // made 800 ms after noon
		t.Errorf("%+v", a)
	}
	if a := w.admit(t, made("three", -time.Second, annsMail, annsNumber)); !a.Erased {
		t.Errorf("a second before: %+v", a)
	}
}

// What is finished later was asked for when it began.
func TestAnErasureThatIsFinishedLaterIsNoYounger(t *testing.T) {
	t.Parallel()
	w := setup(t)
	now := noon
	later := ledger.New(w.redis, w.keys, func() time.Time { return now })
	id := w.admit(t, ann("one"), "confirmation").Contact
	w.redis.HSet(t.Context(), "f:{"+string(id)+"}", "erasing", "bea") // and died
	now = noon.Add(time.Hour)
	s := made("two", 30*time.Minute, annsMail, annsNumber)
	if a, err := later.Admit(t.Context(), s, once(s), planOf("confirmation")); err != nil || a.Erased || a.N != 1 {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := w.Person(t.Context(), id); !errors.Is(err, ledger.ErrNone) {
		t.Errorf("still there: %v", err)
	}
}

func TestTheCountOfTextsToANumberOutlivesItsPersonWithoutItsName(t *testing.T) {
	t.Parallel()
	w := setup(t)
	plan := func(*ledger.Person) ledger.Plan {
		return ledger.Plan{Steps: []ledger.Step{{Template: "confirmation", Via: contact.ViaSMS, Due: noon}, {Template: "followup-1", Via: contact.ViaSMS, Due: noon}}}
	}
	reserve := func(s contact.Submission) contact.ID {
		t.Helper()
		a, err := w.Admit(t.Context(), s, once(s), plan)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range a.Steps {
			m, err := w.Message(t.Context(), a.Contact, step.Entry, step.Via)
			if err == nil {
				_, err = w.Claim(t.Context(), m, "try", noon)
			}
			if err == nil {
				_, err = w.Reserve(t.Context(), m)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		return a.Contact
	}
	first := reserve(ann("one"))
	w.admit(t, made("zero", 0, "bob@example.com", "")) // else the number would make him her
	bob := made("two", 0, "bob@example.com", annsNumber)
	second := reserve(bob)
	key := w.redis.Keys(t.Context(), "f:texts:*").Val()[0]
	if kept := w.redis.TTL(t.Context(), key).Val(); kept < 60*24*time.Hour || kept > 61*24*time.Hour {
		t.Errorf("texts count for %s", kept)
	}
	ttl := 11 * 24 * time.Hour
	w.redis.Expire(t.Context(), key, ttl)
	if _, err := w.Erase(t.Context(), first, "bea"); err != nil {
		t.Fatal(err)
	}
	at := noon.Unix()
	want := fmt.Sprintf("%d -\n%d -\n%d %s.2.confirmation.sms\n%d %s.2.followup-1.sms", at, at, at, second, at, second)
	if got := w.redis.Get(t.Context(), key).Val(); got != want || strings.Contains(got, string(first)) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if left := w.redis.TTL(t.Context(), key).Val(); left <= 0 || left > ttl {
		t.Errorf("kept for %s", left)
	}
	s := made("three", 0, "bob@example.com", annsNumber)
	a, err := w.Admit(t.Context(), s, once(s), plan)
	if err != nil {
		t.Fatal(err)
	}
	m, err := w.Message(t.Context(), a.Contact, a.Steps[0].Entry, contact.ViaSMS)
	if err != nil {
		t.Fatal(err)
	}
	if moment, err := w.Claim(t.Context(), m, "try", noon); err != nil || len(moment.Earlier) != 4 {
		t.Errorf("%d earlier texts count, want 4, %v", len(moment.Earlier), err)
	}
}

package ledger_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
)

var noon = time.Date(2026, 11, 24, 19, 0, 0, 0, time.UTC)

type world struct {
	*ledger.Ledger
	redis  redis.UniversalClient
	server *redistest.Server
	keys   *seal.Keys
}

func setup(t *testing.T) world {
	t.Helper()
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	server := redistest.Start(t)
	rdb := server.Client()
	return world{ledger.New(rdb, keys, func() time.Time { return noon }), rdb, server, keys}
}

func ann(id string) contact.Submission {
	return contact.Submission{
		ID: id, At: noon, Name: "Ann Canary", Email: "ann.canary@example.com", Phone: "+13035550142", Message: "canary text",
		Language: contact.English, Consent: contact.Consent{Email: true, SMS: true, IP: "192.0.2.77", UserAgent: "CanaryBrowser"},
	}
}

func once(s contact.Submission) ledger.Once {
	sum := sha256.Sum256([]byte(string(s.Email) + string(s.Phone) + string(s.Message)))
	return ledger.Once{Content: hex.EncodeToString(sum[:13])}
}

func planOf(templates ...string) func(*ledger.Person) ledger.Plan {
	return func(*ledger.Person) ledger.Plan {
		var p ledger.Plan
		for i, name := range templates {
			p.Steps = append(p.Steps, ledger.Step{Template: name, Via: contact.ViaEmail, Due: noon.Add(time.Duration(i) * time.Hour)})
		}
		return p
	}
}

func (w world) admit(t *testing.T, s contact.Submission, templates ...string) ledger.Admitted {
	t.Helper()
	a, err := w.Admit(t.Context(), s, once(s), planOf(templates...))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (w world) message(t *testing.T, id contact.ID, entry string) *ledger.Planned {
	t.Helper()
	e, err := ledger.ParseEntry(entry)
	if err != nil {
		t.Fatal(err)
	}
	m, err := w.Message(t.Context(), id, e, contact.ViaEmail)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTheSameSubmissionTwiceIsAdmittedOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.admit(t, ann("one"), "confirmation")
	again := w.admit(t, ann("one"), "confirmation")
	if again.Folded || again.Contact != first.Contact || again.N != 1 || len(again.Steps) != 1 {
		t.Errorf("the second run of one task got %+v", again)
	}
	if folded := w.admit(t, ann("two"), "confirmation"); !folded.Folded {
		t.Errorf("the same words within ten minutes were taken as a second submission: %+v", folded)
	}
	p, err := w.Person(t.Context(), first.Contact)
	if err != nil || len(p.Submissions) != 1 {
		t.Errorf("%d submissions, %v", len(p.Submissions), err)
	}
}

func TestTheSameWordsUnderOneKeyAreOneSubmissionADay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	other := ann("keyed")
	other.Message = "something else"
	keyed := func(s contact.Submission) ledger.Admitted {
		o := once(s)
		o.Keyed = true
		a, err := w.Admit(t.Context(), s, o, planOf("confirmation"))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	first := keyed(ann("keyed"))
	if a := keyed(ann("keyed")); a.N != 1 || a.Reused {
		t.Errorf("the same again is %+v", a)
	}
	// A site that always sends the same key must not cost anybody an answer.
	for range 2 {
		if a := keyed(other); a.Folded || !a.Reused || a.N != 2 || a.Contact != first.Contact {
			t.Errorf("other words under the same key are %+v", a)
		}
	}
	if ttl := w.redis.TTL(t.Context(), "f:key:keyed").Val(); ttl < 23*time.Hour || ttl > 24*time.Hour {
		t.Errorf("the key is remembered for %s", ttl)
	}
}

func TestTheSameAddressOrNumberIsOnePerson(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.admit(t, ann("one"))
	byAddress := ann("two")
	byAddress.Email, byAddress.Phone, byAddress.Message = "ANN.CANARY@example.com", "", "two"
	byNumber := ann("three")
	byNumber.Email, byNumber.Message = "", "three"
	other := ann("four")
	other.Email, other.Phone = "bob@example.com", ""
	for _, s := range []contact.Submission{byAddress, byNumber} {
		if a := w.admit(t, s); a.Contact != first.Contact {
			t.Errorf("submission %s went to another person", s.ID)
		}
	}
	if a := w.admit(t, other); a.Contact == first.Contact {
		t.Error("another address went to the same person")
	}
}

func TestManyAtOnceMakeOnePersonAndLoseNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var all sync.WaitGroup
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		all.Go(func() {
			s := ann(id)
			s.Message = contact.Private(id)
			if _, err := w.Admit(context.Background(), s, once(s), planOf("confirmation")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s := ann("last")
	s.Message = "last"
	a := w.admit(t, s)
	p, err := w.Person(t.Context(), a.Contact)
	if err != nil || len(p.Submissions) != 9 || len(p.Messages) != 8 {
		t.Errorf("%d submissions and %d messages, %v", len(p.Submissions), len(p.Messages), err)
	}
}

func TestOfTwoClaimsOneWins(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.admit(t, ann("one"), "confirmation").Contact
	first, second := w.message(t, id, "1.confirmation"), w.message(t, id, "1.confirmation")
	if _, err := w.Claim(t.Context(), first, "a", time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Claim(t.Context(), second, "b", time.Now()); !errors.Is(err, ledger.ErrRace) {
		t.Errorf("two workers hold one message: %v", err)
	}
	row, _ := first.Row.To(ledger.Sent, "", noon)
	if err := w.Settle(t.Context(), first, row); err != nil {
		t.Fatal(err)
	}
	if err := w.Settle(t.Context(), first, row); err != nil {
		t.Errorf("asking again after a lost answer: %v", err)
	}
	if third := w.message(t, id, "1.confirmation"); third.Row.State != ledger.Sent {
		t.Errorf("state is %s", third.Row.State)
	} else if _, err := w.Claim(t.Context(), third, "c", time.Now()); !errors.Is(err, ledger.ErrTransition) {
		t.Errorf("a sent message was claimed: %v", err)
	}
}

func TestAClaimSurvivesARestartOfRedisWithoutScripts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.admit(t, ann("one"), "confirmation").Contact
	m := w.message(t, id, "1.confirmation")
	if err := w.redis.ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Claim(t.Context(), m, "a", time.Now()); err != nil {
		t.Error(err)
	}
}

func TestWhatChangesAfterLoadingIsSeenByTheClaim(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.admit(t, ann("one"), "followup-1", "followup-2").Contact
	m := w.message(t, id, "1.followup-1")
	if err := w.Suppress(t.Context(), id, 1, contact.ViaEmail, gate.Unsubscribed, "recipient"); err != nil {
		t.Fatal(err)
	}
	// The row was cancelled meanwhile, so the claim itself fails.
	if _, err := w.Claim(t.Context(), m, "a", time.Now()); !errors.Is(err, ledger.ErrRace) {
		t.Errorf("claimed what was cancelled: %v", err)
	}
	other := ann("two")
	other.Message, other.Phone = "again", ""
	w.admit(t, other, "followup-1")
	m = w.message(t, id, "2.followup-1")
	if err := w.Stop(t.Context(), id, 1, gate.ReasonBooked, ledger.Event{By: "staff"}); err != nil {
		t.Fatal(err)
	}
	moment, err := w.Claim(t.Context(), m, "b", time.Now())
	if err != nil || moment.Suppressed != gate.Unsubscribed || m.Stopped != "" {
		t.Errorf("suppressed %q, stopped %q, %v: the block is by address, the stop by submission", moment.Suppressed, m.Stopped, err)
	}
	m2 := w.message(t, id, "1.followup-2")
	if m2.Row.State != ledger.Cancelled || m2.Row.By != "recipient" || m2.Stopped != gate.ReasonBooked {
		t.Errorf("follow-up 2 is %+v, stopped %q", m2.Row, m2.Stopped)
	}
}

func TestAWeakerBlockNeverReplacesAStrongerOne(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.admit(t, ann("one"), "confirmation").Contact
	for _, why := range []gate.Suppression{gate.Unsubscribed, gate.Dead, gate.Unsubscribed} {
		if err := w.Suppress(t.Context(), id, 1, contact.ViaEmail, why, "x"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := w.Claim(t.Context(), w.message(t, id, "1.confirmation"), "a", time.Now())
	if err != nil || got.Suppressed != gate.Dead {
		t.Errorf("got %q, %v", got.Suppressed, err)
	}
	events, err := w.Timeline(t.Context(), id)
	if err != nil || len(events) != 2 {
		t.Errorf("%d events, %v: twice is once", len(events), err)
	}
}

func TestReadingAnOldSubmissionLeavesTheNewOneUnread(t *testing.T) {
	t.Parallel()
	w := setup(t)
	unread := func(p *ledger.Person) ledger.Plan { return ledger.Plan{Unread: true} }
	for i, id := range []string{"one", "two"} {
		s := ann(id)
		s.Message = contact.Private(id)
		a, err := w.Admit(t.Context(), s, once(s), unread)
		if err != nil || a.N != i+1 {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	s := ann("one")
	s.Message = "one"
	a := w.admit(t, s)
	if err := w.MarkRead(t.Context(), a.Contact, 1, "staff"); err != nil {
		t.Fatal(err)
	}
	if p, _ := w.Person(t.Context(), a.Contact); p.Unread != 2 {
		t.Errorf("unread is %d after reading the first of two", p.Unread)
	}
	if err := w.MarkRead(t.Context(), a.Contact, 2, "staff"); err != nil {
		t.Fatal(err)
	}
	if p, _ := w.Person(t.Context(), a.Contact); p.Unread != 0 {
		t.Errorf("unread is %d after reading both", p.Unread)
	}
	if err := w.MarkRead(t.Context(), "nobody", 1, "staff"); !errors.Is(err, ledger.ErrNone) {
		t.Errorf("nobody was marked as read: %v", err)
	}
}

func TestNothingOfThePersonStandsInRedis(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.admit(t, ann("one"), "confirmation", "followup-1").Contact
	_ = w.Suppress(t.Context(), id, 1, contact.ViaEmail, gate.Unsubscribed, "recipient")
	dump := Dump(t, w.redis)
	for _, canary := range []string{"anary", "3035550142", "192.0.2.77", "example.com"} {
		if strings.Contains(dump, canary) {
			t.Errorf("%q stands in Redis", canary)
		}
	}
}

// Dump gives every key with its value.
func Dump(t *testing.T, rdb redis.UniversalClient) string {
	t.Helper()
	var all strings.Builder
	keys := rdb.Scan(t.Context(), 0, "*", 1000).Iterator()
	for keys.Next(t.Context()) {
		all.WriteString(keys.Val() + "\n")
		switch rdb.Type(t.Context(), keys.Val()).Val() {
		case "string":
			all.WriteString(rdb.Get(t.Context(), keys.Val()).Val())
		case "hash":
			for f, v := range rdb.HGetAll(t.Context(), keys.Val()).Val() {
				all.WriteString(f + "=" + v + "\n")
			}
		case "list":
			all.WriteString(strings.Join(rdb.LRange(t.Context(), keys.Val(), 0, -1).Val(), "\n"))
		case "zset":
			all.WriteString(strings.Join(rdb.ZRange(t.Context(), keys.Val(), 0, -1).Val(), "\n"))
		case "set":
			all.WriteString(strings.Join(rdb.SMembers(t.Context(), keys.Val()).Val(), "\n"))
		}
	}
	if keys.Err() != nil {
		t.Fatal(keys.Err())
	}
	return all.String()
}

func FuzzParseMessageID(f *testing.F) {
	f.Add("abc.1.followup-2.email")
	f.Fuzz(func(t *testing.T, s string) {
		id, entry, via, err := ledger.ParseMessageID(s)
		if err != nil {
			return
		}
		if got := string(id) + "." + entry.String() + "." + string(via); got != s && !strings.Contains(s, ".0") && !strings.Contains(s, ".+") {
			t.Fatalf("%q became %q", s, got)
		}
	})
}

func TestOneRecordThatDoesNotOpenStandsInNobodysWay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.admit(t, ann("one"), "confirmation").Contact
	if err := w.redis.HSet(t.Context(), "f:{"+string(id)+"}", "s/1", "sealed with a key that is gone").Err(); err != nil {
		t.Fatal(err)
	}
	s := ann("two")
	s.Message = "I wrote again"
	if a := w.admit(t, s, "confirmation"); a.Contact != id || a.N != 2 {
		t.Errorf("%+v", a)
	}
}

func TestANumberOfTwoPeopleRunsOneSequence(t *testing.T) {
	t.Parallel()
	w := setup(t)
	byMail, byNumber, both := ann("one"), ann("two"), ann("three")
	byMail.Phone, byNumber.Email, both.Message = "", "", "both"
	first := w.admit(t, byMail)
	second := w.admit(t, byNumber, "followup-1")
	if first.Contact == second.Contact {
		t.Fatal("two people are one")
	}
	if _, err := w.Admit(t.Context(), both, once(both), func(p *ledger.Person) ledger.Plan {
		if p.ID != first.Contact || !p.Running() {
			t.Error("the sequence to the same number is not seen")
		}
		return ledger.Plan{}
	}); err != nil {
		t.Fatal(err)
	}
}

// Whoever blocked it died before the timeline had it, and is asked again.
func TestABlockThatStandsGetsOntoTheTimelineOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	a := w.admit(t, ann("one"), "confirmation")
	block := func() {
		t.Helper()
		if err := w.Block(t.Context(), contact.ViaSMS, string(ann("").Phone), gate.OptedOut, "provider", "21610"); err != nil {
			t.Fatal(err)
		}
	}
	told := func() (n int) {
		events, err := w.Timeline(t.Context(), a.Contact)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.What == string(gate.OptedOut) {
				n++
			}
		}
		return n
	}
	block()
	w.redis.Del(t.Context(), "f:{"+string(a.Contact)+"}:log")
	for range 2 {
		if block(); told() != 1 {
			t.Errorf("told %d times", told())
		}
	}
	if _, err := w.Lift(t.Context(), contact.ViaSMS, string(ann("").Phone), "rosa", "asked for it by phone"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if block(); told() != 2 {
			t.Errorf("blocked once more, told %d times", told())
		}
	}
}

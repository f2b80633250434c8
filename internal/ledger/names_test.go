package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
)

// setupQuick is setup over a Redis that waits for no disk.
func setupQuick(t *testing.T) world {
	t.Helper()
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	server := redistest.Start(t, "--appendfsync", "no")
	return world{ledger.New(server.Client(), keys, func() time.Time { return noon }), server.Client(), server, keys}
}

func setupCluster(t *testing.T) world {
	t.Helper()
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	server, rdb := redistest.StartCluster(t)
	return world{ledger.New(rdb, keys, func() time.Time { return noon }), rdb, server, keys}
}

// person admits somebody of that name.
func (w world) person(t testing.TB, name string, unread bool) ledger.Admitted {
	t.Helper()
	s := ann("of " + name)
	s.Name, s.Phone = contact.Private(name), ""
	s.Email = contact.Email(fmt.Sprintf("%x@example.com", name))
	a, err := w.Admit(context.Background(), s, ledger.Once{}, func(*ledger.Person) ledger.Plan {
		return ledger.Plan{Unread: unread, Steps: []ledger.Step{{Template: "confirmation", Via: contact.ViaEmail, Due: noon}}}
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// named gives the ids of those who are found, in alphabetical order.
func (w world) named(t testing.TB, typed string) []contact.ID {
	t.Helper()
	people, total, err := w.ByName(context.Background(), contact.Words(contact.Private(typed)), 100)
	if err != nil {
		t.Fatal(err)
	}
	var ids []contact.ID
	for _, p := range people {
		ids = append(ids, p.ID)
	}
	if total != len(ids) {
		t.Errorf("%d are found, %d counted", len(ids), total)
	}
	slices.Sort(ids)
	return ids
}

func TestAPersonIsFoundByTheWordsOfTheNameHoweverWritten(t *testing.T) {
	t.Parallel()
	w := setup(t)
	jose := w.person(t, "José María Núñez-O’Brien", false).Contact
	w.person(t, "Josefine Marian", false)
	for typed, found := range map[string]bool{
		"jose": true, "JOSÉ": true, "nunez jose": true, "Núñez": true, "o'brien": true, "OBRIEN maria": true, "María José": true,
		"jos": false, "josé smith": false, "brien": false, "": false, "-": false,
	} {
		want := []contact.ID(nil)
		if found {
			want = []contact.ID{jose}
		}
		if got := w.named(t, typed); !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", typed, got, want)
		}
	}
}

func TestHowManyAreFoundIsToldWhereFewAreListed(t *testing.T) {
	t.Parallel()
	w := setupQuick(t)
	for _, name := range []string{"Ann Lee", "Ann Ng", "Ann Lee Ng", "Bob Lee"} {
		w.person(t, name, false)
	}
	for typed, want := range map[string]int{"ann": 3, "ann lee": 2, "lee ng": 1, "bob ng": 0} {
		people, total, err := w.ByName(t.Context(), contact.Words(contact.Private(typed)), 1)
		if err != nil || total != want || len(people) != min(want, 1) {
			t.Errorf("%q lists %d of %d, want 1 of %d, %v", typed, len(people), total, want, err)
		}
	}
}

func TestWhoIsFoundIsWhoseNameHasTheWords(t *testing.T) {
	t.Parallel()
	w := setupQuick(t)
	words := []string{"ann", "Ann", "Lee", "lee", "María", "maria", "O'Hara", "Ng"}
	name := rapid.SliceOfN(rapid.SampledFrom(words), 0, 3)
	have := map[contact.ID][]string{}
	rapid.Check(t, func(t *rapid.T) {
		parts := name.Draw(t, "name")
		full := strings.Join(parts, " ")
		s := ann(fmt.Sprintf("%d", len(have)))
		s.Name, s.Phone, s.Email = contact.Private(full), "", contact.Email(fmt.Sprintf("%d@example.com", len(have)))
		a, err := w.Admit(context.Background(), s, ledger.Once{}, planOf())
		if err != nil {
			t.Fatal(err)
		}
		have[a.Contact] = append(have[a.Contact], contact.Words(contact.Private(full))...)
		asked := contact.Words(contact.Private(strings.Join(name.Draw(t, "asked"), " ")))
		people, total, err := w.ByName(context.Background(), asked, 1000)
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, words := range have {
			all := len(asked) > 0
			for _, word := range asked {
				all = all && slices.Contains(words, word)
			}
			if all {
				want++
			}
		}
		if len(people) != want || total != want {
			t.Fatalf("%v finds %d, counts %d, want %d", asked, len(people), total, want)
		}
	})
}

func TestAnItemLeadsToItsPerson(t *testing.T) {
	t.Parallel()
	w := setup(t)
	a := w.person(t, "Ann Lee", false)
	w.person(t, "Bob", false)
	item := w.keys.Short(ledger.ItemOf(a.Contact, 1))
	people, err := w.ByItem(t.Context(), item)
	if err != nil || len(people) != 1 || people[0].ID != a.Contact {
		t.Errorf("%s leads to %v, %v", item, people, err)
	}
	if people, err := w.ByItem(t.Context(), "0000"); err != nil || len(people) != 0 {
		t.Errorf("no item leads to %v, %v", people, err)
	}
}

// The records of a word lie in a long list among others, and one may be there
// twice; whoever came last is found first.
func TestTheLastComeIsFoundFirstHoweverLongTheList(t *testing.T) {
	t.Parallel()
	w := setupQuick(t)
	var want []contact.ID
	for _, name := range []string{"Ann One", "Ann Two", "Ann Three"} {
		want = append([]contact.ID{w.person(t, name, false).Contact}, want...)
	}
	second := made("more", 0, contact.Email(fmt.Sprintf("%x@example.com", "Ann One")), "")
	if a := w.admit(t, second); a.Contact != want[2] || a.N != 2 {
		t.Fatalf("%+v", a)
	}
	item := w.keys.Short(ledger.ItemOf(want[2], 2))
	for _, key := range w.redis.Keys(t.Context(), "f:word:*").Val() {
		var others []any
		for i := range 4100 { // more than a page
			others = append(others, fmt.Sprintf("%013d", i))
		}
		w.redis.RPush(t.Context(), key, w.redis.LRange(t.Context(), key, 0, -1).Val())
		w.redis.LPush(t.Context(), key, others...)
	}
	people, total, err := w.ByName(t.Context(), []string{"ann"}, 9)
	var got []contact.ID
	for _, p := range people {
		got = append(got, p.ID)
	}
	if err != nil || total != 3 || !slices.Equal(got, want) {
		t.Errorf("found %v of %d, want %v, %v", got, total, want, err)
	}
	if people, err := w.ByItem(t.Context(), item); err != nil || len(people) != 1 || people[0].ID != want[2] {
		t.Errorf("the second form leads to %v, %v", people, err)
	}
}

func TestTheIndexOfWordsShowsNobody(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.person(t, "Ann Canary", false)
	for key := range w.dump(t) {
		if strings.Contains(strings.ToLower(key), "canary") {
			t.Errorf("%s names the person", key)
		}
	}
	lists := 0
	for _, key := range w.redis.Keys(t.Context(), "f:word:*").Val() {
		for _, record := range w.redis.LRange(t.Context(), key, 0, -1).Val() {
			lists++
			if len(record) != 13 || strings.Contains(strings.ToLower(record), "ann") {
				t.Errorf("a record of %d bytes", len(record))
			}
		}
	}
	if lists != 3 {
		t.Errorf("%d records: want two words and the item", lists)
	}
}

// dump reads every key with its type.
func (w world) dump(t *testing.T) map[string]string {
	t.Helper()
	keys := map[string]string{}
	for _, key := range w.redis.Keys(t.Context(), "*").Val() {
		keys[key] = w.redis.Type(t.Context(), key).Val()
	}
	return keys
}

// lose takes every list away.
func (w world) lose(t *testing.T) {
	t.Helper()
	for key := range w.dump(t) {
		if strings.HasPrefix(key, "f:word:") || strings.HasPrefix(key, "f:tray:") || key == "f:due" || key == "f:listed" {
			w.redis.Del(t.Context(), key)
		}
	}
}

func TestAWalkMeetsEverybodyAndListsWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		setup func(*testing.T) world
	}{{"one Redis", setupQuick}, {"a cluster", setupCluster}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := c.setup(t)
			const many = 400 // more than a page of keys
			var first ledger.Admitted
			for i := range many {
				if a := w.person(t, fmt.Sprintf("Ann Number%d", i), true); i == 0 {
					first = a
				}
			}
			if _, _, err := w.Replied(t.Context(), first.Contact, ledger.Reply{SID: "SM1", Text: "words"}); err != nil {
				t.Fatal(err)
			}
			before := w.lists(t)
			w.lose(t)
			if got := w.named(t, "number7"); len(got) != 0 {
				t.Fatalf("found %v without an index", got)
			}
			for range 2 { // twice is once
				met := map[contact.ID]bool{}
				for from := ""; ; {
					ids, next, err := w.Walk(t.Context(), from)
					if err != nil {
						t.Fatal(err)
					}
					for _, id := range ids {
						p, err := w.Person(t.Context(), id)
						if err == nil {
							err = w.List(t.Context(), p)
						}
						if err != nil {
							t.Fatal(err)
						}
						met[id] = true
					}
					if from = next; from == "" {
						break
					}
				}
				if len(met) != many {
					t.Errorf("met %d of %d", len(met), many)
				}
			}
			if after := w.lists(t); after != before {
				t.Errorf("the lists held %s, and now %s", before, after)
			}
			if got := w.named(t, "number7"); len(got) != 1 {
				t.Errorf("found %v", got)
			}
			p, err := w.Person(t.Context(), first.Contact)
			if err == nil {
				err = w.Unlist(t.Context(), p)
			}
			if got := w.named(t, "number0"); err != nil || len(got) != 0 {
				t.Errorf("unlisted, and found %v, %v", got, err)
			}
			if n, err := w.InTray(t.Context(), ledger.TrayNew, time.Time{}); err != nil || n != many-1 {
				t.Errorf("%d are new, %v", n, err)
			}
		})
	}
}

// lists says how much every list holds.
func (w world) lists(t *testing.T) string {
	t.Helper()
	words, due := int64(0), w.redis.ZCard(t.Context(), "f:due").Val()
	for _, c := range "abcdefghijklmnopqrstuvwxyz234567" {
		words += w.redis.LLen(t.Context(), "f:word:"+string(c)).Val()
	}
	trays := map[ledger.Tray]int64{}
	for _, tray := range []ledger.Tray{ledger.TrayNew, ledger.TrayReplied, ledger.TrayCall, ledger.TrayFailed} {
		n, err := w.InTray(t.Context(), tray, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		trays[tray] = n
	}
	return fmt.Sprint(words, due, trays)
}

func TestATrayHoldsWhatWaitsAndNothingElse(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	a := w.person(t, "Ann", true)
	count := func(tray ledger.Tray, want int64, when string) {
		t.Helper()
		if n, err := w.InTray(ctx, tray, time.Time{}); err != nil || n != want {
			t.Errorf("%s: %d in %s, want %d, %v", when, n, tray, want, err)
		}
	}
	count(ledger.TrayNew, 1, "written")
	if n, _ := w.InTray(ctx, ledger.TrayNew, noon); n != 0 {
		t.Errorf("%d waited before it came", n)
	}
	slips, err := w.Tray(ctx, ledger.TrayNew, 10)
	if err != nil || len(slips) != 1 || slips[0].Contact != a.Contact || slips[0].N != 1 || !slips[0].Since.Equal(noon) {
		t.Errorf("in the tray: %+v, %v", slips, err)
	}
	k, _, err := w.Replied(ctx, a.Contact, ledger.Reply{SID: "SM1"})
	if err != nil {
		t.Fatal(err)
	}
	count(ledger.TrayReplied, 1, "replied")
	for range 2 {
		if err := w.MarkRead(ctx, a.Contact, 1, "staff"); err != nil {
			t.Fatal(err)
		}
		if err := w.MarkHeard(ctx, a.Contact, k, "staff"); err != nil {
			t.Fatal(err)
		}
	}
	count(ledger.TrayNew, 0, "read")
	count(ledger.TrayReplied, 0, "heard")
	p := w.message(t, a.Contact, "1.confirmation")
	row, err := p.Row.To(ledger.NotSent, gate.ReasonRefused, noon)
	if err == nil {
		err = w.Settle(ctx, p, row)
	}
	if err != nil {
		t.Fatal(err)
	}
	count(ledger.TrayFailed, 1, "refused")
	slips, _ = w.Tray(ctx, ledger.TrayFailed, 10)
	if e, v, ok := slips[0].Entry(); !ok || e.String() != "1.confirmation" || v != contact.ViaEmail || slips[0].N != 1 {
		t.Errorf("failed: %+v", slips[0])
	}
	if err := w.Clear(ctx, ledger.TrayFailed, noon.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	count(ledger.TrayFailed, 0, "cleared")
}

func TestWhoCannotBeReachedOrIsNotAnsweredIsCalled(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	a := w.person(t, "Ann", false)
	call := func() ledger.Call {
		t.Helper()
		p, err := w.Person(ctx, a.Contact)
		if err != nil {
			t.Fatal(err)
		}
		c, _, err := w.CallFor(ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := call(); c.Why != ledger.Unanswered || !c.Since.Equal(noon.Add(72*time.Hour)) {
		t.Errorf("with a good address: %+v", c)
	}
	p, _ := w.Person(ctx, a.Contact)
	if err := w.Block(ctx, contact.ViaEmail, string(p.Submissions[0].Email), gate.Unsubscribed, "test", ""); err != nil {
		t.Fatal(err)
	}
	if c := call(); c.Why != ledger.Unanswered {
		t.Errorf("unsubscribed from follow-ups: %+v", c)
	}
	if err := w.Block(ctx, contact.ViaEmail, string(p.Submissions[0].Email), gate.Dead, "test", ""); err != nil {
		t.Fatal(err)
	}
	if c := call(); c.Why != ledger.Unreachable || !c.Since.Equal(noon) {
		t.Errorf("bounced, and no number for texts: %+v", c)
	}
	if err := w.Stop(ctx, a.Contact, 1, gate.ReasonBooked, ledger.Event{By: "staff"}); err != nil {
		t.Fatal(err)
	}
	if c := call(); c.Why != "" {
		t.Errorf("booked: %+v", c)
	}
}

package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/seal"
)

const annsNumber = "+13035550142"

// texts plans one text to each of n people who share a number.
func (w *world) texts(t *testing.T, n int, template string) []ledger.Planned {
	t.Helper()
	var all []ledger.Planned
	for i := range n {
		s := contact.Submission{
			ID: fmt.Sprintf("of-%s-%d", template, i), At: w.Worker.now(), Email: contact.Email(fmt.Sprintf("member%d.canary@example.com", i)), Phone: annsNumber,
			Language: contact.English, Zone: "America/Denver", Consent: contact.Consent{SMS: true},
		}
		a, err := w.Ledger.Admit(t.Context(), s, ledger.Once{}, func(*ledger.Person) ledger.Plan {
			return ledger.Plan{Steps: []ledger.Step{{Template: template, Via: contact.ViaSMS, Due: s.At}}}
		})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a.Steps...)
	}
	return all
}

func (w *world) reread(t *testing.T, m ledger.Planned) ledger.Row {
	t.Helper()
	p, err := w.Ledger.Message(t.Context(), m.Contact, m.Entry, m.Via)
	if err != nil {
		t.Fatal(err)
	}
	return p.Row
}

// places counts how many texts to the number count.
func (w *world) places(t *testing.T) int {
	t.Helper()
	keys := w.redis.Keys(t.Context(), "f:texts:*").Val()
	if len(keys) == 0 {
		return 0
	}
	return strings.Count(w.redis.Get(t.Context(), keys[0]).Val(), "\n") + 1
}

func TestOfManyTextsToOneNumberOneADayGoesHoweverManyWorkersRace(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var block sync.WaitGroup
	block.Add(20)
	w.Ledger = ledger.New(w.hooked(t, hook{pipeline: func(ctx context.Context, c []redis.Cmder, next redis.ProcessPipelineHook) error {
		err := next(ctx, c)
		if c[0].Err() == nil && c[len(c)-1].Name() == "exists" { // every one has claimed, and read an empty list, before the first reserves
			block.Done()
			block.Wait()
		}
		return err
	}}), w.Sealer.(*seal.Keys), w.Alarm.Plan.Now)
	all := w.texts(t, 20, confirmation)
	var racing sync.WaitGroup
	for _, m := range all {
		racing.Go(func() {
			if err := w.ring(t, &m); err != nil {
				t.Error(err)
			}
		})
	}
	racing.Wait()
	sent, tomorrow := 0, tuesday.AddDate(0, 0, 1).Add(-time.Hour).Unix()
	for _, m := range all {
		switch r := w.reread(t, m); {
		case r.State == ledger.Sent:
			sent++
		case r.State != ledger.Held || r.Why != gate.ReasonCap || r.Due != tomorrow || r.Tries != 0:
			t.Errorf("it is %+v, and not held until %d", r, tomorrow)
		}
	}
	if sent != 1 || len(w.sent) != 1 || w.places(t) != 1 {
		t.Errorf("%d sent, %d at the provider, %d places", sent, len(w.sent), w.places(t))
	}
}

func TestThreeADayApartAWeekAndThenTheNextWeek(t *testing.T) {
	t.Parallel()
	w := setup(t)
	all := w.texts(t, 5, ledger.FollowUp(1))
	days := map[string]int{}
	for day := range 9 { // from Tuesday 24 November; Thursday is Thanksgiving
		w.at(tuesday.AddDate(0, 0, day))
		for _, m := range all {
			if r := w.reread(t, m); r.State.Pending() && !unix(r.Due).After(w.Worker.now()) {
				before := len(w.sent)
				if err := w.ring(t, &m); err != nil {
					t.Fatal(err)
				}
				days[w.Worker.now().Format("Mon 2")] += len(w.sent) - before
			}
		}
	}
	// Due on Tuesday, a follow-up lives for a week: the last has become too late.
	if got := fmt.Sprint(days["Tue 24"], days["Wed 25"], days["Fri 27"], days["Sat 28"], days["Tue 1"], days["Wed 2"]); got != "1 1 1 0 1 0" {
		t.Errorf("Tuesday to Wednesday of the next week: %s (%v)", got, days)
	}
	if r := w.reread(t, all[4]); r.State != ledger.NotSent || r.Why != gate.ReasonCap {
		t.Errorf("the fifth is %+v", r)
	}
}

func TestWhatTheProviderDidNotTakeGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	for state, want := range map[channel.State]int{
		channel.NotSent: 0, channel.Throttled: 0, channel.Refused: 0, channel.Unknown: 1, channel.Accepted: 1,
	} {
		t.Run(state.String(), func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			m := w.texts(t, 1, confirmation)[0]
			w.answer = func(channel.Message) channel.Outcome {
				if got := w.places(t); got != 1 {
					t.Errorf("%d places while the provider was asked", got)
				}
				return channel.Outcome{State: state}
			}
			if err := w.ring(t, &m); err != nil {
				t.Fatal(err)
			}
			if got := w.places(t); got != want {
				t.Errorf("%d places", got)
			}
		})
	}
}

func TestAMessageTriedAgainKeepsItsOnePlace(t *testing.T) {
	t.Parallel()
	w := setup(t)
	all := w.texts(t, 2, confirmation)
	away := true
	w.Ledger = ledger.New(w.hooked(t, hook{process: func(ctx context.Context, c redis.Cmder, next redis.ProcessHook) error {
		if len(w.sent) > 0 && away && strings.HasPrefix(c.Name(), "eval") && strings.Contains(fmt.Sprint(c.Args()...), "f:texts:") {
			return errors.New("redis went away") // the place is not given back
		}
		return next(ctx, c)
	}}), w.Sealer.(*seal.Keys), w.Alarm.Plan.Now)
	w.answer = func(channel.Message) channel.Outcome { return channel.Outcome{State: channel.NotSent} }
	if err := w.ring(t, &all[0]); err != nil {
		t.Fatal(err)
	}
	away = false
	if w.places(t) != 1 {
		t.Fatalf("%d places", w.places(t))
	}
	w.answer = nil
	w.at(tuesday.Add(2 * time.Minute))
	if err := errors.Join(w.ring(t, &all[0]), w.ring(t, &all[1])); err != nil {
		t.Fatal(err)
	}
	first, second := w.reread(t, all[0]), w.reread(t, all[1])
	if first.State != ledger.Sent || second.State != ledger.Held || w.places(t) != 1 {
		t.Errorf("the first is %+v, the second %+v, %d places", first, second, w.places(t))
	}
}

// A worker that died between its place and the provider may have sent.
func TestADeadWorkersPlaceCounts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	all := w.texts(t, 2, confirmation)
	p, err := w.Ledger.Message(t.Context(), all[0].Contact, all[0].Entry, contact.ViaSMS)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Ledger.Claim(t.Context(), p, "dead", time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Ledger.Reserve(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.ring(t, &all[0]), w.ring(t, &all[1])); err != nil {
		t.Fatal(err)
	}
	first, second := w.reread(t, all[0]), w.reread(t, all[1])
	if first.State != ledger.Unknown || second.Why != gate.ReasonCap || len(w.sent) != 0 {
		t.Errorf("the dead one's is %+v, the other's %+v", first, second)
	}
}

func TestAReminderGoesAndFollowUpsGiveWay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, m := range append(w.texts(t, 3, "reminder"), w.texts(t, 1, ledger.FollowUp(1))...) {
		if err := w.ring(t, &m); err != nil {
			t.Fatal(err)
		}
		if r := w.reread(t, m); (r.State == ledger.Sent) != (m.Entry.Template == "reminder") {
			t.Errorf("%s is %+v", m.Entry, r)
		}
	}
	if w.places(t) != 3 {
		t.Errorf("%d places", w.places(t))
	}
}

func TestAListThatCannotBeReadHolds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	all := w.texts(t, 2, confirmation)
	if err := w.ring(t, &all[0]); err != nil {
		t.Fatal(err)
	}
	w.redis.Set(t.Context(), w.redis.Keys(t.Context(), "f:texts:*").Val()[0], "broken", 0)
	if err := w.ring(t, &all[1]); err != nil {
		t.Fatal(err)
	}
	if r := w.reread(t, all[1]); r.State != ledger.Held || r.Why != gate.ReasonUnreadable || len(w.sent) != 1 {
		t.Errorf("it is %+v", r)
	}
}

func TestWhereTextsComeSecondOnlyANumberThatHasTextedInGetsOne(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.TextFirst = true
	all := w.texts(t, 2, confirmation)
	if err := w.ring(t, &all[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Ledger.Hear(t.Context(), ledger.Inbound{From: annsNumber, SID: "SM1", Text: "hello"}); err != nil {
		t.Fatal(err)
	}
	if err := w.ring(t, &all[1]); err != nil {
		t.Fatal(err)
	}
	first, second := w.reread(t, all[0]), w.reread(t, all[1])
	if first.State != ledger.NotSent || first.Why != gate.ReasonSilent || second.State != ledger.Sent {
		t.Errorf("before their text %+v, after it %+v", first, second)
	}
}

func TestOfTextsThatWentNothingStandsInTheClear(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.submit(t, ann())
	w.ringAll(t)
	key := w.redis.Keys(t.Context(), "f:texts:*").Val()
	if len(key) != 1 || strings.Contains(key[0]+w.redis.Get(t.Context(), key[0]).Val(), "5550142") {
		t.Errorf("%v", key)
	}
}

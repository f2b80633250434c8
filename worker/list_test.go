package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/list"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/tasks"
)

const listWait = 10 * time.Minute

// numbers has a telephone for everybody.
var numbers atomic.Int64

// listed makes n people who agreed to everything, and the list of them.
func (w *world) listed(t *testing.T, name string, n int) *list.List {
	t.Helper()
	w.desk.ListWait = listWait
	l := &list.List{}
	for i := range n {
		email := contact.Email(fmt.Sprintf("%s%d.canary@example.com", name, i))
		s := contact.Submission{
			ID: seal.NewID(), At: w.Worker.now(), Name: "Ann Canary", Email: email, Phone: contact.Phone(fmt.Sprintf("+1303%d", 2_220_000+numbers.Add(1))), Language: contact.English, Zone: "America/Denver",
			Consent: contact.Consent{Email: true, SMS: i%2 == 0},
		}
		if _, err := w.Ledger.Admit(t.Context(), s, ledger.Once{}, func(*ledger.Person) ledger.Plan { return ledger.Plan{} }); err != nil {
			t.Fatal(err)
		}
		l.Rows = append(l.Rows, list.Row{Line: i + 2, Emails: []contact.Email{email}})
	}
	return l
}

// send checks and sends a list.
func (w *world) send(t *testing.T, l *list.List, a desk.ListAsk) *ledger.Batch {
	t.Helper()
	if a.Template == "" {
		a.Template = "reminder"
	}
	s, err := w.desk.CheckList(t.Context(), l, a)
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.desk.SendList(t.Context(), s, rosa, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rows are the messages of a list's people, that it or nothing sent.
func (w *world) rows(t *testing.T, l *list.List) (all []ledger.Planned) {
	t.Helper()
	for _, r := range l.Rows {
		id, err := w.Ledger.Find(t.Context(), contact.ViaEmail, string(r.Emails[0]))
		if err != nil {
			t.Fatal(err)
		}
		p, err := w.Ledger.Person(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p.Messages...)
	}
	return all
}

// ringThose rings for messages, whether they are due or not.
func (w *world) ringThose(t *testing.T, all []ledger.Planned) {
	t.Helper()
	for _, m := range all {
		_, waits := errors.AsType[*busy](w.deliver(t.Context(), m.Via, tasks.Message{Contact: string(m.Contact), Entry: m.Entry.String()}))
		_ = waits // another holds it
	}
}

// reached are the people to whom something was handed.
func (w *world) reached() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	people := map[string]int{}
	for _, m := range w.sent {
		people[m.Contact]++
	}
	return people
}

func (w *world) forget() { w.mu.Lock(); w.sent = nil; w.mu.Unlock() }

// However far a list has come and whatever rings while it is aborted: what the
// abort says had gone is what the providers saw, the rest is stopped, and
// nothing goes once it has returned.
func TestAnAbortLeavesExactlyWhatHadGoneAndTheRestStopped(t *testing.T) {
	t.Parallel()
	w := setup(t)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		w.at(tuesday)
		w.forget()
		n := rapid.IntRange(1, 8).Draw(rt, "rows")
		l := w.listed(t, fmt.Sprintf("r%d-", round), n)
		b := w.send(t, l, desk.ListAsk{})
		planned := w.rows(t, l)
		w.at(tuesday.Add(time.Duration(rapid.SampledFrom([]int{0, 9, 10, 11, 20, 21}).Draw(rt, "minutes")) * time.Minute))
		w.ringThose(t, planned[:rapid.IntRange(0, len(planned)).Draw(rt, "rung")])

		var returned, late atomic.Bool
		w.answer = func(channel.Message) channel.Outcome {
			late.Store(late.Load() || returned.Load())
			return channel.Outcome{State: channel.Accepted, ID: "x"}
		}
		var meanwhile sync.WaitGroup
		for i := range rapid.IntRange(0, 3).Draw(rt, "workers") {
			meanwhile.Go(func() { w.ringThose(t, planned[min(i, len(planned)):]) })
		}
		tally, err := w.desk.Abort(t.Context(), b.ID, rosa)
		returned.Store(true)
		if err != nil {
			rt.Fatal(err)
		}
		gone := len(w.reached())
		meanwhile.Wait()
		w.forward(time.Hour)
		w.ringThose(t, planned)
		w.ringThose(t, planned)
		if late.Load() || len(w.reached()) != gone {
			rt.Fatalf("something went after the abort: %d people, then %d", gone, len(w.reached()))
		}
		if tally.Gone != gone || tally.Stopped != n-gone || tally.Rows != n || tally.Open != 0 {
			rt.Fatalf("%d of %d had gone, and the abort says %+v", gone, n, tally)
		}
		for _, m := range w.rows(t, l) {
			if m.Row.State.Pending() {
				rt.Fatalf("%s still waits", m.Entry)
			}
		}
		w.answer = nil
	})
}

func TestTheFirstThreeOfAListGoAloneAndTheRestAtItsPace(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listed(t, "ann", 8)
	b := w.send(t, l, desk.ListAsk{Pace: 60, Vias: []contact.Via{contact.ViaEmail}})
	start := tuesday.Add(listWait)
	if b.Start != start.Unix() {
		t.Errorf("it starts at %d", b.Start)
	}
	planned := w.rows(t, l)
	for _, step := range []struct {
		at   time.Duration
		want int
	}{
		{listWait - time.Second, 0}, {listWait, 3}, {2*listWait - time.Second, 3}, {2 * listWait, 4}, {2*listWait + time.Minute, 5},
		{2*listWait + 3*time.Minute, 7}, {2*listWait + 4*time.Minute, 8}, {2*listWait + time.Hour, 8},
	} {
		w.at(tuesday.Add(step.at))
		w.ringThose(t, planned)
		if got := len(w.reached()); got != step.want {
			t.Errorf("after %s %d were reached, want %d", step.at, got, step.want)
		}
	}
	v := &desk.View{Ledger: w.Ledger, Links: w.Links.(desk.Links), Zone: denver, Office: w.Clinic.Office, Windows: w.Windows, Now: w.Worker.now}
	if card, err := v.Batch(t.Context(), b.ID); err != nil || card.Stage != "done" || card.Tally.Gone != 8 || len(card.Lines) != 8 {
		t.Errorf("it is %+v, %v", card, err)
	}
	if tally, err := w.desk.Abort(t.Context(), b.ID, rosa); err != nil || tally.Gone != 8 || tally.Stopped != 0 {
		t.Errorf("aborted when all had gone: %+v, %v", tally, err)
	}
}

var errCut = errors.New("the process has died")

// A process that dies at any of its calls leaves nothing that goes; the same
// command once more plans every row once.
func TestPlanningThatDiedIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	keys, whole := w.Sealer.(*seal.Keys), w.desk.Ledger
	n, died := 5, 0
	for cut := 1; ; cut += 3 {
		w.at(tuesday)
		w.forget()
		l := w.listed(t, fmt.Sprintf("cut%d-", cut), n)
		s, err := w.desk.CheckList(t.Context(), l, desk.ListAsk{Template: "reminder"})
		if err != nil {
			t.Fatal(err)
		}
		var calls atomic.Int64
		dead := func() bool { return calls.Add(1) >= int64(cut) }
		w.desk.Ledger = ledger.New(w.hooked(t, hook{
			process: func(ctx context.Context, c redis.Cmder, next redis.ProcessHook) error {
				if dead() {
					return errCut
				}
				return next(ctx, c)
			},
			pipeline: func(ctx context.Context, c []redis.Cmder, next redis.ProcessPipelineHook) error {
				if dead() {
					for _, cmd := range c {
						cmd.SetErr(errCut)
					}
					return errCut
				}
				return next(ctx, c)
			},
		}), keys, w.Alarm.Plan.Now)
		b, err := w.desk.SendList(t.Context(), s, rosa, nil)
		w.desk.Ledger = whole
		if err == nil {
			if died < 5 {
				t.Errorf("it died %d times", died)
			}
			return // it was faster than the cut: every place has had its turn
		}
		died++
		if !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		if b != nil { // it may have died between the step and its answer
			if b, err = whole.Batch(t.Context(), b.ID); err != nil {
				t.Fatal(err)
			}
		}
		if b == nil || b.Stage == ledger.Planning {
			w.at(tuesday.Add(30 * time.Minute))
			w.ringThose(t, w.rows(t, l))
			if got := w.reached(); len(got) != 0 {
				t.Fatalf("cut at call %d, and %d were reached", cut, len(got))
			}
		}
		again := w.send(t, l, desk.ListAsk{})
		start := time.Unix(again.Start, 0)
		planned := w.rows(t, l)
		if want := n + (n+1)/2; len(planned) != want {
			t.Fatalf("cut at call %d: %d messages are planned, want %d", cut, len(planned), want)
		}
		w.at(start.Add(-time.Second))
		w.ringThose(t, planned)
		if got := w.reached(); len(got) != 0 {
			t.Fatalf("cut at call %d, and %d were reached before the start", cut, len(got))
		}
		w.at(start.Add(time.Hour))
		for range 2 {
			w.ringThose(t, planned)
		}
		if got := w.reached(); len(got) != n || got[string(planned[0].Contact)] != 2 {
			t.Fatalf("cut at call %d, and reached were %v", cut, got)
		}
		v := &desk.View{Ledger: w.Ledger, Links: w.Links.(desk.Links), Zone: denver, Office: w.Clinic.Office, Windows: w.Windows, Now: w.Worker.now}
		if card, err := v.Batch(t.Context(), again.ID); err != nil || card.Tally.Gone != n || card.Stage != "done" {
			t.Fatalf("cut at call %d, and the batch is %+v, %v", cut, card.Tally, err)
		}
	}
}

// A row that was written, and that the batch does not know of because its
// process died between the two, is stopped by the claim.
func TestAnAbortedListStopsWhatItDoesNotKnowOf(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listed(t, "ann", 3)
	b := w.send(t, l, desk.ListAsk{})
	planned := w.rows(t, l)
	w.redis.Del(t.Context(), "f:batch:{"+b.ID+"}:rows")
	if tally, err := w.desk.Abort(t.Context(), b.ID, rosa); err != nil || tally.Rows != 0 {
		t.Fatalf("%+v, %v", tally, err)
	}
	w.forward(time.Hour)
	w.ringThose(t, planned)
	if got := w.reached(); len(got) != 0 {
		t.Errorf("reached were %v", got)
	}
	for _, m := range w.rows(t, l) {
		if m.Row.State != ledger.NotSent || m.Row.Why != gate.ReasonWithdrawn {
			t.Errorf("%s is %s, %s", m.Entry, m.Row.State, m.Row.Why)
		}
	}
}

func TestARowOfAnAbortedListGoesWhenStaffSendItOnceMore(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listed(t, "ann", 1)
	b := w.send(t, l, desk.ListAsk{Vias: []contact.Via{contact.ViaEmail}})
	w.forward(listWait)
	w.answer = refused(channel.CauseOther, "550")
	w.ringThose(t, w.rows(t, l))
	w.answer = nil
	if _, err := w.desk.Abort(t.Context(), b.ID, rosa); err != nil {
		t.Fatal(err)
	}
	m := w.rows(t, l)[0]
	if _, err := w.desk.Retry(t.Context(), m.Contact, m.Entry, m.Via, rosa); err != nil {
		t.Fatal(err)
	}
	w.forward(2 * time.Minute)
	w.ringThose(t, w.rows(t, l))
	if r := w.reread(t, m); r.State != ledger.Sent || r.Batch != b.ID {
		t.Errorf("it is %+v", r)
	}
}

func TestOfAListOnlyWhoMayGetItGetsIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listed(t, "ann", 4)
	ids := make([]contact.ID, 4)
	for i, r := range l.Rows {
		var err error
		if ids[i], err = w.Ledger.Find(t.Context(), contact.ViaEmail, string(r.Emails[0])); err != nil {
			t.Fatal(err)
		}
	}
	block := func(i int) {
		if err := w.Ledger.Suppress(t.Context(), ids[i], 1, contact.ViaEmail, gate.Dead, "provider"); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 {
		block(i)
	}
	ask := desk.ListAsk{Template: "reminder", Vias: []contact.Via{contact.ViaEmail}}
	s, err := w.desk.CheckList(t.Context(), l, ask)
	if err != nil || len(s.Go) != 0 || len(s.Left) != 4 {
		t.Fatalf("%+v, %v", s, err)
	}
	if _, err := w.desk.SendList(t.Context(), s, rosa, nil); !wrong("list")(err) {
		t.Errorf("a list that leads to nobody: %v", err)
	}
	if n := len(w.rows(t, l)) + w.alarms(t); n != 0 {
		t.Errorf("and %d things were planned", n)
	}
	if _, err := w.desk.CheckList(t.Context(), &list.List{}, ask); err != nil {
		t.Errorf("an empty list: %v", err)
	}

	other := w.listed(t, "bea", 3)
	s, err = w.desk.CheckList(t.Context(), other, ask)
	if err != nil || len(s.Go) != 3 {
		t.Fatal(err)
	}
	id, err := w.Ledger.Find(t.Context(), contact.ViaEmail, string(other.Rows[1].Emails[0]))
	if err == nil {
		err = w.Ledger.Suppress(t.Context(), id, 1, contact.ViaEmail, gate.Dead, "provider")
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.desk.SendList(t.Context(), s, rosa, nil) // one has changed since the check
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Erase(t.Context(), s.Go[2].Contact, rosa); err != nil {
		t.Fatal(err)
	}
	for _, key := range w.redis.Keys(t.Context(), "f:batch*").Val() {
		if w.redis.Type(t.Context(), key).Val() == "zset" && strings.Contains(fmt.Sprint(w.redis.ZRange(t.Context(), key, 0, -1).Val()), string(s.Go[2].Contact)) {
			t.Errorf("%s still names somebody who was erased", key)
		}
	}
	w.forward(time.Hour)
	m := w.rowsOf(t, s.Go[0].Contact)
	w.redis.Rename(t.Context(), "f:batch:{"+b.ID+"}", "away")
	w.ringThose(t, m)
	if len(w.reached()) != 0 {
		t.Error("it went although nobody can tell what became of its list")
	}
	w.redis.Rename(t.Context(), "away", "f:batch:{"+b.ID+"}")
	w.forward(time.Hour)
	w.ringThose(t, m)
	if got := w.reached(); len(got) != 1 {
		t.Errorf("reached were %v", got)
	}
}

func (w *world) rowsOf(t *testing.T, id contact.ID) []ledger.Planned {
	t.Helper()
	p, err := w.Ledger.Person(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return p.Messages
}

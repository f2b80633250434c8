package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// steps stands before Redis, and is told of everything that it is asked.
type steps struct {
	before func() error
}

func (s *steps) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *steps) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, c redis.Cmder) error {
		return s.step(ctx, []redis.Cmder{c}, func(ctx context.Context, _ []redis.Cmder) error { return next(ctx, c) })
	}
}

func (s *steps) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { return s.step(ctx, cmds, next) }
}

func (s *steps) step(ctx context.Context, cmds []redis.Cmder, next redis.ProcessPipelineHook) error {
	if name := cmds[0].Name(); name == "hello" || name == "client" { // of a new connection
		return next(ctx, cmds)
	}
	if err := s.before(); err != nil {
		for _, c := range cmds {
			c.SetErr(err)
		}
		return err
	}
	return next(ctx, cmds)
}

// stepwise is the same ledger by another client, which asks before every step.
func (w world) stepwise(t *testing.T, before func() error) *ledger.Ledger {
	t.Helper()
	rdb := w.server.Client()
	rdb.AddHook(&steps{before})
	return ledger.New(rdb, w.keys, func() time.Time { return noon })
}

// at does something before one step, from 1, and tells whether it came to that.
func at(step int, do func() error) (before func() error, came func() bool) {
	n := 0
	return func() error {
		if n++; n == step {
			return do()
		}
		return nil
	}, func() bool { return n >= step }
}

// Whatever a worker claims while its person is being removed may go. Then the
// evidence must name it.
func TestWhatIsClaimedDuringAnErasureIsNamedInTheEvidence(t *testing.T) {
	t.Parallel()
	w := setupQuick(t)
	won, lost := 0, 0
	for step, more := 1, true; more; step++ {
		s := made(fmt.Sprint("s", step), 0, contact.Email(fmt.Sprintf("ann%d@example.com", step)), "")
		id := w.admit(t, s, "confirmation").Contact
		m := w.message(t, id, "1.confirmation")
		claimed := false
		before, came := at(step, func() error {
			_, err := w.Claim(t.Context(), m, "try", noon)
			claimed = err == nil
			return nil
		})
		if _, err := w.stepwise(t, before).Erase(t.Context(), id, "bea"); err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		want := "agreed, erased"
		if claimed {
			want = "agreed, went 1.confirmation sending, erased"
			won++
		} else {
			lost++
		}
		if got := told(w.proof(t, contact.ViaEmail, string(s.Email))); got != want {
			t.Errorf("claimed before step %d (%v): %s, want %s", step, claimed, got, want)
		}
		more = came()
	}
	if won == 0 || lost == 0 {
		t.Errorf("%d claims came through, and %d did not", won, lost)
	}
}

// Whoever writes while somebody removes that person is taken in anew, or was
// removed as well, with the evidence of it: wherever the one stands when the
// other passes it.
func TestWhoWritesDuringAnErasureIsNotLost(t *testing.T) {
	t.Parallel()
	w := setupQuick(t)
	for mine, more := 1, true; more; mine++ { // step of who writes
		for theirs, further := 1, true; further; theirs++ { // and how far the erasure comes meanwhile
			name := fmt.Sprintf("%d.%d", mine, theirs)
			email := contact.Email("ann" + name + "@example.com")
			id := w.admit(t, made("a"+name, 0, email, ""), "confirmation").Contact
			stands, goOn, over := make(chan bool, 1), make(chan bool), make(chan error, 1)
			stop, stopped := at(theirs, func() error { stands <- true; <-goOn; return nil })
			before, came := at(mine, func() error {
				go func() {
					_, err := w.stepwise(t, stop).Erase(t.Context(), id, "bea")
					stands <- true // at its end
					over <- err
				}()
				<-stands
				return nil
			})
			again := made("b"+name, time.Minute, email, "")
			_, err := w.stepwise(t, before).Admit(t.Context(), again, once(again), planOf("confirmation"))
			close(goOn)
			if more = came(); more {
				err = errors.Join(err, <-over)
			}
			if err != nil && !errors.Is(err, ledger.ErrNone) {
				t.Fatalf("step %s: %v", name, err)
			}
			further = more && stopped()
			for _, when := range []string{"then", "erased once more"} {
				if n := strings.Count(told(w.proof(t, contact.ViaEmail, string(email))), "agreed"); n != 2 {
					t.Errorf("at step %d, with the erasure at step %d, %s: of two forms %d are proved", mine, theirs, when, n)
				}
				if id, err := w.Find(t.Context(), contact.ViaEmail, string(email)); err == nil {
					if _, err := w.Erase(t.Context(), id, "bea"); err != nil {
						t.Error(err)
					}
				}
			}
		}
	}
}

// An erasure that dies before any of its steps is found, and finished as if it
// had never died.
func TestAnErasureThatDiesAnywhereIsFinished(t *testing.T) {
	t.Parallel()
	w := setupQuick(t)
	died, unnoted := errors.New("died"), 0
	for step, more := 1, true; more; step++ {
		email, number := contact.Email(fmt.Sprintf("ann%d@example.com", step)), contact.Phone(fmt.Sprintf("+130355501%02d", step))
		s := made(fmt.Sprint("s", step), 0, email, number)
		o := ledger.Once{Content: w.keys.Hash("content", s.Content())}
		a, err := w.Admit(t.Context(), s, o, planOf("confirmation", "followup-1"))
		if err != nil {
			t.Fatal(err)
		}
		id := a.Contact
		w.send(t, id, "1.confirmation")
		if _, _, err := w.Replied(t.Context(), id, ledger.Reply{SID: "SM1", Text: "canary"}); err != nil {
			t.Fatal(err)
		}
		if err := w.Stop(t.Context(), id, 1, gate.ReasonBooked, ledger.Event{By: "staff"}); err != nil {
			t.Fatal(err)
		}
		w.redis.ZRem(t.Context(), "f:due", string(id)) // nothing is planned any more
		before, came := at(step, func() error { return died })
		_, err = w.stepwise(t, before).Erase(t.Context(), id, "bea")
		if more = came(); more != errors.Is(err, died) {
			t.Fatalf("step %d: %v", step, err)
		}
		p, err := w.Person(t.Context(), id)
		switch {
		case errors.Is(err, ledger.ErrNone) && !more:
		case err != nil:
			t.Fatalf("died before step %d, and nobody is there: %v", step, err)
		case p.Erasing == "": // it had not begun
			if _, err := w.Erase(t.Context(), id, "bea"); err != nil {
				t.Fatal(err)
			}
		default:
			if w.redis.ZScore(t.Context(), "f:due", string(id)).Err() != nil {
				unnoted++
			}
			if err := w.FinishErasing(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := told(w.proof(t, contact.ViaEmail, string(email))), "agreed, went 1.confirmation sent, erased"; got != want {
			t.Errorf("died before step %d: proved is %s, want %s", step, got, want)
		}
		dump := Dump(t, w.redis)
		for _, gone := range []string{"f:{", "f:by:", "f:fold:", "f:word:", "f:tray:", "f:due"} {
			if strings.Contains(dump, "\n"+gone) || strings.HasPrefix(dump, gone) {
				t.Fatalf("died before step %d: %s is left\n%s", step, gone, dump)
			}
		}
	}
	if unnoted > 2 { // before the note, and before the person goes: there the patrol comes past
		t.Errorf("at %d steps nobody would have looked after what was begun", unnoted)
	}
}

// Who erases somebody whom somebody else has erased meanwhile brings nothing back.
func TestOfTwoErasuresAtOnceNothingIsLeft(t *testing.T) {
	t.Parallel()
	w := setupQuick(t)
	for step, more := 1, true; more; step++ {
		email := contact.Email(fmt.Sprintf("ann%d@example.com", step))
		id := w.admit(t, made(fmt.Sprint("s", step), 0, email, ""), "confirmation").Contact
		before, came := at(step, func() error {
			_, err := w.Erase(t.Context(), id, "bea")
			return err
		})
		if _, err := w.stepwise(t, before).Erase(t.Context(), id, "rosa"); err != nil && !errors.Is(err, ledger.ErrNone) {
			t.Errorf("step %d: %v", step, err)
		}
		if more = came(); strings.Contains(Dump(t, w.redis), "f:{"+string(id)) {
			t.Errorf("erased before step %d, and something is left of it", step)
		}
		if got := told(w.proof(t, contact.ViaEmail, string(email))); got != "agreed, erased" {
			t.Errorf("step %d: proved is %s", step, got)
		}
	}
}

func TestForgettingTheTextsOfWhoIsErasedBringsNothingBack(t *testing.T) {
	t.Parallel()
	w := setupQuick(t)
	for step, more := 1, true; more; step++ {
		email := contact.Email(fmt.Sprintf("ann%d@example.com", step))
		id := w.admit(t, made(fmt.Sprint("s", step), 0, email, "")).Contact
		if err := w.Record(t.Context(), id, ledger.Event{What: "note", Text: "canary"}); err != nil {
			t.Fatal(err)
		}
		p, err := w.Person(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		before, came := at(step, func() error {
			_, err := w.Erase(t.Context(), id, "bea")
			return err
		})
		if _, err := w.stepwise(t, before).ForgetTexts(t.Context(), p, noon.Add(time.Hour)); err != nil {
			t.Errorf("step %d: %v", step, err)
		}
		if more = came(); more && strings.Contains(Dump(t, w.redis), "f:{"+string(id)) {
			t.Errorf("erased before step %d, and something came back", step)
		}
	}
}

// An admission that dies before any of its steps is finished by its second run.
func TestAnAdmissionThatDiesAnywhereIsFinishedByTheNextRun(t *testing.T) {
	t.Parallel()
	w := setupQuick(t)
	died := errors.New("died")
	plan := func(*ledger.Person) ledger.Plan {
		return ledger.Plan{Unread: true, Guard: gate.ReasonTrap, Steps: []ledger.Step{
			{Template: "confirmation", Via: contact.ViaEmail, Why: gate.ReasonTrap}, {Template: "staff-note", Via: contact.ViaEmail, Due: noon},
		}}
	}
	for step, more := 1, true; more; step++ {
		w.redis.FlushAll(t.Context())
		s := made("one", 0, annsMail, annsNumber)
		before, came := at(step, func() error { return died })
		_, err := w.stepwise(t, before).Admit(t.Context(), s, once(s), plan)
		if more = came(); more != errors.Is(err, died) {
			t.Fatalf("step %d: %v", step, err)
		}
		a, err := w.Admit(t.Context(), s, once(s), plan)
		if err != nil || a.Folded || a.N != 1 || len(a.Steps) != 2 {
			t.Fatalf("died before step %d: %+v, %v", step, a, err)
		}
		p, err := w.Person(t.Context(), a.Contact)
		if err != nil || len(p.Submissions) != 1 || p.Submissions[0].Guard != string(gate.ReasonTrap) || p.Unread != 1 {
			t.Errorf("died before step %d: %+v, %v", step, p, err)
		}
		if row := w.message(t, a.Contact, "1.confirmation").Row; row.State != ledger.NotSent || row.At != noon.Unix() {
			t.Errorf("died before step %d: %+v", step, row)
		}
		if n, err := w.InTray(t.Context(), ledger.TrayNew, time.Time{}); n != 1 || err != nil {
			t.Errorf("died before step %d: %d are new, %v", step, n, err)
		}
		if got := w.named(t, "canary"); len(got) != 1 {
			t.Errorf("died before step %d: found by name are %v", step, got)
		}
		if at := w.redis.ZScore(t.Context(), "f:due", string(a.Contact)).Val(); at > float64(noon.Unix()) || at == 0 {
			t.Errorf("died before step %d: looked after at %v", step, at)
		}
	}
}

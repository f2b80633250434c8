package worker

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

var rosa = desk.By{Name: "rosa", Why: "canary reason"}

// settled submits and sends what follows at once, so that what is counted after
// it is the desk's.
func (w *world) settled(t *testing.T) *ledger.Person {
	t.Helper()
	w.submit(t, ann())
	w.ringAll(t)
	w.mu.Lock()
	w.sent = nil
	w.mu.Unlock()
	return w.person(t)
}

func (w *world) remind(t *testing.T, p *ledger.Person, a desk.Ask) desk.Reminder {
	t.Helper()
	if a.Template == "" {
		a.Template = "reminder"
	}
	r, err := w.desk.Remind(t.Context(), p.ID, a, rosa)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *world) forward(d time.Duration) { w.at(w.Worker.now().Add(d)) }

func TestAReminderWaitsAMinuteAndGoesOnceByEveryWay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	r := w.remind(t, p, desk.Ask{})
	if again := w.remind(t, p, desk.Ask{}); !again.Existing || again.Alone != r.Alone || len(again.Planned) != 2 {
		t.Errorf("asked twice, and there are %+v", again)
	}
	w.forward(59 * time.Second)
	w.ringAll(t)
	for _, m := range w.person(t).Messages { // an alarm that rings too early
		if err := w.ring(t, &m); err != nil {
			t.Fatal(err)
		}
	}
	if w.names() != "" {
		t.Fatalf("within the wait went %s", w.names())
	}
	w.forward(time.Second)
	w.ringAll(t)
	w.ringAll(t)
	if got := w.names(); got != "reminder email, reminder sms" && got != "reminder sms, reminder email" {
		t.Errorf("sent %q", got)
	}
	if again := w.remind(t, p, desk.Ask{}); again.Existing || again.Alone != 2 {
		t.Errorf("a second one, asked for after the first had gone, is %+v", again)
	}
}

func TestARemindLaterGoesAtItsTime(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	at := tuesday.Add(22 * time.Hour) // Wednesday, 9:00: open for reminders, closed for follow-ups
	w.remind(t, p, desk.Ask{At: at})
	w.at(at.Add(-time.Second))
	w.ringAll(t)
	if w.names() != "" {
		t.Errorf("before its time went %s", w.names())
	}
	w.at(at)
	w.ringAll(t)
	if strings.Count(w.names(), "reminder") != 2 {
		t.Errorf("sent %s", w.names())
	}
}

func TestWhatCannotBeRemindedIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	night := time.Date(2026, 11, 24, 20, 30, 0, 0, denver)
	for _, c := range []struct {
		name string
		set  func(w *world, p *ledger.Person)
		ask  desk.Ask
		want func(error) bool
	}{
		{"a class that is none of reminders", nil, desk.Ask{Template: "followup-1"}, wrong("template")},
		{"no such template", nil, desk.Ask{Template: "nonesuch"}, wrong("template")},
		{"one that needs an appointment", nil, desk.Ask{Template: "reminder-24h"}, wrong("template")},
		{"the past", nil, desk.Ask{At: tuesday.Add(-time.Hour)}, wrong("at")},
		{"quiet hours", nil, desk.Ask{At: night}, func(err error) bool {
			closed, ok := errors.AsType[*desk.Closed](err)
			return ok && closed.Next.Equal(time.Date(2026, 11, 25, 8, 0, 0, 0, denver)) && strings.Contains(err.Error(), "Wed 2026-11-25 08:00 MST")
		}},
		{"a minute before the opening", nil, desk.Ask{At: time.Date(2026, 11, 25, 7, 59, 0, 0, denver)}, func(err error) bool {
			_, ok := errors.AsType[*desk.Closed](err)
			return ok
		}},
		{"a text after STOP", func(w *world, p *ledger.Person) {
			_ = w.Ledger.Suppress(t.Context(), p.ID, 1, contact.ViaSMS, gate.OptedOut, "person")
		}, desk.Ask{Vias: []contact.Via{contact.ViaSMS}}, func(err error) bool {
			r, ok := errors.AsType[*desk.Refused](err)
			return ok && r.Why[contact.ViaSMS] == gate.ReasonOptedOut
		}},
		{"nobody", func(w *world, p *ledger.Person) { p.ID = "nobody" }, desk.Ask{}, func(err error) bool { return errors.Is(err, desk.ErrNone) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			p := w.settled(t)
			if c.set != nil {
				c.set(w, p)
			}
			if c.ask.Template == "" {
				c.ask.Template = "reminder"
			}
			_, err := w.desk.Remind(t.Context(), p.ID, c.ask, rosa)
			if !c.want(err) {
				t.Errorf("got %v", err)
			}
			if n := w.person(t).Alone; n != 0 {
				t.Errorf("%d reminders were planned", n)
			}
		})
	}
}

func wrong(field string) func(error) bool {
	return func(err error) bool {
		w, ok := errors.AsType[*desk.Wrong](err)
		return ok && w.Field == field && w.Cure != ""
	}
}

func TestATextThatMayNotGoLeavesTheEmail(t *testing.T) {
	t.Parallel()
	w := setup(t)
	s := ann()
	s.ConsentSMS, s.ConsentEmail = false, false
	p := w.submit(t, s)
	r := w.remind(t, p, desk.Ask{})
	if len(r.Planned) != 1 || r.Planned[0].Via != contact.ViaEmail || r.Refused[contact.ViaSMS] != gate.ReasonNoConsent {
		t.Errorf("planned %d, refused %v", len(r.Planned), r.Refused)
	}
}

// Within the wait undo wins, whatever rings meanwhile and whenever; what undo
// says is what the provider saw.
func TestUndoInsideTheWaitAlwaysWins(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	rapid.Check(t, func(rt *rapid.T) {
		w.mu.Lock()
		w.sent = nil
		w.mu.Unlock()
		r, err := w.desk.Remind(t.Context(), p.ID, desk.Ask{Template: "reminder"}, rosa)
		if err != nil {
			rt.Fatal(err)
		}
		started := w.Worker.now()
		undone := false
		var after time.Duration
		var answer desk.Stopped
		for range rapid.IntRange(1, 6).Draw(rt, "steps") {
			w.forward(time.Duration(rapid.IntRange(0, 25_000).Draw(rt, "ms")) * time.Millisecond)
			switch rapid.SampledFrom([]string{"email", "sms", "undo"}).Draw(rt, "what") {
			case "undo":
				if answer, err = w.desk.Undo(t.Context(), p.ID, r.Alone, rosa); err != nil {
					rt.Fatal(err)
				}
				if !undone {
					undone, after = true, w.Worker.now().Sub(started)
				}
			case "email":
				err = w.ring(t, &r.Planned[0])
			case "sms":
				err = w.ring(t, &r.Planned[1])
			}
			if err != nil {
				rt.Fatal(err)
			}
		}
		w.mu.Lock()
		sent := len(w.sent)
		w.mu.Unlock()
		if undone && after < time.Minute && sent > 0 {
			rt.Fatalf("undone after %s, and %d went", after, sent)
		}
		if undone && (len(answer.Gone) != sent || len(answer.Stopped) != 2-sent) {
			rt.Fatalf("%d went, and undo says %v", sent, answer)
		}
		for _, m := range r.Planned { // the next round starts clean, and the person stays small
			w.redis.HDel(t.Context(), "f:{"+string(p.ID)+"}", "m/"+m.Entry.String()+"/"+string(m.Via))
		}
	})
}

func TestAMessageTakenBackWhileAWorkerHoldsItIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	r := w.remind(t, p, desk.Ask{Vias: []contact.Via{contact.ViaEmail}})
	w.forward(time.Minute)
	w.answer = func(m channel.Message) channel.Outcome {
		s, err := w.desk.Undo(t.Context(), p.ID, r.Alone, rosa)
		if err != nil || len(s.Gone) != 1 || s.Gone[0].Row.State != ledger.Sending {
			t.Errorf("undo says %v, %v", s, err)
		}
		return channel.Outcome{State: channel.NotSent, Code: "451"}
	}
	w.ringAll(t)
	w.answer = nil
	w.forward(2 * time.Minute)
	w.ringAll(t)
	if row := w.row(t, "1.reminder-r1", contact.ViaEmail); len(w.sent) != 1 || row.State != ledger.NotSent || row.Why != gate.ReasonWithdrawn {
		t.Errorf("asked the provider %d times, the row is %+v", len(w.sent), row)
	}
}

func TestAHoldStopsWhatIsThereAndWhatComesUntilReleased(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	for range 2 {
		kept, err := w.desk.Hold(t.Context(), p.ID, rosa)
		if err != nil || len(kept) != 4 { // the text of the confirmation and three follow-ups
			t.Errorf("kept %d, %v", len(kept), err)
		}
	}
	w.ringAll(t)
	if got := w.names(); strings.Contains(got, "sms") || !strings.Contains(got, "confirmation email") || !strings.Contains(got, "staff-note") {
		t.Errorf("on hold went %s", got)
	}
	r := w.remind(t, p, desk.Ask{})
	if r.Waits != gate.ReasonHold {
		t.Errorf("nobody is told that the reminder waits: %q", r.Waits)
	}
	w.at(tuesday.Add(26 * time.Hour)) // the reminder and its day are over, the follow-up is due
	w.ringAll(t)
	if strings.Contains(w.names(), "reminder") || strings.Contains(w.names(), "followup") {
		t.Fatalf("on hold went %s", w.names())
	}
	released, err := w.desk.Release(t.Context(), p.ID, rosa)
	if err != nil {
		t.Fatal(err)
	}
	if len(released.Stale) != 2 || len(released.On) != 2 {
		t.Errorf("%d stale, %d go on", len(released.Stale), len(released.On))
	}
	w.ringAll(t)
	if got := w.names(); strings.Contains(got, "reminder") || !strings.Contains(got, "followup-1 email") || !strings.Contains(got, "confirmation sms") {
		t.Errorf("released went %s", got)
	}
	if again, err := w.desk.Release(t.Context(), p.ID, rosa); err != nil || len(again.On)+len(again.Stale) != 0 {
		t.Errorf("released twice: %+v, %v", again, err)
	}
	count := map[string]int{}
	for _, e := range w.timeline(t) {
		count[e.What]++
		if (e.What == "hold" || e.What == "release") && (e.By != "rosa" || e.Text != "canary reason") {
			t.Errorf("the timeline has %+v", e)
		}
	}
	if count["hold"] != 1 || count["release"] != 1 {
		t.Errorf("the timeline has %v", count)
	}
}

func (w *world) timeline(t *testing.T) []ledger.Event {
	t.Helper()
	events, err := w.Ledger.Timeline(t.Context(), w.person(t).ID)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestWhoReleasesWhileTheGateDecidesReleasesTheMessage(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	if _, err := w.desk.Hold(t.Context(), p.ID, rosa); err != nil {
		t.Fatal(err)
	}
	released := false
	w.afterClaim(t, func() {
		released = true
		if _, err := w.desk.Release(t.Context(), p.ID, rosa); err != nil {
			t.Error(err)
		}
	})
	w.do(t, p, "1.confirmation", contact.ViaSMS)
	if r := w.row(t, "1.confirmation", contact.ViaSMS); !released || r.State == ledger.Held {
		t.Errorf("released %v, and the text is %+v", released, r)
	}
}

func TestWhatEndsASequenceSaysWhatItStopped(t *testing.T) {
	t.Parallel()
	for name, end := range map[gate.Reason]func(*world, *ledger.Person) (desk.Stopped, error){
		gate.ReasonCalled: func(w *world, p *ledger.Person) (desk.Stopped, error) {
			return w.desk.Called(t.Context(), p.ID, 0, rosa)
		},
		gate.ReasonBooked: func(w *world, p *ledger.Person) (desk.Stopped, error) {
			return w.desk.Booked(t.Context(), p.ID, 0, rosa)
		},
		gate.ReasonReplied: func(w *world, p *ledger.Person) (desk.Stopped, error) {
			return w.desk.Answered(t.Context(), p.ID, 0, rosa)
		},
		gate.ReasonStaff: func(w *world, p *ledger.Person) (desk.Stopped, error) { return w.desk.Stop(t.Context(), p.ID, 0, rosa) },
		gate.ReasonUninterested: func(w *world, p *ledger.Person) (desk.Stopped, error) {
			return w.desk.NotInterested(t.Context(), p.ID, 0, rosa)
		},
		gate.ReasonWrongNumber: func(w *world, p *ledger.Person) (desk.Stopped, error) {
			return w.desk.WrongNumber(t.Context(), p.ID, 0, rosa)
		},
	} {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			p := w.settled(t)
			w.at(tuesday.Add(24 * time.Hour))
			w.ringAll(t) // the first follow-up goes
			for range 2 {
				s, err := end(w, p)
				if err != nil || len(s.Stopped) != 2 && len(s.Stopped) != 3 || len(s.Gone) < 1 || s.Gone[0].Entry.Template != "followup-1" {
					t.Errorf("it says %v, %v", s, err)
				}
			}
			w.at(tuesday.Add(30 * 24 * time.Hour))
			w.ringAll(t)
			if got := strings.Count(w.names(), "followup"); got != 1 {
				t.Errorf("sent %s", w.names())
			}
			n := 0
			for _, e := range w.timeline(t) {
				if e.What == string(name) && e.By == "rosa" {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%d times on the timeline", n)
			}
		})
	}
}

func TestAfterAWrongNumberNoTextGoesAndNobodyIsFoundByIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	w.remind(t, p, desk.Ask{})
	s, err := w.desk.WrongNumber(t.Context(), p.ID, 0, rosa)
	if err != nil {
		t.Fatal(err)
	}
	if row := w.row(t, "1.reminder-r1", contact.ViaSMS); row.State != ledger.Cancelled || row.Why != gate.ReasonWrongNumber {
		t.Errorf("the text is %+v", row)
	}
	if len(s.Stopped) < 4 {
		t.Errorf("it says %v", s)
	}
	if _, err := w.Ledger.PersonByPhone(t.Context(), "+13035550142"); !errors.Is(err, ledger.ErrNone) {
		t.Errorf("the number leads to %v", err)
	}
	w.forward(time.Minute)
	w.ringAll(t)
	if w.names() != "reminder email" {
		t.Errorf("sent %s", w.names())
	}
}

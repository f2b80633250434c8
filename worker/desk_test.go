package worker

import (
	"errors"
	"fmt"
	"slices"
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

func (w *world) entry(t *testing.T, name string, v contact.Via) ledger.Entry {
	t.Helper()
	for _, m := range w.person(t).Messages {
		if m.Entry.Template == name && m.Via == v {
			return m.Entry
		}
	}
	t.Fatalf("nothing is called %s", name)
	return ledger.Entry{}
}

func TestAPlannedReminderTakesAnotherTimeAndOtherWords(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	w.remind(t, p, desk.Ask{At: on(25, 9, 0)})
	e := w.entry(t, "reminder-r1", contact.ViaEmail)
	for range 2 {
		edited, err := w.desk.Edit(t.Context(), p.ID, e, "", desk.Edit{At: on(25, 15, 0), Template: "called"}, rosa)
		if err != nil || len(edited.Planned) != 2 || len(edited.Gone) != 0 {
			t.Errorf("%d changed, %d gone, %v", len(edited.Planned), len(edited.Gone), err)
		}
	}
	w.at(on(25, 14, 59))
	w.ringAll(t)
	if got := w.names(); strings.Contains(got, "reminder") || strings.Contains(got, "called") {
		t.Fatalf("at the time before went %s", got)
	}
	w.at(on(25, 15, 0))
	w.ringAll(t)
	if got := w.names(); strings.Count(got, "called") != 2 || strings.Contains(got, "reminder") {
		t.Errorf("sent %s", got)
	}
	edited, err := w.desk.Edit(t.Context(), p.ID, e, "", desk.Edit{At: on(25, 16, 0)}, rosa)
	if err != nil || len(edited.Planned) != 0 || len(edited.Gone) != 2 || edited.Gone[0].Row.State != ledger.Sent {
		t.Errorf("sent already, and it says %d changed, %d gone, %v", len(edited.Planned), len(edited.Gone), err)
	}
	n := 0
	for _, e := range w.timeline(t) {
		if e.What == "edited" && e.By == "rosa" {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d times on the timeline, once for each message", n)
	}
}

func TestWhatCannotBeEditedStays(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	w.remind(t, p, desk.Ask{At: on(25, 9, 0)})
	w.meet(t, p, on(28, 10, 30))
	alone, hung := w.entry(t, "reminder-r1", contact.ViaSMS), w.entry(t, "reminder-2h-a1", contact.ViaSMS)
	for name, c := range map[string]struct {
		entry  ledger.Entry
		change desk.Edit
		want   func(error) bool
	}{
		"the past":              {alone, desk.Edit{At: on(24, 9, 0)}, wrong("at")},
		"quiet hours":           {alone, desk.Edit{At: on(25, 21, 0)}, closed},
		"after the appointment": {hung, desk.Edit{At: on(28, 11, 0)}, wrong("at")},
		"words of another kind": {alone, desk.Edit{Template: "followup-1"}, wrong("template")},
		"an appointment's":      {alone, desk.Edit{Template: "reminder-24h"}, wrong("template")},
		"a confirmation":        {ledger.Entry{N: 1, Template: "confirmation"}, desk.Edit{At: on(25, 9, 0)}, wrong("message")},
		"nothing":               {ledger.Entry{N: 1, Template: "reminder-r9"}, desk.Edit{At: on(25, 9, 0)}, none},
	} {
		if _, err := w.desk.Edit(t.Context(), p.ID, c.entry, "", c.change, rosa); !c.want(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r := w.row(t, alone.String(), contact.ViaSMS); r.Planned != on(25, 9, 0).Unix() || r.Template != "" {
		t.Errorf("it is %+v", r)
	}
}

func closed(err error) bool { _, ok := errors.AsType[*desk.Closed](err); return ok }
func none(err error) bool   { return errors.Is(err, desk.ErrNone) }

func TestOnlyWhatFailedForAReasonThatMayPassIsRetried(t *testing.T) {
	t.Parallel()
	outcome := func(s channel.State, c channel.Cause, code string) func(channel.Message) channel.Outcome {
		return func(channel.Message) channel.Outcome {
			return channel.Outcome{State: s, Cause: c, Code: code, ID: "provider-1"}
		}
	}
	report := func(code string, why gate.Reason) func(w *world, p *ledger.Person, e ledger.Entry) {
		return func(w *world, p *ledger.Person, e ledger.Entry) {
			r := ledger.Report{State: ledger.Undelivered, Code: code, Why: why, Provider: "provider-1"}
			if _, err := w.Ledger.Report(t.Context(), p.ID, e, contact.ViaSMS, r, nil); err != nil {
				t.Error(err)
			}
		}
	}
	for _, c := range []struct {
		name   string
		answer func(channel.Message) channel.Outcome
		then   func(w *world, p *ledger.Person, e ledger.Entry)
		may    bool
	}{
		{"refused", outcome(channel.Refused, channel.CauseOther, "21612"), nil, true},
		{"a handset that was off", outcome(channel.Accepted, 0, ""), report("30003", ""), true},
		{"filtered by the carrier", outcome(channel.Accepted, 0, ""), report("30007", ""), false},
		{"no such number", outcome(channel.Refused, channel.CauseAddress, "21211"), nil, false},
		{"opted out", outcome(channel.Refused, channel.CauseOptOut, "21610"), nil, false},
		{"refused for its words", outcome(channel.Refused, channel.CauseContent, "21617"), nil, false},
		{"unknown", outcome(channel.Unknown, 0, ""), nil, false},
		{"sent", outcome(channel.Accepted, 0, ""), nil, false},
		{"refused, and STOP since", outcome(channel.Refused, channel.CauseOther, "21612"), func(w *world, p *ledger.Person, _ ledger.Entry) {
			if _, err := w.desk.Stop(t.Context(), p.ID, 0, rosa); err != nil {
				t.Error(err)
			}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			p := w.settled(t)
			w.remind(t, p, desk.Ask{Vias: []contact.Via{contact.ViaSMS}})
			e := w.entry(t, "reminder-r1", contact.ViaSMS)
			w.forward(time.Minute)
			w.answer = c.answer
			w.ringAll(t)
			if c.then != nil {
				c.then(w, p, e)
			}
			before := len(w.sent)
			w.answer = nil
			for range 2 {
				m, err := w.desk.Retry(t.Context(), p.ID, e, contact.ViaSMS, rosa)
				if (err == nil) != c.may || c.may && m.Row.State != ledger.Waiting {
					t.Fatalf("retry says %v", err)
				}
			}
			w.forward(2 * time.Minute)
			w.ringAll(t)
			w.ringAll(t)
			if again := len(w.sent) - before; c.may && again != 1 || !c.may && again != 0 {
				t.Errorf("sent %d times more", again)
			}
		})
	}
}

// Taken back while a worker held it, refused by the provider, and then meant
// after all: the second try goes, and can be taken back as the first could.
func TestWhatWasTakenBackAndFailedGoesWhenStaffSendItAgain(t *testing.T) {
	t.Parallel()
	for _, undone := range []bool{false, true} {
		w := setup(t)
		p := w.settled(t)
		w.remind(t, p, desk.Ask{Vias: []contact.Via{contact.ViaSMS}})
		e := w.entry(t, "reminder-r1", contact.ViaSMS)
		w.forward(time.Minute)
		w.answer = func(channel.Message) channel.Outcome {
			if s, err := w.desk.Undo(t.Context(), p.ID, 0, rosa); err != nil || len(s.Gone) != 1 {
				t.Errorf("undo says %v, %v", s, err)
			}
			return channel.Outcome{State: channel.Refused, Code: "21612"}
		}
		w.ringAll(t)
		w.answer = nil
		if r := w.row(t, e.String(), contact.ViaSMS); r.State != ledger.NotSent {
			t.Fatalf("it is %+v", r)
		}
		if _, err := w.desk.Retry(t.Context(), p.ID, e, contact.ViaSMS, rosa); err != nil {
			t.Fatal(err)
		}
		if undone {
			if s, err := w.desk.Undo(t.Context(), p.ID, 0, rosa); err != nil || len(s.Stopped) != 1 {
				t.Errorf("undo says %v, %v", s, err)
			}
		}
		w.forward(2 * time.Minute)
		w.ringAll(t)
		want, sent := ledger.Sent, 2
		if undone {
			want, sent = ledger.Cancelled, 1
		}
		if r := w.row(t, e.String(), contact.ViaSMS); r.State != want || len(w.sent) != sent {
			t.Errorf("undone %v: handed over %d times, and it is %+v", undone, len(w.sent), r)
		}
		if n := w.redis.HExists(t.Context(), "f:{"+string(p.ID)+"}", "xm/1.reminder-r1/sms").Val(); n {
			t.Error("the mark of the first time is still there")
		}
	}
}

func TestABlockIsLiftedWithAReasonAndOnlyTheOneMeant(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	if _, err := w.desk.Stop(t.Context(), p.ID, 0, rosa); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Lift(t.Context(), p.ID, contact.ViaSMS, gate.OptedOut, desk.By{Name: "rosa"}); !wrong("why")(err) {
		t.Errorf("without a reason: %v", err)
	}
	if left, err := w.desk.Lift(t.Context(), p.ID, contact.ViaSMS, gate.WrongNumber, rosa); err != nil || left != gate.OptedOut {
		t.Errorf("another block was lifted: %q, %v", left, err)
	}
	for range 2 {
		if left, err := w.desk.Lift(t.Context(), p.ID, contact.ViaSMS, gate.OptedOut, rosa); err != nil || left != "" {
			t.Errorf("lifted, and there is %q, %v", left, err)
		}
	}
	w.remind(t, p, desk.Ask{Vias: []contact.Via{contact.ViaSMS}})
	w.forward(time.Minute)
	w.ringAll(t)
	if w.names() != "reminder sms" {
		t.Errorf("sent %s", w.names())
	}
}

func TestAPauseByStaffHoldsAChannelUntilItIsResumed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	w.remind(t, p, desk.Ask{})
	if err := w.desk.Pause(t.Context(), contact.ViaSMS, w.Worker.now().Add(-time.Hour), rosa); !wrong("until")(err) {
		t.Errorf("paused until the past: %v", err)
	}
	for range 2 {
		if err := w.desk.Pause(t.Context(), contact.ViaSMS, time.Now().Add(100*24*time.Hour), rosa); err != nil {
			t.Fatal(err)
		}
	}
	w.resume(t.Context()) // a worker that starts
	left, event, err := w.Ledger.PausedBy(t.Context(), contact.ViaSMS)
	if err != nil || left < time.Hour || event.By != "rosa" || event.Text != "canary reason" {
		t.Errorf("paused for %s by %q because %q, %v", left, event.By, string(event.Text), err)
	}
	if got := w.redis.Get(t.Context(), "f:pause:sms").Val(); strings.Contains(got, "anary") {
		t.Errorf("in the clear: %s", got)
	}
	w.forward(time.Minute)
	w.ringAll(t)
	if r := w.row(t, "1.reminder-r1", contact.ViaSMS); w.names() != "reminder email" || r.State != ledger.Held || r.Why != gate.ReasonPaused {
		t.Errorf("sent %s, the text is %+v", w.names(), r)
	}
	for range 2 {
		if err := w.desk.Resume(t.Context(), contact.ViaSMS, rosa); err != nil {
			t.Fatal(err)
		}
	}
	w.forward(pausedLook)
	w.ringAll(t)
	if !strings.Contains(w.names(), "reminder sms") {
		t.Errorf("resumed, and sent is %s", w.names())
	}
}

func TestANoteLiesSealedOnTheTimelineOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	for range 2 {
		if err := w.desk.Note(t.Context(), p.ID, "canary: prefers mornings", rosa); err != nil {
			t.Fatal(err)
		}
	}
	notes := slices.DeleteFunc(w.timeline(t), func(e ledger.Event) bool { return e.What != "note" })
	if len(notes) != 1 || notes[0].Text != "canary: prefers mornings" || notes[0].By != "rosa" {
		t.Errorf("the timeline has %+v", notes)
	}
	for _, line := range w.redis.LRange(t.Context(), "f:{"+string(p.ID)+"}:log", 0, -1).Val() {
		if strings.Contains(line, "anary") || strings.Contains(line, "mornings") {
			t.Errorf("in the clear: %s", line)
		}
	}
	for _, bad := range []contact.Private{"", contact.Private(strings.Repeat("x", 3000))} {
		if err := w.desk.Note(t.Context(), p.ID, bad, rosa); !wrong("note")(err) {
			t.Errorf("%d characters: %v", len(bad), err)
		}
	}
	if err := w.desk.Note(t.Context(), "nobody", "x", rosa); !none(err) {
		t.Errorf("about nobody: %v", err)
	}
}

func TestACancelledMessageStaysSoWhenTheAppointmentMoves(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	w.meet(t, p, on(28, 10, 30))
	e := w.entry(t, "reminder-24h-a1", contact.ViaEmail)
	for range 2 {
		s, err := w.desk.Cancel(t.Context(), p.ID, e, "", rosa)
		if err != nil || len(s.Stopped) != 2 || len(s.Gone) != 0 {
			t.Errorf("cancel says %v, %v", s, err)
		}
	}
	if _, err := w.desk.Cancel(t.Context(), p.ID, ledger.Entry{N: 1, Template: "nonesuch"}, "", rosa); !none(err) {
		t.Errorf("nothing was cancelled: %v", err)
	}
	w.move(t, p, on(29, 10, 30))
	w.play(t, on(30, 23, 0))
	if got := w.names(); strings.Contains(got, "reminder-24h") || strings.Count(got, "reminder-2h") != 2 {
		t.Errorf("sent %s", got)
	}
}

// Whatever stands against a person: what is refused sends nothing, Check says
// what Remind does, and what is planned goes once by each way that it names.
func TestWhoIsExcludedGetsNothing(t *testing.T) {
	t.Parallel()
	w, n := setup(t), 0
	rapid.Check(t, func(rt *rapid.T) {
		s := submission(ann())
		n++
		s.ID = fmt.Sprintf("person-%d", n)
		s.Email, s.Phone = contact.Email(s.ID+"@example.com"), contact.Phone(fmt.Sprintf("+130355501%02d", n%100))
		if rapid.Bool().Draw(rt, "no number") {
			s.Phone = ""
		} else if rapid.Bool().Draw(rt, "no address") {
			s.Email = ""
		}
		s.Consent.SMS, s.Consent.Email = rapid.Bool().Draw(rt, "ticked"), false
		a, err := w.Ledger.Admit(t.Context(), s, ledger.Once{}, func(*ledger.Person) ledger.Plan { return ledger.Plan{} })
		if err != nil {
			rt.Fatal(err)
		}
		for _, v := range []contact.Via{contact.ViaEmail, contact.ViaSMS} {
			if why := rapid.SampledFrom([]gate.Suppression{"", gate.OptedOut, gate.Dead}).Draw(rt, string(v)); why != "" {
				if err := w.Ledger.Suppress(t.Context(), a.Contact, a.N, v, why, "test"); err != nil {
					rt.Fatal(err)
				}
			}
		}
		p, err := w.Ledger.Person(t.Context(), a.Contact)
		if err != nil {
			rt.Fatal(err)
		}
		before := len(w.sent)
		check, refused := w.desk.Check(t.Context(), p, desk.Ask{Template: "reminder"})
		r, err := w.desk.Remind(t.Context(), p.ID, desk.Ask{Template: "reminder"}, rosa)
		if (refused == nil) != (err == nil) || len(check.Refused) != len(r.Refused) {
			rt.Fatalf("check says %v, remind %v", refused, err)
		}
		w.forward(61 * time.Second)
		for range 2 {
			for _, m := range r.Planned {
				if err := w.ring(t, &m); err != nil {
					rt.Fatal(err)
				}
			}
		}
		if got := len(w.sent) - before; got != len(r.Planned) || len(r.Planned)+len(r.Refused) != 2 || err != nil && got != 0 {
			rt.Fatalf("planned %d, refused %d, sent %d: %v", len(r.Planned), len(r.Refused), got, err)
		}
	})
}

func TestTheSameListTwiceRemindsOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	b, err := w.Ledger.NewBatch(t.Context(), ledger.Batch{ID: "b1", List: "hash"}, false)
	if err == nil {
		err = w.Ledger.Confirm(t.Context(), b, on(24, 12, 0))
	}
	if err != nil {
		t.Fatal(err)
	}
	ask := desk.Ask{Batch: "b1", At: on(24, 12, 0), Wait: 10 * time.Minute}
	first := w.remind(t, p, ask)
	w.at(on(24, 12, 0))
	w.ringAll(t)
	again := w.remind(t, p, desk.Ask{Batch: "b1"})
	if first.Alone != again.Alone || !again.Existing || len(w.sent) != 2 || again.Planned[0].Row.Batch != "b1" || again.Planned[0].Row.Asked != "rosa" {
		t.Errorf("the first is %v, the second %v; sent %s", first, again, w.names())
	}
}

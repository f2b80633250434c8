package worker

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

func TestASubmissionIsConfirmedAndStaffAreTold(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.submit(t, ann())
	if n := w.alarms(t); n != 4 {
		t.Errorf("%d alarms: want two confirmations, the note, and the first follow-up alone", n)
	}
	w.ringAll(t)
	for _, want := range []string{"confirmation email", "confirmation sms", "staff-note email"} {
		if !strings.Contains(w.names(), want) {
			t.Errorf("%s is missing: %s", want, w.names())
		}
	}
	for _, m := range w.sent {
		if m.Template == "staff-note" {
			if m.To != "desk@joydevie.example" || m.ReplyTo != "ann.canary@example.com" || !strings.Contains(m.Text, "canary words") {
				t.Errorf("the note goes to %q, answers to %q, and says %q", m.To, m.ReplyTo, m.Text)
			}
		} else if strings.Contains(m.Text+m.HTML+m.Subject, "anary") {
			t.Errorf("%s repeats what was typed", m.Template)
		}
	}
}

func TestEveryHandlerTwiceIsOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.submit(t, ann())
	p := w.submit(t, ann())
	for range 2 {
		for _, m := range p.Messages {
			if !ledger.IsFollowUp(m.Entry.Template) {
				if err := w.ring(t, &m); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if len(w.sent) != 3 {
		t.Errorf("sent %s", w.names())
	}
}

func TestWithoutConsentNoTextAndNoFollowUp(t *testing.T) {
	t.Parallel()
	w := setup(t)
	s := ann()
	s.ConsentEmail, s.ConsentSMS = false, false
	w.submit(t, s)
	w.ringAll(t)
	w.at(tuesday.Add(30 * 24 * time.Hour))
	w.ringAll(t)
	if w.names() != "confirmation email, staff-note email" && w.names() != "staff-note email, confirmation email" {
		t.Errorf("sent %s", w.names())
	}
}

func TestFollowUpsTakeThePreferredWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		preferred  string
		email, sms bool
		want       contact.Via
	}{
		{"", true, true, contact.ViaEmail},
		{"sms", true, true, contact.ViaSMS},
		{"phone", true, true, contact.ViaEmail},
		{"sms", true, false, contact.ViaEmail},
		{"email", false, true, contact.ViaSMS},
		{"email", false, false, ""},
	} {
		w := &Worker{Channels: map[contact.Via]channel.Sender{contact.ViaEmail: sender{}, contact.ViaSMS: sender{}}}
		got := w.followUpVia(contact.Submission{
			Email: "a@b.example", Phone: "+13035550142", Preferred: contact.Via(c.preferred), Consent: contact.Consent{Email: c.email, SMS: c.sms},
		})
		if got != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}

func TestTheSequenceGoesStepByStepAndADelayPushesTheRest(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.submit(t, ann())
	w.ringAll(t)
	late := tuesday.Add(24*time.Hour + 3*time.Hour) // Wednesday, 14:00: three hours late
	w.at(late)
	w.ringAll(t)
	if r := w.row(t, "1.followup-1", contact.ViaEmail); r.State != ledger.Sent {
		t.Fatalf("follow-up 1 is %+v", r)
	}
	if due := unix(w.row(t, "1.followup-2", contact.ViaEmail).Due); !due.Equal(late.Add(48 * time.Hour)) {
		t.Errorf("follow-up 2 is due %s: the gap of two days was not kept", due.In(denver))
	}
	w.at(late.Add(48 * time.Hour)) // Friday
	w.ringAll(t)
	w.at(late.Add(144 * time.Hour)) // Tuesday
	w.ringAll(t)
	w.ringAll(t)
	if got := strings.Count(w.names(), "followup-"); got != 3 {
		t.Errorf("%d follow-ups: %s", got, w.names())
	}
	for _, m := range w.sent {
		if (m.Unsubscribe != "") != ledger.IsFollowUp(m.Template) {
			t.Errorf("%s: List-Unsubscribe is %q", m.Template, m.Unsubscribe)
		}
	}
}

func TestASecondSubmissionIsConfirmedAndStartsNoSecondSequence(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.submit(t, ann())
	again := ann()
	again.ID, again.Message = "second", "another question"
	p := w.submit(t, again)
	if len(p.Submissions) != 2 || len(p.Sequence(1)) != 3 || len(p.Sequence(2)) != 0 {
		t.Errorf("%d submissions, sequences of %d and %d", len(p.Submissions), len(p.Sequence(1)), len(p.Sequence(2)))
	}
	w.ringAll(t)
	if strings.Count(w.names(), "confirmation email") != 2 || strings.Count(w.names(), "staff-note") != 2 {
		t.Errorf("sent %s", w.names())
	}
}

func TestATextAtNightWaitsForTheMorning(t *testing.T) {
	t.Parallel()
	w := setup(t)
	night := time.Date(2026, 11, 24, 2, 0, 0, 0, denver)
	w.at(night)
	s := ann()
	s.At = night
	w.submit(t, s)
	w.ringAll(t)
	if strings.Contains(w.names(), "sms") || !strings.Contains(w.names(), "confirmation email") {
		t.Errorf("at 2 a.m. sent %s", w.names())
	}
	r := w.row(t, "1.confirmation", contact.ViaSMS)
	if r.State != ledger.Held || r.Why != gate.ReasonHours || !unix(r.Due).Equal(time.Date(2026, 11, 24, 10, 0, 0, 0, denver)) {
		t.Errorf("the text is %+v", r)
	}
	w.at(unix(r.Due))
	w.ringAll(t)
	if strings.Count(w.names(), "confirmation sms") != 1 {
		t.Errorf("in the morning sent %s", w.names())
	}
}

func TestUntilAPersonHasReadItOnlyTheConfirmationEmailAndTheNoteGo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ReadFirst = true
	p := w.submit(t, ann())
	w.ringAll(t)
	w.at(tuesday.Add(25 * time.Hour))
	w.ringAll(t)
	if strings.Contains(w.names(), "sms") || strings.Contains(w.names(), "followup") || len(w.sent) != 2 {
		t.Fatalf("unread, and sent %s", w.names())
	}
	for range 2 {
		if err := w.desk.Read(t.Context(), p.ID, 1, "staff"); err != nil {
			t.Fatal(err)
		}
	}
	w.ringAll(t)
	if !strings.Contains(w.names(), "followup-1") || strings.Count(w.names(), "confirmation sms") != 1 {
		t.Errorf("read, and sent %s", w.names())
	}
}

func TestWhatNobodyReadsEndsInAVisibleState(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ReadFirst = true
	w.submit(t, ann())
	for _, day := range []int{0, 4, 9, 12, 20, 40} {
		w.at(tuesday.Add(time.Duration(day) * 24 * time.Hour))
		w.ringAll(t)
		w.ringAll(t)
	}
	for _, m := range w.person(t).Messages {
		if m.Row.State.Pending() {
			t.Errorf("%s by %s is still %s until %s", m.Entry, m.Via, m.Row.State, unix(m.Row.Due))
		}
	}
	if len(w.sent) != 2 {
		t.Errorf("sent %s", w.names())
	}
}

func TestAnsweredBookedAndStopEndTheSequence(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"answered", "booked", "stop"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			p := w.submit(t, ann())
			w.ringAll(t)
			for range 2 {
				if err := w.desk.Act(t.Context(), desk.Target{Contact: p.ID, N: 1, Action: action}, "note"); err != nil {
					t.Fatal(err)
				}
			}
			w.at(tuesday.Add(20 * 24 * time.Hour))
			for _, m := range w.person(t).Messages {
				if err := w.ring(t, &m); err != nil {
					t.Fatal(err)
				}
				if ledger.IsFollowUp(m.Entry.Template) && (m.Row.State != ledger.Cancelled || m.Row.By != "note") {
					t.Errorf("%s is %+v", m.Entry, m.Row)
				}
			}
			if strings.Contains(w.names(), "followup") {
				t.Errorf("sent %s", w.names())
			}
		})
	}
}

func TestUnsubscribingIsInForceAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	if err := w.desk.Unsubscribe(t.Context(), p.ID, 1); err != nil {
		t.Fatal(err)
	}
	again := ann()
	again.ID, again.Message = "second", "I wrote again and ticked the box again"
	w.submit(t, again)
	for _, day := range []int{0, 1, 3, 7, 10} {
		w.at(tuesday.Add(time.Duration(day) * 24 * time.Hour))
		w.ringAll(t)
	}
	if strings.Contains(w.names(), "followup") || strings.Count(w.names(), "confirmation email") != 2 {
		t.Errorf("sent %s", w.names())
	}
}

func TestEveryKindHasAHandlerOfExactlyItsName(t *testing.T) {
	t.Parallel()
	routes := setup(t).handlers()
	if len(routes) != len(tasks.All()) {
		t.Errorf("%d handlers for %d kinds", len(routes), len(tasks.All()))
	}
	for _, l := range tasks.All() {
		if routes[l.Name] == nil {
			t.Errorf("%s has no handler", l.Name)
		}
	}
	if err := routes.ProcessTask(t.Context(), asynq.NewTask("message:email2", nil)); !errors.Is(err, asynq.ErrHandlerNotFound) {
		t.Errorf("an unknown kind was caught by a prefix: %v", err)
	}
}

// Stopping is a budget: a task's own time, the worker's grace, the patience of
// whoever stops the process (deploy sets 60 s).
func TestAStoppingWorkerOutlastsEveryTask(t *testing.T) {
	t.Parallel()
	for _, l := range tasks.All() {
		if l.Timeout+5*time.Second > Grace {
			t.Errorf("%s may run %s, but a stopping worker waits %s", l.Name, l.Timeout, Grace)
		}
		if sendTimeout+10*time.Second > l.Timeout && l.Name != tasks.Submitted.Name {
			t.Errorf("%s: a provider may take %s of %s: too little is left to write down what it said", l.Name, sendTimeout, l.Timeout)
		}
	}
	if Grace > 55*time.Second {
		t.Errorf("grace %s: systemd and containers are told to wait 60 s", Grace)
	}
}

func TestTheLogHoldsNothingOfThePerson(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.answer = func(m channel.Message) channel.Outcome {
		return channel.Outcome{State: channel.Refused, Cause: channel.CauseAddress, Code: "550 5.1.1", Err: errors.New("refused")}
	}
	p := w.submit(t, ann())
	w.ringAll(t)
	_, _ = w.desk.Stop(t.Context(), p.ID, 1, desk.By{Name: "note"})
	for _, canary := range []string{"anary", "5550142", "example.com"} {
		if strings.Contains(w.log.String(), canary) {
			t.Errorf("%q stands in the log:\n%s", canary, w.log)
		}
	}
	if !strings.Contains(w.log.String(), "message refused") {
		t.Errorf("the log says nothing: %s", w.log)
	}
}

// A worker that is told to stop finishes what is at the provider, and writes
// down what came of it.
func TestAStoppingWorkerFinishesWhatItHolds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	held, release := make(chan struct{}), make(chan struct{})
	w.answer = func(m channel.Message) channel.Outcome {
		if m.Template == "confirmation" {
			close(held)
			<-release
		}
		return channel.Outcome{State: channel.Accepted}
	}
	s := ann()
	s.Phone, s.ConsentEmail = "", false
	w.Clinic.Staff = nil
	w.submit(t, s)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- w.Run(ctx, w.redis, Concurrency{1, 1, 1}) }()
	<-held
	stop()
	select {
	case err := <-stopped:
		t.Fatalf("stopped with a message in hand: %v", err)
	default:
	}
	close(release)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if r := w.row(t, "1.confirmation", contact.ViaEmail); r.State != ledger.Sent {
		t.Errorf("what was in hand is %+v", r)
	}
}

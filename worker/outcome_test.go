package worker

import (
	"errors"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

func TestOutcomes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		out    channel.Outcome
		via    contact.Via
		state  ledger.State
		why    gate.Reason
		after  time.Duration
		repeat bool
	}{
		{"accepted", channel.Outcome{State: channel.Accepted, ID: "x"}, contact.ViaEmail, ledger.Sent, "", 0, false},
		{"not sent", channel.Outcome{State: channel.NotSent, Err: errors.New("x")}, contact.ViaEmail, ledger.Waiting, gate.ReasonProvider, time.Minute, false},
		{"throttled", channel.Outcome{State: channel.Throttled, After: 90 * time.Second}, contact.ViaSMS, ledger.Waiting, gate.ReasonProvider, 90 * time.Second, false},
		{"bad address", channel.Outcome{State: channel.Refused, Cause: channel.CauseAddress, Code: "550 5.1.1"}, contact.ViaEmail, ledger.NotSent, gate.ReasonDead, 0, false},
		{"missed opt-out", channel.Outcome{State: channel.Refused, Cause: channel.CauseOptOut, Code: "21610"}, contact.ViaSMS, ledger.NotSent, gate.ReasonOptedOut, 0, false},
		{"our credentials", channel.Outcome{State: channel.Refused, Cause: channel.CauseConfig, Code: "20003"}, contact.ViaSMS, ledger.Waiting, gate.ReasonProvider, configWait, false},
		{"content", channel.Outcome{State: channel.Refused, Cause: channel.CauseContent}, contact.ViaEmail, ledger.NotSent, gate.ReasonFiltered, 0, false},
		{"lost answer to an email", channel.Outcome{}, contact.ViaEmail, ledger.Waiting, gate.ReasonLostAnswer, time.Minute, true},
		{"lost answer to a text", channel.Outcome{}, contact.ViaSMS, ledger.Unknown, gate.ReasonLostAnswer, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.answer = func(m channel.Message) channel.Outcome { return c.out }
			p := w.submit(t, ann())
			for _, m := range p.Messages {
				if m.Entry.Template == "confirmation" && m.Via == c.via {
					if err := w.ring(t, &m); err != nil {
						t.Fatal(err)
					}
				}
			}
			r := w.row(t, "1.confirmation", c.via)
			if r.State != c.state || r.Why != c.why || r.Repeat != c.repeat || r.Code != c.out.Code {
				t.Errorf("got %+v", r)
			}
			if c.after != 0 && !unix(r.Due).Equal(tuesday.Add(c.after)) {
				t.Errorf("due after %s, want %s", unix(r.Due).Sub(tuesday), c.after)
			}
		})
	}
}

func TestALostAnswerToAnEmailIsRepeatedOnceUnderTheSameID(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.answer = func(channel.Message) channel.Outcome { return channel.Outcome{} }
	s := ann()
	s.Phone, s.ConsentEmail = "", false
	w.submit(t, s)
	for i := range 5 {
		w.at(tuesday.Add(time.Duration(i) * time.Hour))
		w.ringAll(t)
	}
	ids := map[string]int{}
	for _, m := range w.sent {
		ids[m.ID]++
	}
	for id, n := range ids {
		if n != 2 {
			t.Errorf("%s was handed over %d times", id, n)
		}
	}
	if r := w.row(t, "1.confirmation", contact.ViaEmail); r.State != ledger.Unknown {
		t.Errorf("it ends as %+v", r)
	}
}

func TestADeadProviderIsAskedAgainUntilItIsTooLate(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.answer = func(channel.Message) channel.Outcome { return channel.Outcome{State: channel.NotSent} }
	s := ann()
	s.Phone, s.ConsentEmail = "", false
	w.submit(t, s)
	for i := range 60 {
		w.at(tuesday.Add(time.Duration(i) * time.Hour))
		w.ringAll(t)
	}
	r := w.row(t, "1.confirmation", contact.ViaEmail)
	if r.State != ledger.NotSent || r.Why != gate.ReasonTooLate || r.Tries < 8 || r.Tries > 16 {
		t.Errorf("after 60 hours: %+v", r)
	}
	if r := w.row(t, "1.staff-note", contact.ViaEmail); r.State != ledger.Waiting {
		t.Errorf("the note to staff was given up: %+v", r)
	}
}

// A worker that dies between provider and settle leaves a claim behind.
func TestAnAbandonedClaimIsAnEmailOnceMoreAndATextNever(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	for _, m := range p.Messages {
		if m.Entry.Template != "confirmation" {
			continue
		}
		if _, err := w.Ledger.Claim(t.Context(), &m, "dead", time.Now()); err != nil {
			t.Fatal(err)
		}
		err := w.ring(t, &m)
		if b, ok := errors.AsType[*busy](err); !ok || b.after < 100*time.Second || b.after > 110*time.Second {
			t.Errorf("%s: a claim that may be alive was not waited for: %v", m.Via, err)
		}
		old := m.Row
		old.Since = time.Now().Add(-stale - time.Second).Unix()
		if err := w.Ledger.Settle(t.Context(), &m, old); err != nil {
			t.Fatal(err)
		}
		if err := w.ring(t, &m); err != nil {
			t.Fatal(err)
		}
	}
	if w.names() != "confirmation email" {
		t.Errorf("sent %s", w.names())
	}
	if r := w.row(t, "1.confirmation", contact.ViaEmail); r.State != ledger.Sent || !r.Repeat {
		t.Errorf("the email is %+v", r)
	}
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.Unknown {
		t.Errorf("the text is %+v", r)
	}
}

func TestAnErasedPersonIsNoError(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if err := w.deliver(t.Context(), contact.ViaEmail, tasks.Message{Contact: "nobody", Entry: "1.confirmation"}); err != nil {
		t.Error(err)
	}
}

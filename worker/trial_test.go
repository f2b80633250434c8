package worker

import (
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

func TestOnTrialOnlyStaffGetMessagesAndNothingIsLost(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Trial = true
	w.submit(t, ann())
	w.ringAll(t)
	if got := w.names(); got != "staff-note email" {
		t.Fatalf("sent: %s", got)
	}
	if note := strings.Join(strings.Fields(w.sent[0].Text), " "); !strings.Contains(note, gate.ReasonTrial.Say()) {
		t.Errorf("the note does not say why nobody was answered:\n%s", note)
	}
	for _, v := range []contact.Via{contact.ViaEmail, contact.ViaSMS} {
		if got := w.row(t, "1.confirmation", v); got.State != ledger.Held || got.Why != gate.ReasonTrial {
			t.Errorf("%s: %s, %s", v, got.State, got.Why)
		}
	}
	// An hour later: all of it still says something.
	w.at(tuesday.Add(time.Hour))
	rung, err := w.desk.GoLive(t.Context(), "ann")
	if err != nil || rung != 2 {
		t.Fatal(rung, err)
	}
	w.ringAll(t)
	if got := w.names(); !strings.Contains(got, "confirmation email") || !strings.Contains(got, "confirmation sms") {
		t.Errorf("after going live: %s", got)
	}
	if rung, err := w.desk.GoLive(t.Context(), "ann"); err != nil || rung != 0 {
		t.Errorf("twice: %d, %v", rung, err)
	}
}

func TestWhatCameDuringALongTrialEndsAsTooLate(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Trial = true
	w.submit(t, ann())
	w.ringAll(t)
	w.at(tuesday.Add(30 * time.Hour))
	w.ringAll(t) // the email's own alarm, though nobody went live
	if _, err := w.desk.GoLive(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	w.ringAll(t)
	if got := w.row(t, "1.confirmation", contact.ViaEmail); got.State != ledger.NotSent || got.Why != gate.ReasonTooLate {
		t.Errorf("the email: %s, %s", got.State, got.Why)
	}
	if got := w.row(t, "1.confirmation", contact.ViaSMS); got.State != ledger.Sent && got.State != ledger.Held {
		t.Errorf("the text, which lives for three days: %s, %s", got.State, got.Why)
	}
}

func TestStaffCanTryItOutOnThemselves(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Trial, w.Clinic.StaffPhone = true, []string{"+13035550142"}
	s := ann()
	s.Email = "Desk@JoyDeVie.example"
	w.submit(t, s)
	w.ringAll(t)
	if got := w.names(); !strings.Contains(got, "confirmation email") || !strings.Contains(got, "confirmation sms") {
		t.Errorf("sent: %s", got)
	}
	w.Clinic.StaffPhone = nil
	w.Clinic.Staff = append(w.Clinic.Staff, "+13035550142") // no address of the list is a number
	s.ID, s.Email, s.Phone, s.Message = "another", "", "+13035550143", "other words"
	if err := w.submitted(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(w.names(), "+13035550143") {
		t.Error("a number that nobody listed got a text")
	}
}

func TestGoingLiveAtTheMomentOfHoldingHoldsNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Trial = true
	p := w.submit(t, ann())
	m := p.Messages[0]
	if _, err := w.Ledger.Claim(t.Context(), &m, "try", time.Now()); err != nil {
		t.Fatal(err)
	}
	// Between the claim, which saw a trial, and the hold somebody goes live and
	// finds nothing held.
	if rung, err := w.desk.GoLive(t.Context(), "ann"); err != nil || rung != 0 {
		t.Fatal(rung, err)
	}
	if err := w.refrain(t.Context(), &m, gate.Verdict{Do: gate.Hold, Until: tuesday.Add(day), Why: gate.ReasonTrial}); err != nil {
		t.Fatal(err)
	}
	if m.Row.State != ledger.Waiting || m.Row.Due > tuesday.Unix() {
		t.Errorf("%s until %s", m.Row.State, unix(m.Row.Due))
	}
}

const day = 24 * time.Hour

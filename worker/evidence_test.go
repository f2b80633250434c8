package worker

import (
	"context"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel/twilio"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/twiliotest"
)

// lost is a world whose confirmation text was answered with that fault, by a
// Twilio that can be asked. Its clock begins now, since Twilio's does.
func lost(t *testing.T, fault twiliotest.Fault) (*world, *twiliotest.Server, time.Time) {
	t.Helper()
	w := setup(t)
	start := time.Now().Truncate(time.Second)
	w.at(start)
	w.Windows = hours.Always()
	srv := twiliotest.Start(t)
	text, err := twilio.New(twilio.Settings{AccountSID: srv.AccountSID, AuthToken: srv.AuthToken, From: "+13035550100", BaseURL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	w.Channels[contact.ViaSMS] = text
	w.Evidence = func(ctx context.Context, to contact.Phone, words string, since time.Time) (ledger.Report, bool, error) {
		sid, status, found, err := text.Find(ctx, string(to), words, since)
		if status != "queued" {
			t.Errorf("status %q", status)
		}
		return ledger.Report{State: ledger.Sent, Provider: sid}, found, err
	}
	srv.Fail("", 1, fault)
	s := ann()
	s.At = start
	w.submit(t, s)
	w.ringAll(t)
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.Unknown || r.Why != gate.ReasonLostAnswer {
		t.Fatalf("%+v", r)
	}
	return w, srv, start
}

func TestATextWhoseAnswerWasLostIsFoundAtItsProvider(t *testing.T) {
	t.Parallel()
	w, srv, start := lost(t, twiliotest.BrokenAfter())
	w.at(start.Add(3 * time.Minute))
	w.sweepOnce(t)
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.Unknown {
		t.Errorf("settled while the request might be on its way: %+v", r)
	}
	w.at(start.Add(8 * time.Minute))
	w.sweepOnce(t)
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.Sent || r.Provider != srv.Messages()[0].SID {
		t.Errorf("not found: %+v", r)
	}
	if len(srv.Messages()) != 1 {
		t.Errorf("%d texts", len(srv.Messages()))
	}
}

func TestATextIsFoundADayLaterThoughItsWordsWouldPromiseAnotherTimeNow(t *testing.T) {
	t.Parallel()
	w, srv, start := lost(t, twiliotest.BrokenAfter())
	w.at(start.Add(24*time.Hour + 5*time.Minute))
	w.sweepOnce(t)
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.Sent || r.Provider != srv.Messages()[0].SID {
		t.Errorf("not found: %+v", r)
	}
}

// The words at the provider are the evidence: they stay until it is used.
func TestAnUnknownTextIsEmptiedAfterItWasFoundAndNeverBefore(t *testing.T) {
	t.Parallel()
	w, srv, start := lost(t, twiliotest.BrokenAfter())
	find := w.Evidence
	w.Redact = func(context.Context, string) error { return nil }
	w.Evidence = func(context.Context, contact.Phone, string, time.Time) (rep ledger.Report, found bool, err error) {
		return
	}
	for after := time.Duration(0); after < 23*time.Hour; after += 30 * time.Minute {
		w.at(start.Add(after))
		if w.sweepOnce(t); w.redacting(t) != 0 {
			t.Fatalf("emptied %s after it was sent, and nobody knows whether it was", after)
		}
	}
	w.Evidence = func(ctx context.Context, to contact.Phone, words string, since time.Time) (ledger.Report, bool, error) {
		rep, found, err := find(ctx, to, words, since)
		rep.State = ledger.Delivered
		return rep, found, err
	}
	w.at(start.Add(24*time.Hour + 5*time.Minute))
	if w.sweepOnce(t); w.redacting(t) != 1 {
		t.Errorf("found and not emptied: %+v, %d texts", w.row(t, "1.confirmation", contact.ViaSMS), len(srv.Messages()))
	}
}

func TestATextThatNobodyHasSeenStaysUnknownAndIsNeverSentAgain(t *testing.T) {
	t.Parallel()
	w, srv, start := lost(t, twiliotest.Gateway()) // it was not made, and nobody can know
	asked := 0
	w.Evidence = func(context.Context, contact.Phone, string, time.Time) (ledger.Report, bool, error) {
		asked++
		return ledger.Report{}, false, nil
	}
	for at := start; at.Before(start.Add(48 * time.Hour)); at = at.Add(10 * time.Minute) {
		w.at(at)
		w.sweepOnce(t)
	}
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.Unknown || len(srv.Messages()) != 0 {
		t.Errorf("%+v, %d texts", r, len(srv.Messages()))
	}
	if asked < 3 || asked > 2*len(evidenceAges)+8 {
		t.Errorf("asked %d times", asked)
	}
}

func TestAnotherTextWithTheSameWordsIsNoEvidence(t *testing.T) {
	t.Parallel()
	w, srv, start := lost(t, twiliotest.Gateway())
	w.Evidence = func(context.Context, contact.Phone, string, time.Time) (ledger.Report, bool, error) {
		return ledger.Report{State: ledger.Sent, Provider: "provider-id"}, true, nil // that of the email in this world
	}
	w.at(start.Add(10 * time.Minute))
	w.sweepOnce(t)
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.Unknown {
		t.Errorf("%+v, %d texts", r, len(srv.Messages()))
	}
}

func TestOneSweepAsksAProviderOnlySoOften(t *testing.T) {
	t.Parallel()
	w, _, start := lost(t, twiliotest.BrokenAfter())
	w.at(start.Add(10 * time.Minute))
	p := w.person(t)
	for _, m := range p.Messages {
		if m.Via != contact.ViaSMS {
			continue
		}
		r := &round{asked: evidenceMost}
		next, err := w.seek(t.Context(), p, &m, r)
		if err != nil || r.asked != evidenceMost || !next.After(w.Worker.now()) {
			t.Errorf("asked %d times, next %s, %v", r.asked, next, err)
		}
	}
}

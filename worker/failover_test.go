package worker

import (
	"context"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// rawRow is a row as it lies in Redis; a value sets it, as a failover does that
// has lost what was written last.
func (w *world) rawRow(t *testing.T, id contact.ID, entry string, v contact.Via, value ...string) string {
	t.Helper()
	key, field := "f:{"+string(id)+"}", "m/"+entry+"/"+string(v)
	for _, raw := range value {
		w.redis.HSet(t.Context(), key, field, raw)
	}
	return w.redis.HGet(t.Context(), key, field).Val()
}

func TestAMessageWhoseClaimAFailoverLostIsWrittenDownByWhoSentIt(t *testing.T) {
	t.Parallel()
	for state, want := range map[channel.State]ledger.State{channel.Accepted: ledger.Sent, channel.Unknown: ledger.Unknown} {
		w := setup(t)
		p := w.submit(t, ann())
		before := w.rawRow(t, p.ID, "1.confirmation", contact.ViaSMS)
		w.answer = func(channel.Message) channel.Outcome {
			w.rawRow(t, p.ID, "1.confirmation", contact.ViaSMS, before)
			return channel.Outcome{State: state}
		}
		_ = w.ring(t, w.load(t, "1.confirmation", contact.ViaSMS))
		if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != want || r.Try != "" {
			t.Errorf("%s by the provider, and the text is %+v", state, r)
		}
		_ = w.ring(t, w.load(t, "1.confirmation", contact.ViaSMS))
		if len(w.sent) != 1 {
			t.Errorf("sent %d times: %s", len(w.sent), w.names())
		}
	}
}

// The other way round nothing may be overwritten: whoever holds it now decides.
func TestWhatSomebodyElseClaimedAfterAFailoverIsLeftToThem(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	before := w.rawRow(t, p.ID, "1.confirmation", contact.ViaSMS)
	other := w.load(t, "1.confirmation", contact.ViaSMS)
	w.answer = func(channel.Message) channel.Outcome {
		w.rawRow(t, p.ID, "1.confirmation", contact.ViaSMS, before)
		if _, err := w.Ledger.Claim(t.Context(), other, "OTHER", time.Now()); err != nil {
			t.Error(err)
		}
		return channel.Outcome{State: channel.Accepted}
	}
	_ = w.ring(t, w.load(t, "1.confirmation", contact.ViaSMS))
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.Sending || r.Try != "OTHER" {
		t.Errorf("it is %+v", r)
	}
}

// A failover lost the claim, and the worker died with it: the row says that the
// message waits. Its provider knows better, and says so under our own id.
func TestWhatAProviderReportsAsItsOwnIsNotSentAgain(t *testing.T) {
	t.Parallel()
	for _, state := range []ledger.State{ledger.Sent, ledger.Delivered} {
		for _, hold := range []bool{false, true} {
			w := setup(t)
			w.ReadFirst = hold
			p := w.submit(t, ann())
			if hold {
				w.do(t, p, "1.confirmation", contact.ViaSMS)
			}
			m := w.load(t, "1.confirmation", contact.ViaSMS)
			changed, err := w.Ledger.Report(t.Context(), p.ID, m.Entry, m.Via, ledger.Report{State: state, Provider: "SM1"}, nil)
			if !changed || err != nil {
				t.Fatalf("%s of one that is %s: %v, %v", state, m.Row.State, changed, err)
			}
			w.do(t, p, "1.confirmation", contact.ViaSMS)
			if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != state || r.Provider != "SM1" || len(w.sent) != 0 {
				t.Errorf("%+v, sent %q", r, w.names())
			}
		}
	}
}

func TestAMessageThatStaffSendOnceMoreIsLookedAfter(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	w.answer = refused(channel.CauseOther, "21612")
	w.do(t, p, "1.confirmation", contact.ViaSMS)
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.NotSent || r.Why != gate.ReasonRefused {
		t.Fatalf("%+v", r)
	}
	m := w.load(t, "1.confirmation", contact.ViaSMS)
	w.redis.ZRem(t.Context(), "f:due", string(p.ID)) // the sweeper has found everything done
	if _, err := w.desk.Retry(t.Context(), p.ID, m.Entry, m.Via, desk.By{Name: "bea"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.redis.ZScore(t.Context(), "f:due", string(p.ID)).Result(); err != nil {
		t.Errorf("if its alarm is lost, nobody looks: %v", err)
	}
}

// planned reads a message as a worker does.
func (w *world) load(t *testing.T, entry string, v contact.Via) *ledger.Planned {
	t.Helper()
	e, err := ledger.ParseEntry(entry)
	if err != nil {
		t.Fatal(err)
	}
	m, err := w.Ledger.Message(t.Context(), w.person(t).ID, e, v)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A text whose worker died is found at its provider though nobody could say for
// hours that its answer was lost.
func TestATextIsSoughtFromWhenItsProviderWasAsked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	m := w.load(t, "1.confirmation", contact.ViaSMS)
	asked := time.Now().Add(-3 * time.Hour).Truncate(time.Second)
	if _, err := w.Ledger.Claim(t.Context(), m, "DIED", asked); err != nil {
		t.Fatal(err)
	}
	w.at(time.Now().Truncate(time.Second))
	w.do(t, p, "1.confirmation", contact.ViaSMS)
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.Unknown {
		t.Fatalf("%+v", r)
	}
	var since time.Time
	w.Evidence = func(_ context.Context, _ contact.Phone, _ string, from time.Time) (ledger.Report, bool, error) {
		since = from
		return ledger.Report{}, false, nil
	}
	w.at(time.Now().Add(10 * time.Minute))
	w.sweepOnce(t)
	if since.IsZero() || since.After(asked) || since.Before(asked.Add(-time.Hour)) {
		t.Errorf("sought from %s, and it went at %s", since, asked)
	}
}

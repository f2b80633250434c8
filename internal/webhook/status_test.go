package webhook_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/webhook"
)

// report tells what became of the text named by Twilio as sid.
func (w *world) report(t testing.TB, m *ledger.Planned, sid, status, code string) {
	t.Helper()
	f := url.Values{"MessageSid": {sid}, "MessageStatus": {status}, "To": {string(m.Submission.Phone)}, "From": {ourNum}, "RawDlrDoneDate": {"2611241900"}}
	if code != "" {
		f.Set("ErrorCode", code)
	}
	if answered, body := w.post(webhook.TwilioStatus+"?m="+m.ID(), f, ""); answered != http.StatusNoContent || body != "" {
		t.Fatalf("%s: answered %d %q", status, answered, body)
	}
}

func TestReportsMoveForwardOnlyInWhateverOrderTheyCome(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, c := range []struct {
		statuses string
		want     ledger.State
	}{
		{"queued sending sent delivered", ledger.Delivered},
		{"delivered sent sending queued", ledger.Delivered},
		{"sent delivered delivered sent", ledger.Delivered},
		{"delivered undelivered", ledger.Delivered},
		{"undelivered delivered", ledger.Delivered},
		{"undelivered sent queued", ledger.Undelivered},
		{"failed sending", ledger.Undelivered},
		{"sending sent", ledger.Sent},
		{"a_status_of_tomorrow", ledger.Sent},
		{"", ledger.Sent},
	} {
		id, _ := w.somebody(t)
		m := w.message(t, id, "confirmation", contact.ViaSMS)
		w.bring(t, m, "SM1", ledger.Sending, ledger.Sent)
		for status := range strings.FieldsSeq(c.statuses) {
			w.report(t, m, "SM1", status, "")
			w.report(t, m, "SM1", status, "")
		}
		if got := w.message(t, id, "confirmation", contact.ViaSMS).Row; got.State != c.want {
			t.Errorf("%q: %s", c.statuses, got.State)
		}
	}
}

func TestAReportSettlesWhatWasUnknown(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for status, want := range map[string]ledger.State{
		"queued": ledger.Sent, "sent": ledger.Sent, "delivered": ledger.Delivered, "undelivered": ledger.Undelivered, "received": ledger.Unknown,
	} {
		id, _ := w.somebody(t)
		m := w.message(t, id, "confirmation", contact.ViaSMS)
		w.bring(t, m, "", ledger.Sending, ledger.Unknown)
		w.report(t, m, "SMfound", status, "")
		got := w.message(t, id, "confirmation", contact.ViaSMS).Row
		if got.State != want || (want != ledger.Unknown && got.Provider != "SMfound") {
			t.Errorf("%s: %+v", status, got)
		}
	}
}

func TestAReportWaitsForTheWorkerThatHoldsTheMessage(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.ann(t)
	m := w.message(t, id, "confirmation", contact.ViaSMS)
	w.bring(t, m, "", ledger.Sending)
	w.report(t, m, "SM1", "delivered", "")
	if got := w.message(t, id, "confirmation", contact.ViaSMS).Row; got.State != ledger.Sending || w.queued(t, "provider:report") != 1 {
		t.Errorf("%s with %d tasks", got.State, w.queued(t, "provider:report"))
	}
}

func TestAReportThatProvesNothingChangesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.ann(t)
	m := w.message(t, id, "confirmation", contact.ViaSMS)
	w.bring(t, w.message(t, id, "confirmation", contact.ViaEmail), "", ledger.Sending, ledger.Sent) // an email is none of Twilio's
	before := w.everything(t)
	w.report(t, m, "SM1", "undelivered", "30003") // of an attempt before the one that waits
	w.report(t, m, "not a sid", "delivered", "")
	for _, name := range []string{"", "nobody.1.confirmation.sms", "x", string(id) + ".1.confirmation.email", string(id) + ".9.confirmation.sms"} {
		f := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"delivered"}, "To": {annsNum}}
		if status, _ := w.post(webhook.TwilioStatus+"?m="+url.QueryEscape(name), f, ""); status != http.StatusNoContent {
			t.Errorf("%q: answered %d", name, status)
		}
	}
	if w.everything(t) != before {
		t.Error("something changed")
	}
	w.bring(t, m, "SM1", ledger.Sending, ledger.Sent)
	w.report(t, m, "SMother", "undelivered", "30003")
	if got := w.message(t, id, "confirmation", contact.ViaSMS).Row.State; got != ledger.Sent {
		t.Errorf("a report about another message made it %s", got)
	}
}

func TestTheCodeSaysWhetherTheNumberIsBlocked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for code, want := range map[string]gate.Suppression{
		"21610": gate.OptedOut, "30005": gate.Dead, "30006": gate.Dead, "30003": "", "30004": "", "30007": "", "99999": "", "x'; DROP": "",
	} {
		id, number := w.somebody(t)
		m := w.message(t, id, "confirmation", contact.ViaSMS)
		w.bring(t, m, "SM1", ledger.Sending, ledger.Sent)
		w.report(t, m, "SM1", "undelivered", code)
		got := w.message(t, id, "confirmation", contact.ViaSMS).Row
		if got.State != ledger.Undelivered || w.blocked(t, number) != want || got.Why != gate.Reason(want) || strings.Contains(got.Code, "DROP") {
			t.Errorf("%s: %+v, blocked %q", code, got, w.blocked(t, number))
		}
		if want == gate.OptedOut {
			if r := w.message(t, id, "reminder", contact.ViaSMS).Row; r.State != ledger.Cancelled {
				t.Errorf("the reminder is %s", r.State)
			}
		}
	}
}

func TestADeadNumberNeverHidesAnOptOut(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ann(t)
	w.send(t, w.text(annsNum, "STOP"))
	if err := w.Block(t.Context(), contact.ViaSMS, annsNum, gate.Dead, "provider", "30005"); err != nil {
		t.Fatal(err)
	}
	if why := w.blocked(t, annsNum); why != gate.OptedOut {
		t.Errorf("now %q", why)
	}
}

func TestAForgedReportChangesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.ann(t)
	m := w.message(t, id, "confirmation", contact.ViaSMS)
	w.bring(t, m, "SM1", ledger.Sending, ledger.Sent)
	before := w.everything(t)
	f := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"undelivered"}, "To": {annsNum}, "ErrorCode": {"21610"}}
	if status, _ := w.post(webhook.TwilioStatus+"?m="+m.ID(), f, "Zm9yZ2Vk"); status != http.StatusForbidden || w.everything(t) != before {
		t.Errorf("answered %d", status)
	}
}

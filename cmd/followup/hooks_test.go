package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/alarm"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/internal/twiliotest"
	"github.com/joydevie/followup/internal/webhook"
	"github.com/joydevie/followup/tasks"
	"github.com/joydevie/followup/worker"
)

// hook posts a webhook to the process as Twilio does: signed over the public
// URL, carried to wherever the process listens.
func (w *clinicWorld) hook(base, path string, f url.Values, token string) (int, string) {
	w.t.Helper()
	body := f.Encode()
	r, err := http.NewRequest(http.MethodPost, base+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", twiliotest.Sign(token, "http://127.0.0.1:8080"+path, f))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer.StatusCode, string(said)
}

func text(sid, from, body string) url.Values {
	return url.Values{"MessageSid": {sid}, "From": {from}, "To": {"+13035550100"}, "Body": {body}, "NumMedia": {"0"}}
}

// book opens the ledger that the process uses.
func (w *clinicWorld) book() (*ledger.Ledger, alarm.Clock) {
	w.t.Helper()
	for _, e := range w.env {
		text, ok := strings.CutPrefix(e, "FOLLOWUP_KEYSET=")
		if !ok {
			continue
		}
		keys, err := seal.Parse(text)
		if err != nil {
			w.t.Fatal(err)
		}
		rdb := w.redis.Client()
		return ledger.New(rdb, keys, time.Now), alarm.Clock{Tasks: tasks.NewClient(rdb, keys), Plan: hours.NewClock(1, nil)}
	}
	w.t.Fatal("no key set")
	return nil, alarm.Clock{}
}

// A thousand texts to one number are queued, claimed and in hand when its STOP
// is answered: what goes after that was at Twilio already. They are reminders,
// which no cap holds back.
func TestNothingGoesToANumberOnceItsStopIsAnswered(t *testing.T) {
	t.Parallel()
	const number, queued = "+13035550142", 1000
	w := newClinicWorld(t)
	book, clock := w.book()
	rdb := w.redis.Client()
	for i := range queued {
		s := contact.Submission{
			ID: fmt.Sprint("s", i), At: time.Now(), Email: contact.Email(fmt.Sprintf("ann%d@example.com", i)), Phone: number,
			Language: contact.English, Consent: contact.Consent{SMS: true},
		}
		admitted, err := book.Admit(t.Context(), s, ledger.Once{Content: s.ID}, func(*ledger.Person) ledger.Plan {
			return ledger.Plan{Steps: []ledger.Step{{Template: "reminder", Via: contact.ViaSMS, Due: s.At}}}
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range admitted.Steps {
			if err := clock.Ring(t.Context(), &m); err != nil {
				t.Fatal(err)
			}
		}
		// A household, one number: each next form is another person's.
		if err := rdb.Del(t.Context(), rdb.Keys(t.Context(), "f:by:phone:*").Val()...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	p := launch(t, w.env, "run")
	base := p.port("public")
	eventually(t, "texts being sent", func() bool { return len(w.twilio.Messages()) >= 20 })
	// Now Twilio is slow: every worker has a text in its call when the STOP comes.
	answer, had := w.twilio.Slow(), len(w.twilio.Messages())
	eventually(t, "texts in the call", func() bool { return len(w.twilio.Messages()) >= had+worker.DefaultConcurrency.SMS })
	stop := text("SMstop", number, "STOP")
	start := time.Now()
	status, said := w.hook(base, webhook.TwilioInbound, stop, w.twilio.AuthToken)
	took, before := time.Since(start), len(w.twilio.Messages())
	inHand := strings.Count(w.dump("f:{*}"), `"state":"sending"`)
	answer()
	if status != http.StatusOK || said != "<Response/>" {
		t.Fatalf("answered %d %q", status, said)
	}
	eventually(t, "every text being settled", func() bool { return !onTheWay.MatchString(w.dump("f:{*}")) })
	after := len(w.twilio.Messages()) - before
	t.Logf("answered in %s; %d of %d had gone, %d of them in the call", took, before, queued, inHand)
	if after > 0 {
		t.Errorf("%d texts were handed over after the answer", after)
	}
	eventually(t, "the timelines naming them", func() bool { return strings.Count(w.dump("f:{*}:log"), `"in_hand"`) == inHand })
	if inHand != worker.DefaultConcurrency.SMS {
		t.Errorf("%d texts were in the call, want %d", inHand, worker.DefaultConcurrency.SMS)
	}
	for person, log := range w.logs() {
		if text := w.dump(person); strings.Contains(log, `"in_hand"`) && !strings.Contains(text, `"state":"sent"`) {
			t.Errorf("named, and did not go: %s", text)
		}
	}
	if before+after > queued/2 {
		t.Errorf("%d of %d had gone when the STOP came: it proves little", before+after, queued)
	}

	// Nothing that is not signed, whole and new changes that.
	again := text("SMstart", number, "START")
	for name, try := range map[string]func() int{
		"forged":    func() int { s, _ := w.hook(base, webhook.TwilioInbound, again, "forged"); return s },
		"elsewhere": func() int { s, _ := w.hook(base, webhook.TwilioInbound+"?x", again, "x"); return s },
	} {
		if got := try(); got != http.StatusForbidden {
			t.Errorf("%s: answered %d", name, got)
		}
	}
	if dump := w.dump("f:stop:*"); dump != "opted_out" {
		t.Errorf("suppressed: %q", dump)
	}
	if s, _ := w.hook(base, webhook.TwilioInbound, again, w.twilio.AuthToken); s != http.StatusOK || w.dump("f:stop:*") != "" {
		t.Errorf("START: answered %d, suppressed %q", s, w.dump("f:stop:*"))
	}
	if s, _ := w.hook(base, webhook.TwilioInbound, stop, w.twilio.AuthToken); s != http.StatusOK || w.dump("f:stop:*") != "" {
		t.Errorf("the STOP again: answered %d, suppressed %q", s, w.dump("f:stop:*"))
	}
	if got := len(w.twilio.Messages()); got != before+after {
		t.Errorf("START sent %d cancelled texts", got-before-after)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("stopped with %d", code)
	}
}

// logs gives the timeline of each person by the key of the person.
func (w *clinicWorld) logs() map[string]string {
	logs := map[string]string{}
	for _, key := range w.redis.Client().Keys(w.t.Context(), "f:{*}:log").Val() {
		logs[strings.TrimSuffix(key, ":log")] = w.dump(key)
	}
	return logs
}

func TestAReplyReachesStaffAndAReportTheLedger(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	p := launch(t, w.env, "run")
	base := p.port("public")
	post(t, base, canary)
	eventually(t, "the text", func() bool {
		return len(w.twilio.Messages()) == 1 && strings.Contains(w.dump("f:{*}"), `"provider":"SM`)
	})
	sent := w.twilio.Messages()[0]
	callback, err := url.Parse(sent.StatusCallback)
	if err != nil || callback.Fragment == "" {
		t.Fatal(err, sent.StatusCallback)
	}
	report := url.Values{"MessageSid": {sent.SID}, "MessageStatus": {"delivered"}, "To": {sent.To}, "From": {sent.From}}
	if status, _ := w.hook(base, callback.RequestURI(), report, w.twilio.AuthToken); status != http.StatusNoContent {
		t.Errorf("the report: answered %d", status)
	}
	eventually(t, "the report in the ledger", func() bool { return strings.Contains(w.dump("f:{*}"), `"state":"delivered"`) })

	if status, said := w.hook(base, webhook.TwilioInbound, text("SMreply", sent.To, "zebra crossing: can you stop by?"), w.twilio.AuthToken); status != http.StatusOK || said != "<Response/>" {
		t.Errorf("the reply: answered %d %q", status, said)
	}
	eventually(t, "the note to staff", func() bool { return len(w.mailTo("desk@joydevie.example")) == 2 })
	if all := w.dump("f:{*}"); !strings.Contains(all, `"cancelled","why":"replied"`) || strings.Contains(all, `"optout"`) {
		t.Errorf("the follow-ups go on: %s", all)
	}
	if status, said := w.hook(base, webhook.TwilioInbound, text("SMhelp", sent.To, "AYUDA"), w.twilio.AuthToken); status != http.StatusOK || !strings.Contains(said, "988") {
		t.Errorf("AYUDA: answered %d %q", status, said)
	}
	w.nothingPersonal(p)
	if r, err := http.Post(base+webhook.SendGrid, "application/json", strings.NewReader("[]")); err != nil || r.StatusCode != http.StatusNotFound {
		t.Errorf("SendGrid without a key: %v %v", r, err)
	}
}

// What was said stands with us, and Twilio keeps no copy of it.
func TestTwilioKeepsNoWordsOnceATextHasArrivedOrWasTakenIn(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	const words, ours = "zebra crossing: can you stop by?", "+13035550100"
	// talk has a text go out and arrive, and one come back.
	talk := func(p *process, n int) {
		t.Helper()
		form, base := maps.Clone(canary), p.port("public")
		form["phone"], form["email"] = fmt.Sprintf("(303) 555-01%d", 41+n), fmt.Sprintf("canaria%d@mailbox.example", n)
		post(t, base, form)
		eventually(t, "the text", func() bool { return strings.Count(w.dump("f:{*}"), `"provider":"SM`) == n })
		sent := w.twilio.Messages()[n-1]
		callback, err := url.Parse(sent.StatusCallback)
		if err != nil {
			t.Fatal(err)
		}
		w.twilio.Become(sent.SID, "delivered")
		report := url.Values{"MessageSid": {sent.SID}, "MessageStatus": {"delivered"}, "To": {sent.To}, "From": {ours}}
		if status, _ := w.hook(base, callback.RequestURI(), report, w.twilio.AuthToken); status != http.StatusNoContent {
			t.Errorf("the report: answered %d", status)
		}
		w.hook(base, webhook.TwilioInbound, text(w.twilio.Receive(sent.To, ours, words), sent.To, words), w.twilio.AuthToken)
	}
	keeping := launch(t, append(slices.Clone(w.env), "TWILIO_REDACT=0"), "run")
	talk(keeping, 1)
	if code := keeping.stop(); code != 0 || strings.Contains(w.dump("asynq:*"), "redact") {
		t.Errorf("stopped with %d; %s", code, w.dump("asynq:*"))
	}
	p := launch(t, w.env, "run")
	talk(p, 2)
	eventually(t, "the words being gone", func() bool { return w.twilio.Messages()[1].Body == "" && w.twilio.Received()[1].Body == "" })
	if w.twilio.Messages()[0].Body == "" || w.twilio.Received()[0].Body != words {
		t.Error("emptied though the clinic keeps them there")
	}
	eventually(t, "the notes to staff", func() bool {
		n := 0
		for _, m := range w.mail.Messages() {
			if m.To == "desk@joydevie.example" && strings.Contains(m.Text, words) {
				n++
			}
		}
		return n == 2
	})
	w.nothingPersonal(keeping, p)
}

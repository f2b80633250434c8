package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/webhook"
)

// Every script's keys must lie in one slot: on a Cluster the whole way of a
// message is walked, and nothing may complain.
func TestEverythingWorksOnACluster(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	url, nodes := redistest.StartNodes(t, 3, 0)
	w.env = w.with("FOLLOWUP_REDIS_URL="+url, "FOLLOWUP_GUARD=off",
		"FOLLOWUP_CLINIC="+clinicFile(t, "pace: {email: {per_second: 5, per_day: 100}, sms: {per_second: 5, per_day: 100}}"))
	p := launch(t, w.env, "run")
	base := p.port("public")
	const people = 6
	for i := range people {
		form := map[string]any{"email": person(i), "phone": number(i), "consent_sms": true, "consent_email": true, "name": "Ann Lee", "message": fmt.Sprint("canary ", i)}
		if status, body := post(t, base, form); status != http.StatusAccepted {
			t.Fatal(status, body)
		}
	}
	eventually(t, "everybody's confirmations", func() bool { return len(w.mail.Messages()) == 2*people && len(w.twilio.Messages()) == people })
	if status, body := w.hook(base, webhook.TwilioInbound, text("SMstop", number(0), "STOP"), w.twilio.AuthToken); status != http.StatusOK {
		t.Errorf("STOP: %d %s", status, body)
	}
	if status, body := w.hook(base, webhook.TwilioInbound, text("SMwords", number(1), "when do you open?"), w.twilio.AuthToken); status != http.StatusOK {
		t.Errorf("words: %d %s", status, body)
	}
	eventually(t, "the note about the reply", func() bool { return len(w.mail.Messages()) > 2*people })
	for _, m := range w.mail.Messages() {
		if i := strings.Index(m.Text, "http://127.0.0.1:8080/n/"); i >= 0 && m.To == "desk@joydevie.example" {
			link, _, _ := strings.Cut(m.Text[i:], "\n")
			r, err := http.Post(base+strings.TrimPrefix(strings.TrimSpace(link), "http://127.0.0.1:8080"), "", nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Body.Close(); r.StatusCode != http.StatusOK {
				t.Errorf("a note's link: %d", r.StatusCode)
			}
		}
	}
	eventually(t, "a sweep, which comes after a minute", func() bool {
		if !longFaults() {
			return true
		}
		for _, n := range nodes {
			if n.Client().Exists(t.Context(), "f:swept").Val() == 1 {
				return true
			}
		}
		return false
	})
	keys := 0
	for _, n := range nodes {
		keys += int(n.Client().DBSize(t.Context()).Val())
	}
	for _, word := range []string{"CROSSSLOT", "WARN", "ERROR"} {
		for line := range strings.Lines(p.log.String()) {
			if strings.Contains(line, word) && !strings.Contains(line, "maxmemory") {
				t.Errorf("the log complains: %s", line)
			}
		}
	}
	if code := p.stop(); code != 0 || keys < 10*people {
		t.Errorf("stopped with %d; %d keys", code, keys)
	}
}

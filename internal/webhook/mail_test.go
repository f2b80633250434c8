package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/webhook"
)

// tell posts to the endpoint for any relay, signed at that time.
func (w *world) tell(t testing.TB, secret string, at time.Time, events ...event) int {
	t.Helper()
	raw, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	return w.tellRaw(secret, at, string(raw))
}

func (w *world) tellRaw(secret string, at time.Time, raw string) int {
	stamp := strconv.FormatInt(at.Unix(), 10)
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(stamp + "." + raw))
	r := httptest.NewRequest(http.MethodPost, webhook.Mail, strings.NewReader(raw))
	r.Header.Set("Followup-Timestamp", stamp)
	r.Header.Set("Followup-Signature", hex.EncodeToString(h.Sum(nil)))
	status, _ := w.do(r)
	return status
}

func TestAnyRelayCanSayWhatBecameOfAnEmail(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, c := range []struct {
		name  string
		event event
		why   gate.Suppression
		row   string // its state, why and code afterwards
	}{
		{"a dead address", event{"event": "bounced", "permanent": true, "status": "5.1.1"}, gate.Dead, "undelivered dead_address 5.1.1"},
		{"a full mailbox", event{"event": "bounced", "status": "4.2.2"}, "", "undelivered  4.2.2"},
		{"words for a code", event{"event": "bounced", "status": "5.1.1 no canary here"}, "", "undelivered"},
		{"a complaint", event{"event": "complained"}, gate.Unsubscribed, "sent"},
		{"an unsubscription", event{"event": "unsubscribed"}, gate.Unsubscribed, "sent"},
		{"a delivery", event{"event": "delivered"}, "", "delivered"},
		{"of a message that it does not name", event{"event": "delivered", "message_id": ""}, "", "sent"},
		{"of one without brackets", event{"event": "delivered", "bare": true}, "", "delivered"},
	} {
		id, _ := w.somebody(t)
		m := w.message(t, id, "confirmation", contact.ViaEmail)
		w.bring(t, m, "", ledger.Sending, ledger.Sent)
		address, name := string(m.Submission.Email), m.ID()+"@joydevie.example"
		c.event["id"], c.event["address"] = c.name, address
		if c.event["bare"] == nil {
			name = "<" + name + ">"
		}
		if c.event["message_id"] == nil {
			c.event["message_id"] = name
		}
		if status := w.tell(t, mailSecret, w.now(), c.event); status != http.StatusNoContent {
			t.Errorf("%s: answered %d", c.name, status)
		}
		if got := w.blockedMail(t, address); got != c.why {
			t.Errorf("%s: blocked %q, want %q", c.name, got, c.why)
		}
		row := w.message(t, id, "confirmation", contact.ViaEmail).Row
		if got := strings.TrimSpace(fmt.Sprintf("%s %s %s", row.State, row.Why, row.Code)); got != c.row {
			t.Errorf("%s: its row says %q, want %q", c.name, got, c.row)
		}
		// Told again, after staff have lifted it: nothing.
		if c.why != "" {
			if _, err := w.Lift(t.Context(), contact.ViaEmail, address, "bea", "asked for"); err != nil {
				t.Fatal(err)
			}
		}
		if status := w.tell(t, mailSecret, w.now(), c.event); status != http.StatusNoContent || w.blockedMail(t, address) != "" {
			t.Errorf("%s, again: answered %d, blocked %q", c.name, status, w.blockedMail(t, address))
		}
	}
}

func TestWhatIsForgedOldOrFaultyChangesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ann(t)
	bounce := event{"id": "1", "event": "bounced", "permanent": true, "address": annsMail}
	for name, c := range map[string]struct {
		got, want int
	}{
		"forged":      {w.tell(t, "another secret of thirty-two letters", w.now(), bounce), http.StatusForbidden},
		"old":         {w.tell(t, mailSecret, w.now().Add(-6*time.Minute), bounce), http.StatusForbidden},
		"of tomorrow": {w.tell(t, mailSecret, w.now().Add(6*time.Minute), bounce), http.StatusForbidden},
		"no list":     {w.tellRaw(mailSecret, w.now(), `{"event":"bounced"}`), http.StatusBadRequest},
		"cut":         {w.tellRaw(mailSecret, w.now(), `[{"event":"bou`), http.StatusBadRequest},
		"no id":       {w.tell(t, mailSecret, w.now(), bounce, event{"event": "bounced", "address": annsMail}), http.StatusUnprocessableEntity},
		"no event":    {w.tell(t, mailSecret, w.now(), bounce, event{"id": "2", "event": "x", "address": annsMail}), http.StatusUnprocessableEntity},
		"a long id":   {w.tell(t, mailSecret, w.now(), bounce, event{"id": strings.Repeat("2", 201), "event": "bounced", "address": annsMail}), http.StatusUnprocessableEntity},
		"no address":  {w.tell(t, mailSecret, w.now(), bounce, event{"id": "2", "event": "bounced"}), http.StatusUnprocessableEntity},
	} {
		if c.got != c.want {
			t.Errorf("%s: answered %d, want %d", name, c.got, c.want)
		}
	}
	if why := w.blockedMail(t, annsMail); why != "" {
		t.Errorf("blocked: %q", why)
	}
}

func TestTheExampleOfTheDocumentationWorks(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.now = time.Now
	id := w.person(t, annsNum, "ann@example.com")
	page, err := os.ReadFile("../../docs/mail.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```sh\n")
	script, _, _ := strings.Cut(rest, "```")
	server := httptest.NewServer(w.web)
	defer server.Close()
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = append(os.Environ(), "SECRET="+mailSecret, "PUBLIC_URL="+server.URL)
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "204" {
		t.Fatalf("%s %v", out, err)
	}
	if why := w.blockedMail(t, "ann@example.com"); why != gate.Dead {
		t.Errorf("blocked: %q", why)
	}
	p, err := w.Person(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range p.Messages {
		if ledger.IsFollowUp(m.Entry.Template) && m.Via == contact.ViaEmail && m.Row.State != ledger.Cancelled {
			t.Errorf("%s: %s", m.Entry, m.Row.State)
		}
	}
}

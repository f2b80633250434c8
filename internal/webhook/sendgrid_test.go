package webhook_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/webhook"
)

type event map[string]any

// mail posts a batch as SendGrid signs it.
func (w *world) mail(t testing.TB, at time.Time, key *ecdsa.PrivateKey, events ...event) int {
	t.Helper()
	raw, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	stamp := strconv.FormatInt(at.Unix(), 10)
	return w.mailRaw(stamp, stampSignature(t, key, stamp, raw), string(raw))
}

func stampSignature(t testing.TB, key *ecdsa.PrivateKey, stamp string, raw []byte) string {
	t.Helper()
	sum := sha256.Sum256(append([]byte(stamp), raw...))
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(signature)
}

func (w *world) mailRaw(stamp, signature, raw string) int {
	r := httptest.NewRequest(http.MethodPost, webhook.SendGrid, strings.NewReader(raw))
	r.Header.Set("X-Twilio-Email-Event-Webhook-Timestamp", stamp)
	r.Header.Set("X-Twilio-Email-Event-Webhook-Signature", signature)
	status, _ := w.do(r)
	return status
}

func (w *world) blockedMail(t testing.TB, address string) gate.Suppression {
	t.Helper()
	why, err := w.Suppression(t.Context(), contact.ViaEmail, address)
	if err != nil {
		t.Fatal(err)
	}
	return why
}

const annsMail = "ann.canary@example.com"

func TestEventsSayWhatBecameOfAnEmailAndOfItsAddress(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for name, c := range map[string]struct {
		events []event
		state  ledger.State
		why    gate.Suppression
	}{
		"delivered":                {[]event{{"event": "delivered"}}, ledger.Delivered, ""},
		"bounced":                  {[]event{{"event": "bounce", "type": "bounce", "status": "5.1.1"}}, ledger.Undelivered, gate.Dead},
		"bounced after delivery":   {[]event{{"event": "delivered"}, {"event": "bounce", "type": "bounce"}}, ledger.Undelivered, gate.Dead},
		"the same, other order":    {[]event{{"event": "bounce", "type": "bounce"}, {"event": "delivered"}}, ledger.Undelivered, gate.Dead},
		"blocked":                  {[]event{{"event": "bounce", "type": "blocked", "status": "5.7.1"}}, ledger.Undelivered, ""},
		"dropped as bounced":       {[]event{{"event": "dropped", "reason": "Bounced Address"}}, ledger.Undelivered, gate.Dead},
		"dropped as unsubscribed":  {[]event{{"event": "dropped", "reason": "Unsubscribed Address"}}, ledger.Undelivered, gate.Unsubscribed},
		"dropped as complained of": {[]event{{"event": "dropped", "reason": "Spam Reporting Address"}}, ledger.Undelivered, gate.Unsubscribed},
		"dropped as invalid":       {[]event{{"event": "dropped", "reason": "Invalid"}}, ledger.Undelivered, gate.Dead},
		"dropped for its content":  {[]event{{"event": "dropped", "reason": "Spam Content"}}, ledger.Undelivered, ""},
		"reported as spam":         {[]event{{"event": "delivered"}, {"event": "spamreport"}}, ledger.Delivered, gate.Unsubscribed},
		"unsubscribed":             {[]event{{"event": "unsubscribe"}}, ledger.Sent, gate.Unsubscribed},
		"unsubscribed from all":    {[]event{{"event": "group_unsubscribe"}}, ledger.Sent, gate.Unsubscribed},
		"opened, and of tomorrow":  {[]event{{"event": "open"}, {"event": "processed"}, {"event": "of_tomorrow"}}, ledger.Sent, ""},
		"without a known address":  {[]event{{"event": "bounce", "type": "bounce", "email": "not an address"}}, ledger.Undelivered, ""},
		"about a message not ours": {[]event{{"event": "bounce", "type": "bounce", "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>"}}, ledger.Sent, gate.Dead},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, _ := w.somebody(t)
			m := w.message(t, id, "confirmation", contact.ViaEmail)
			address := string(m.Submission.Email)
			w.bring(t, m, "250 ok", ledger.Sending, ledger.Sent)
			for i, e := range c.events {
				full := event{"email": address, "smtp-id": "<" + m.ID() + "@joydevie.example>", "sg_event_id": name + strconv.Itoa(i), "timestamp": noon.Unix()}
				for k, v := range e {
					full[k] = v
				}
				for range 2 {
					if status := w.mail(t, noon, w.key, full); status != http.StatusNoContent {
						t.Fatalf("answered %d", status)
					}
				}
			}
			got := w.message(t, id, "confirmation", contact.ViaEmail).Row
			if got.State != c.state || w.blockedMail(t, address) != c.why {
				t.Errorf("%+v, blocked %q", got, w.blockedMail(t, address))
			}
		})
	}
}

func TestForgedOldAndCutEventsChangeNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ann(t)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	before := w.everything(t)
	spam := event{"event": "spamreport", "email": annsMail, "sg_event_id": "one"}
	if status := w.mail(t, noon, other, spam); status != http.StatusForbidden {
		t.Errorf("another key: %d", status)
	}
	for _, at := range []time.Time{noon.Add(-6 * time.Minute), noon.Add(6 * time.Minute), {}} {
		if status := w.mail(t, at, w.key, spam); status != http.StatusForbidden {
			t.Errorf("at %s: %d", at, status)
		}
	}
	raw := `[{"event":"spamreport","email":"` + annsMail + `","sg_event_id":"one"}]`
	stamp := strconv.FormatInt(noon.Unix(), 10)
	good := stampSignature(t, w.key, stamp, []byte(raw))
	for name, c := range map[string][3]string{
		"cut":             {stamp, good, raw[:len(raw)-1]},
		"empty":           {stamp, good, ""},
		"no signature":    {stamp, "", raw},
		"no base64":       {stamp, "%%", raw},
		"no stamp":        {"", good, raw},
		"another stamp":   {strconv.FormatInt(noon.Unix()+1, 10), good, raw},
		"stamp with more": {stamp + "[", good, raw[1:]},
	} {
		if status := w.mailRaw(c[0], c[1], c[2]); status != http.StatusForbidden {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status := w.mailRaw(stamp, stampSignature(t, w.key, stamp, []byte("{")), "{"); status != http.StatusBadRequest {
		t.Errorf("signed nonsense: %d", status)
	}
	if w.everything(t) != before {
		t.Error("something changed")
	}
}

func TestEventsLeaveNoAddressInTheClear(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ann(t)
	w.mail(t, noon, w.key, event{"event": "bounce", "type": "bounce", "reason": "550 no " + annsMail, "email": annsMail, "sg_event_id": "one"})
	if w.blockedMail(t, annsMail) != gate.Dead || strings.Contains(w.everything(t)+w.log.String(), "canary") {
		t.Error("the address lies in the clear")
	}
}

func TestAnEventDeliveredAgainDoesNotUndoWhatStaffDid(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ann(t)
	e := event{"event": "bounce", "type": "bounce", "email": annsMail, "sg_event_id": "one"}
	w.mail(t, noon, w.key, e)
	for _, key := range w.redis.Keys(t.Context(), "f:stop:*").Val() {
		w.redis.Del(t.Context(), key) // staff lift it
	}
	w.mail(t, noon, w.key, e)
	if why := w.blockedMail(t, annsMail); why != "" {
		t.Errorf("blocked again: %q", why)
	}
}

func TestSendGridIsToldAgainWhenRedisIsAway(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.server.Kill()
	if status := w.mail(t, noon, w.key, event{"event": "spamreport", "email": annsMail, "sg_event_id": "one"}); status != http.StatusServiceUnavailable {
		t.Errorf("answered %d", status)
	}
}

func TestTheVerificationKeyIsReadAsSendGridShowsIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	der, err := x509.MarshalPKIXPublicKey(&w.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if key, err := webhook.ParseSendGridKey(" " + base64.StdEncoding.EncodeToString(der) + "\n"); err != nil || !key.Equal(&w.key.PublicKey) {
		t.Errorf("%v", err)
	}
	if key, err := webhook.ParseSendGridKey(""); key != nil || err != nil {
		t.Errorf("none: %v", err)
	}
	for _, bad := range []string{"x", "AAAA", base64.StdEncoding.EncodeToString(der[:40])} {
		if _, err := webhook.ParseSendGridKey(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

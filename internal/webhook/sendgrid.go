package webhook

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

const (
	// maxEvents bounds a batch of events, in bytes.
	maxEvents = 2 << 20

	// fresh is how far the time under a signature may be from ours.
	fresh = 5 * time.Minute
)

// ParseSendGridKey reads the verification key as SendGrid shows it: base64 of
// a PKIX public key. "" gives nil.
func ParseSendGridKey(text string) (*ecdsa.PublicKey, error) {
	if text = strings.TrimSpace(text); text == "" {
		return nil, nil
	}
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("not base64")
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, errors.New("not a public key")
	}
	public, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return nil, errors.New("not an ECDSA key")
	}
	return public, nil
}

// sendgrid takes in the signed event webhook
// (https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features).
type sendgrid struct{ Config }

// mailEvent is one event of a batch
// (https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event).
type mailEvent struct {
	ID     string `json:"sg_event_id"`
	Event  string `json:"event"`
	Email  string `json:"email"`
	SMTPID string `json:"smtp-id"` // our Message-ID
	Type   string `json:"type"`    // of a bounce: "bounce", or "blocked" for now
	Reason string `json:"reason"`
	Status string `json:"status"` // RFC 3463
}

// ServeHTTP implements http.Handler.
func (s *sendgrid) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, ok := body(w, r, maxEvents)
	if !ok {
		return
	}
	stamp := r.Header.Get("X-Twilio-Email-Event-Webhook-Timestamp")
	if !s.signed(stamp, raw, r.Header.Get("X-Twilio-Email-Event-Webhook-Signature")) {
		s.Log.WarnContext(r.Context(), "webhook refused", "route", r.Pattern, "err", "signature")
		w.WriteHeader(http.StatusForbidden)
		return
	}
	var events []mailEvent
	if err := json.Unmarshal(raw, &events); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	ctx, cancel := working(r)
	defer cancel()
	for _, e := range events {
		state, why := e.meaning()
		if err := s.takeMail(ctx, e.ID, e.Email, e.SMTPID, state, why, e.code()); err != nil {
			s.later(ctx, w, r.Pattern, err) // those that were taken in are known by their ids
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// signed holds that the body is SendGrid's and of now.
func (s *sendgrid) signed(stamp string, raw []byte, signature string) bool {
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || s.Now().Sub(time.Unix(seconds, 0)).Abs() > fresh {
		return false
	}
	der, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	h := sha256.New()
	h.Write([]byte(stamp))
	h.Write(raw)
	return ecdsa.VerifyASN1(s.SendGrid, h.Sum(nil), der)
}

// meaning is what an event says of its message and of its address; "" says
// nothing. A bounce of type blocked is of the sender's reputation or the hour,
// not of the address.
func (e mailEvent) meaning() (ledger.State, gate.Suppression) {
	switch e.Event {
	case "delivered":
		return ledger.Delivered, ""
	case "bounce":
		if e.Type == "blocked" {
			return ledger.Undelivered, ""
		}
		return ledger.Undelivered, gate.Dead
	case "dropped":
		switch reason := strings.ToLower(e.Reason); {
		case strings.Contains(reason, "unsubscribed"), strings.Contains(reason, "spam reporting"):
			return ledger.Undelivered, gate.Unsubscribed
		case strings.Contains(reason, "bounced"), strings.Contains(reason, "invalid"):
			return ledger.Undelivered, gate.Dead
		}
		return ledger.Undelivered, ""
	case "spamreport", "unsubscribe", "group_unsubscribe":
		return "", gate.Unsubscribed
	default:
		return "", ""
	}
}

var enhanced = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}$`)

// code is the server's code, and nothing of its text.
func (e mailEvent) code() string {
	if enhanced.MatchString(e.Status) {
		return e.Status
	}
	return ""
}

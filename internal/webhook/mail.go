package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// mail takes in what any relay says of emails, in a form of our own, from
// whatever translates the relay's (docs/mail.md).
type mail struct{ Config }

// mailReport is one thing that a relay says.
type mailReport struct {
	ID        string `json:"id"`         // the same when it is told again
	Event     string `json:"event"`      // delivered, bounced, complained or unsubscribed
	Address   string `json:"address"`    // of the reader
	MessageID string `json:"message_id"` // ours, with or without angle brackets; "" when not known
	Permanent bool   `json:"permanent"`  // of a bounce: nobody is at the address
	Status    string `json:"status"`     // RFC 3463, such as 5.1.1; "" when not known
}

// ServeHTTP implements http.Handler.
func (m *mail) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, ok := body(w, r, maxEvents)
	if !ok {
		return
	}
	if !m.signed(r.Header.Get("Followup-Timestamp"), raw, r.Header.Get("Followup-Signature")) {
		m.Log.WarnContext(r.Context(), "webhook refused", "route", r.Pattern, "err", "signature")
		w.WriteHeader(http.StatusForbidden)
		return
	}
	var reports []mailReport
	if err := json.Unmarshal(raw, &reports); err != nil {
		http.Error(w, "not a list of events", http.StatusBadRequest)
		return
	}
	for _, e := range reports {
		if fault := e.fault(); fault != "" { // nothing of the list is taken in
			http.Error(w, fault, http.StatusUnprocessableEntity)
			return
		}
	}
	ctx, cancel := working(r)
	defer cancel()
	for _, e := range reports {
		state, why := e.meaning()
		code := ""
		if enhanced.MatchString(e.Status) {
			code = e.Status
		}
		if err := m.takeMail(ctx, "mail "+e.ID, e.Address, e.MessageID, state, why, code); err != nil {
			m.later(ctx, w, r.Pattern, err) // those that were taken in are known by their ids
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// signed holds that the body is from one who has the secret, and of now.
func (m *mail) signed(stamp string, raw []byte, signature string) bool {
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	given, err2 := hex.DecodeString(signature)
	if err != nil || err2 != nil || m.Now().Sub(time.Unix(seconds, 0)).Abs() > fresh {
		return false
	}
	h := hmac.New(sha256.New, []byte(m.MailSecret))
	h.Write([]byte(stamp + "."))
	h.Write(raw)
	return hmac.Equal(given, h.Sum(nil))
}

// fault says what is wrong with an event, and nothing of what stands in it.
func (e mailReport) fault() string {
	switch e.Event {
	case "delivered", "bounced", "complained", "unsubscribed":
	default:
		return "event: takes delivered, bounced, complained or unsubscribed"
	}
	if e.ID == "" || len(e.ID) > 200 {
		return "id: is required, the same when the event is told again, 200 characters at most"
	}
	if _, err := contact.ParseEmail(e.Address); err != nil {
		return "address: is no email address"
	}
	return ""
}

// meaning is what an event says of its message and of its address.
func (e mailReport) meaning() (ledger.State, gate.Suppression) {
	switch {
	case e.Event == "delivered":
		return ledger.Delivered, ""
	case e.Event == "bounced" && e.Permanent:
		return ledger.Undelivered, gate.Dead
	case e.Event == "bounced":
		return ledger.Undelivered, ""
	default:
		return "", gate.Unsubscribed
	}
}

// takeMail takes in what a provider says of an email and of its address, once
// for each id; "" is taken each time.
func (c Config) takeMail(ctx context.Context, id, address, messageID string, state ledger.State, why gate.Suppression, code string) error {
	if state == "" && why == "" {
		return nil
	}
	if id != "" {
		seen, err := c.Ledger.Seen(ctx, id)
		if err != nil || seen {
			return err
		}
	}
	if address, err := contact.ParseEmail(address); err == nil && why != "" {
		if err := c.Ledger.Block(ctx, contact.ViaEmail, string(address), why, "provider", code); err != nil {
			return err
		}
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(messageID), "<"), "@")
	if person, entry, via, err := ledger.ParseMessageID(name); err == nil && via == contact.ViaEmail && state != "" {
		rep := ledger.Report{State: state, Code: code}
		if state == ledger.Undelivered {
			rep.Why = gate.Reason(why)
		}
		if err := c.report(ctx, person, entry, via, rep); err != nil {
			return err
		}
	}
	if id == "" {
		return nil
	}
	return c.Ledger.Saw(ctx, id)
}

package tasks

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Submission is a contact form as intake took it in: checked, normalised, and
// with what proves the consent. It is the one payload that carries a person,
// and it lies sealed.
type Submission struct {
	ID string    `json:"id"` // random, or the keyed hash of the client's idempotency key
	At time.Time `json:"at"` // when it arrived

	Name         string `json:"name,omitempty"`
	Email        string `json:"email,omitempty"`
	Phone        string `json:"phone,omitempty"` // E.164
	Message      string `json:"message,omitempty"`
	Language     string `json:"language"`
	Preferred    string `json:"preferred,omitempty"`
	Zone         string `json:"zone,omitempty"` // the browser's IANA zone
	Page         string `json:"page,omitempty"` // path of the page that the form stood on
	ConsentEmail bool   `json:"consent_email,omitempty"`
	ConsentSMS   bool   `json:"consent_sms,omitempty"`

	Keyed   bool   `json:"keyed,omitempty"`   // the client sent an idempotency key: the same words under it are one a day
	Content string `json:"content,omitempty"` // keyed hash of the words and ticks: the same within minutes are one

	// What was shown and to whom (47 CFR 64.1200(f)(9) puts the burden of proof
	// on the sender).
	Wording     string `json:"wording,omitempty"`      // version of the words beside the boxes
	WordingHash string `json:"wording_hash,omitempty"` // of the exact words, in the language shown
	IP          string `json:"ip,omitempty"`
	UserAgent   string `json:"user_agent,omitempty"`

	// What the form itself tells of who filled it in.
	Guard string `json:"guard,omitempty"` // why a program is taken to have sent it; "" when none is
	Token string `json:"token,omitempty"` // the form token that came with it, if it was good
}

// taskID tells submissions apart that came under one idempotency key: a site
// that always sends the same key must not cost anybody an answer.
func (s Submission) taskID() string {
	if s.Keyed && len(s.Content) >= 8 {
		return s.ID + "." + s.Content[:8]
	}
	return s.ID
}

// Format prints its id for every verb of fmt: it carries a person.
func (s Submission) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "submission "+s.ID) }

// LogValue prints the same in a log.
func (s Submission) LogValue() slog.Value { return slog.StringValue("submission " + s.ID) }

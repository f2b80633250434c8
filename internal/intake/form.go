// Package intake takes a contact form in: it checks and normalises what was
// typed, seals it, and commits it with exactly one durable act.
package intake

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/contact"
)

// Form is what arrived, as typed: every field is text. The names in the
// brackets are those of the wire.
type Form struct {
	Name         string // [name]
	Email        string // [email]
	Phone        string // [phone]
	Message      string // [message]
	ConsentSMS   string // [consent_sms]
	ConsentEmail string // [consent_email]
	Preferred    string // [preferred_channel]
	Language     string // [language]
	TimeZone     string // [time_zone]
	Page         string // [page]
	Wording      string // [consent_version]: which words stood beside the boxes
	Token        string // [form_token]: that the form is our own page's; "" for another site's
	Trap         string // [website]: a field that people do not see

	// Loose: nobody knows which field is which, and all stands in the message. It
	// may be longer, and needs no address: a person reads it, nobody is written to.
	Loose bool
}

// Origin is where it came from, for the consent proof and the limits.
type Origin struct {
	IP             netip.Addr
	UserAgent      string
	IdempotencyKey string // "" when the client sent none
}

// Receipt says what was taken in, for the answer and the thank-you page. It
// holds nothing of the person.
type Receipt struct {
	ID       string
	Language contact.Language
	Email    bool      // a confirmation will come by email
	SMSAt    time.Time // when a confirmation will come by SMS, at the earliest; zero: none will
	Call     bool      // a phone number was given that no text may go to: somebody calls
}

// Fault is one field that cannot be used. Code picks the sentence that the
// visitor reads; the sentences stand in templates/pages.
type Fault struct {
	Field string // name on the wire
	Code  string // one of the codes below
}

// The codes, each with a sentence in every language.
const (
	FaultReach       = "reach"        // email: neither address nor number was given
	FaultEmail       = "email"        // email: not an address
	FaultEmailTwoAts = "email_two_at" // email: two @ signs
	FaultPhone       = "phone"        // phone: not a number
	FaultTick        = "tick"         // consent_*: neither yes nor no
	FaultPreferred   = "preferred"    // preferred_channel: not email, sms or phone
	FaultTooLong     = "too_long"     // any text: longer than the form takes
	FaultUnreadable  = "unreadable"   // any field: not valid UTF-8
)

// Invalid lists every field at fault, in the order of the form. Nothing was
// taken in.
type Invalid struct{ Faults []Fault }

// Error names the fields and their codes; it holds nothing that was typed.
func (e *Invalid) Error() string {
	var b strings.Builder
	b.WriteString("contact form:")
	for _, f := range e.Faults {
		b.WriteString(" " + f.Field + ": " + f.Code + ";")
	}
	return strings.TrimSuffix(b.String(), ";")
}

// Format prints its kind for every verb of fmt: a stranger typed it.
func (Form) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "contact form") }

// LogValue prints the same in a log.
func (Form) LogValue() slog.Value { return slog.StringValue("contact form") }

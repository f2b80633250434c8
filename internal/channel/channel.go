// Package channel hands a finished message to a provider and says what came
// back. It decides nothing: whether a message may go is settled before, and
// what follows from an outcome is the worker's matter.
package channel

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Message is finished: rendered, addressed, decided. To and the texts are the
// one place outside templates where a person stands in the clear; a Sender
// logs none of them.
type Message struct {
	ID          string // ours, opaque: [a-z0-9.-] only; the same for every attempt at this message
	To          string // bare address, or E.164
	Subject     string // "" for SMS
	Text        string // the whole SMS, or the email's text part
	HTML        string // "" for SMS
	ReplyTo     string // bare address; "" leaves the header out
	Unsubscribe string // https URL for List-Unsubscribe (RFC 8058); "" leaves both headers out
	Files       []File // attached, for email alone

	// For the outbox and for logs; no provider sees them.
	Template string
	Language string
	Contact  string
}

// File is an attachment. Its name and type are ours, never a person's.
type File struct {
	Name string // "appointment.ics"
	Type string // media type with its parameters
	Body []byte
}

// Sender is a channel. Send blocks until the provider has answered or ctx is
// done, honours the deadline of ctx at every step, may be called from many
// goroutines, and never panics on anything a provider says. It never retries:
// one call is at most one message at the provider.
type Sender interface {
	Send(ctx context.Context, m Message) Outcome
}

// State says how far a message came.
type State uint8

// Unknown is the zero value on purpose: an outcome that nobody filled in must
// not read as "free to try again".
const (
	Unknown   State = iota // it may have been accepted: never send again on hope
	Accepted               // the provider has taken it over
	NotSent                // it surely did not leave, and a later try may work (dial failure, SMTP 4yz)
	Throttled              // it surely did not leave; the provider asked to wait (HTTP 429): see After
	Refused                // it surely did not leave, and the same message will be refused again
)

var stateNames = [...]string{"unknown", "accepted", "not_sent", "throttled", "refused"}

// String gives the name for logs and metrics.
func (s State) String() string { return stateNames[s] }

// Cause says whose matter a refusal is.
type Cause uint8

// The causes of Refused. The zero value means that nobody knows: staff look.
const (
	CauseOther   Cause = iota
	CauseAddress       // no such mailbox or number: use another way
	CauseOptOut        // the provider holds an opt-out that we missed (Twilio 21610)
	CauseConfig        // credentials, sender or region: nobody's messages will go; pause the channel
	CauseContent       // filtered for what it says: never repeat unchanged
)

var causeNames = [...]string{"other", "address", "opt_out", "config", "content"}

// String gives the name for logs and metrics.
func (c Cause) String() string { return causeNames[c] }

// Outcome is what a provider's answer means.
type Outcome struct {
	State State
	Cause Cause         // with Refused
	ID    string        // the provider's own id of the message, when it gave one
	Code  string        // the provider's own code, such as "550 5.1.1", "21610" or "HTTP 503": never text from the wire
	After time.Duration // with Throttled: how long the provider asked to wait; zero when it did not say
	Err   error         // the cause, free of addresses and of text from the wire; nil when Accepted
}

// Format prints its id for every verb of fmt: it is addressed.
func (m Message) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "message "+m.ID) }

// LogValue prints the same in a log.
func (m Message) LogValue() slog.Value { return slog.StringValue("message " + m.ID) }

package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
)

// State is where a planned message stands. Staff see no others.
type State string

// The states.
const (
	Waiting     State = "waiting"     // for its time
	Held        State = "held"        // something keeps it back: see Why
	Sending     State = "sending"     // claimed by a worker, maybe at the provider
	Sent        State = "sent"        // the provider has taken it over
	Delivered   State = "delivered"   // the provider says that it arrived
	Undelivered State = "undelivered" // the provider says that it did not
	Unknown     State = "unknown"     // the answer was lost: never resend
	NotSent     State = "not_sent"    // it did not go and will not: see Why
	Cancelled   State = "cancelled"   // by a person or by what the person did
)

// next is the whole state machine. What is not here does not happen; which of
// these steps a provider's report may cause stands at evidence.
var next = map[State][]State{
	Waiting:     {Waiting, Held, Sending, Sent, Delivered, Undelivered, Unknown, NotSent, Cancelled},
	Held:        {Waiting, Held, Sending, Sent, Delivered, Undelivered, Unknown, NotSent, Cancelled},
	Sending:     {Waiting, Held, Sending, Sent, Delivered, Undelivered, Unknown, NotSent},
	Sent:        {Delivered, Undelivered},
	Delivered:   {Undelivered},
	Undelivered: {Delivered, Waiting}, // once more, because staff ask for it
	NotSent:     {Waiting},            // as well
	Unknown:     {Sent, Delivered, Undelivered},
}

// Pending reports whether the message may still go.
func (s State) Pending() bool { return s == Waiting || s == Held || s == Sending }

// Gone reports whether the message went to its reader, or may have gone.
func (s State) Gone() bool {
	return s == Sending || s == Sent || s == Delivered || s == Undelivered || s == Unknown
}

// ErrTransition is returned for a step that the state machine does not know.
var ErrTransition = errors.New("ledger: no such step")

// Row is a planned message as it lies in Redis. Times are seconds since 1970
// on the plan's clock; zero means never. It holds no person.
type Row struct {
	State    State       `json:"state,omitempty"`
	Why      gate.Reason `json:"why,omitempty"`
	Planned  int64       `json:"planned,omitempty"` // when the plan wanted it: its age counts from here
	Due      int64       `json:"due,omitempty"`     // when its alarm rings
	At       int64       `json:"at,omitempty"`      // when it came into this state
	Try      string      `json:"try,omitempty"`     // the attempt that holds the claim
	Since    int64       `json:"since,omitempty"`
	Tries    int         `json:"tries,omitempty"`  // attempts
	Repeat   bool        `json:"repeat,omitempty"` // an answer was lost: it may have gone, and one repeat is allowed
	Provider string      `json:"provider,omitempty"`
	Code     string      `json:"code,omitempty"`
	Words    string      `json:"words,omitempty"`    // version of the template that the person got
	By       string      `json:"by,omitempty"`       // with Cancelled
	Redacted bool        `json:"redacted,omitempty"` // with Sent: its provider was asked to forget its words, since no report came

	// With reminders alone.
	Late     int64  `json:"late,omitempty"`     // the moment after which it says nothing any more
	For      int64  `json:"for,omitempty"`      // the moment of the appointment by which its times were set
	Template string `json:"template,omitempty"` // the words it goes with, where staff chose others than its name says
	Batch    string `json:"batch,omitempty"`    // the list it came with
	Anew     bool   `json:"anew,omitempty"`     // staff sent it once more, by itself: its list keeps it back no longer
	Asked    string `json:"asked,omitempty"`    // who asked for it
}

// To gives the row in another state, at that time. It fails with
// ErrTransition where the state machine has no such step.
func (r Row) To(s State, why gate.Reason, at time.Time) (Row, error) {
	if !slices.Contains(next[r.State], s) {
		return r, fmt.Errorf("%w: %s to %s", ErrTransition, r.State, s)
	}
	r.State, r.Why, r.At = s, why, at.Unix()
	return r, nil
}

// Cancel gives the row of a message that is not to go any more: cancelled, or,
// where an answer was lost and it may have gone, not known.
func (r Row) Cancel(why gate.Reason, by string, at time.Time) (Row, error) {
	state := Cancelled
	if r.Repeat {
		state, why = Unknown, gate.ReasonLostAnswer
	}
	row, err := r.To(state, why, at)
	if err == nil {
		row.By, row.Due = by, 0
	}
	return row, err
}

// encode leaves out what most rows have in common: that they wait, and that the
// plan wanted the message when its alarm rings. Of such a row two thirds.
func (r Row) encode() string {
	if r.State == Waiting {
		r.State = ""
	}
	if r.Planned == r.Due {
		r.Planned = 0
	}
	b, _ := json.Marshal(r) // strings and numbers alone: cannot fail
	return string(b)
}

func decodeRow(raw string) (Row, error) {
	var r Row
	err := json.Unmarshal([]byte(raw), &r)
	if r.State == "" {
		r.State = Waiting
	}
	if r.Planned == 0 {
		r.Planned = r.Due
	}
	return r, err
}

// Entry names a planned message of a person: "1.followup-2" is the second
// follow-up to the first submission. With the channel it is unique.
type Entry struct {
	N        int // number of the submission, from 1
	Template string
}

// String gives the form that tasks carry.
func (e Entry) String() string { return strconv.Itoa(e.N) + "." + e.Template }

// LogValue is the same form: an entry names no person.
func (e Entry) LogValue() slog.Value { return slog.StringValue(e.String()) }

// ParseEntry reads that form.
func ParseEntry(s string) (Entry, error) {
	number, template, ok := strings.Cut(s, ".")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 1 || template == "" {
		return Entry{}, fmt.Errorf("ledger: %q is no entry of a plan", s)
	}
	return Entry{n, template}, nil
}

func (e Entry) field(v contact.Via) string { return "m/" + e.String() + "/" + string(v) }

func withdrawnField(e Entry, v contact.Via) string { return "x" + e.field(v) }

func submissionField(n int) string { return "s/" + strconv.Itoa(n) }

// Planned is a message with all that a decision about it needs.
type Planned struct {
	Contact    contact.ID
	Entry      Entry
	Via        contact.Via
	Row        Row
	Submission contact.Submission // the one that it answers
	Unread     bool               // some submission of the person waits for a reader
	Stopped    gate.Reason        // why the sequence ended; "" while it runs
	Live       bool               // the service has left its trial; known after Claim
	OnHold     bool               // staff keep everything automated back
	Withdrawn  bool               // taken back while a worker held it

	Appointment *Appointment // the one it hangs on; nil when there is none, or it cannot be read

	raw    string // the row as it was read: a change holds only if it is still that
	before string // with a claimed message, the row before that: a failover may have brought it back
	texts  string // the same as raw, of the list of texts to the number, with a claimed text
}

// ID names the message at providers, the same for every attempt: opaque, of
// the characters that a Message-ID (RFC 5322 section 3.6.4) and a URL take.
func (p *Planned) ID() string {
	return string(p.Contact) + "." + p.Entry.String() + "." + string(p.Via)
}

// ParseMessageID reads what ID wrote.
func ParseMessageID(s string) (contact.ID, Entry, contact.Via, error) {
	id, rest, ok := strings.Cut(s, ".")
	cut := strings.LastIndexByte(rest, '.')
	if !ok || cut < 0 {
		return "", Entry{}, "", fmt.Errorf("ledger: %q is no message", s)
	}
	entry, err := ParseEntry(rest[:cut])
	return contact.ID(id), entry, contact.Via(rest[cut+1:]), err
}

func parseMessageField(field string) (Entry, contact.Via, bool) {
	rest, ok := strings.CutPrefix(field, "m/")
	if !ok {
		return Entry{}, "", false
	}
	name, via, ok := strings.Cut(rest, "/")
	if !ok {
		return Entry{}, "", false
	}
	entry, err := ParseEntry(name)
	return entry, contact.Via(via), err == nil
}

// mark is a flag that names a submission: everything up to it is meant.
type mark struct {
	N   int         `json:"n"`
	Why gate.Reason `json:"why,omitempty"`
	By  string      `json:"by,omitempty"`
	At  int64       `json:"at,omitempty"`
}

func parseMark(s string) (mark, error) {
	var m mark
	if s == "" {
		return m, nil
	}
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		return m, fmt.Errorf("ledger: a flag cannot be read: %w", err)
	}
	return m, nil
}

func (m mark) encode() string {
	b, _ := json.Marshal(m)
	return string(b)
}

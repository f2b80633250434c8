// Package gate answers one question, immediately before a provider is called
// and on every attempt: may this message go now? It is a pure function over a
// snapshot of what the ledger knows and a time, so that a person who is no
// engineer can read the rules here and a test can try them all.
package gate

import (
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/hours"
)

// Class is what a message is for; the rules hang on it.
type Class string

// The classes.
const (
	Confirmation Class = "confirmation" // "we have your message"
	FollowUp     Class = "followup"     // treated as marketing
	Reminder     Class = "reminder"     // triggered by staff
	Reply        Class = "reply"        // to an opt-out or a call for help
	Staff        Class = "staff"        // to the clinic's own people
)

// Suppression is why an address or a number gets nothing; "" when it may.
type Suppression string

// The suppressions. A person who unsubscribed from follow-ups and writes again
// is still told that the message has arrived.
const (
	Unsubscribed Suppression = "unsubscribed" // from follow-ups, by email
	OptedOut     Suppression = "opted_out"    // from every automated text
	Dead         Suppression = "dead_address" // the provider says that nobody is there
)

// Snapshot is what the rules look at. A field that could not be read must be
// reported in Unreadable: then nothing goes.
type Snapshot struct {
	Class Class
	Via   contact.Via

	Address    bool        // there is an address, or a number that may be texted
	Consent    bool        // the box for this channel was ticked for this address
	Suppressed Suppression // of this address
	Unread     bool        // a person must read the submission first
	Stopped    string      // why the sequence ended: "replied", "booked", "staff"; "" while it runs
	Unreadable bool        // some part of the above could not be read

	Due     time.Time
	Windows hours.Windows
	Zones   []*time.Location // every zone that the person may be in
}

// Verdict is the answer.
type Verdict struct {
	Do    Do
	Until time.Time // with Hold: when to ask again
	Why   Reason    // with Hold and Never
}

// Do says what to do. The zero value sends nothing.
type Do uint8

// The answers.
const (
	Never Do = iota // and say so on the timeline
	Hold            // ask again at Until
	Go
)

// retryUnreadable is how long to wait when the rules could not be evaluated.
const retryUnreadable = time.Minute

// lifetime is how long after it was due a message still says something.
func lifetime(c Class, v contact.Via) time.Duration {
	switch {
	case c == Confirmation && v == contact.ViaEmail:
		return 24 * time.Hour
	case c == Confirmation:
		return 72 * time.Hour // a text may have to wait from Saturday to Tuesday for the window
	default:
		return 7 * 24 * time.Hour
	}
}

// Decide applies the rules in the order of their weight: what can never be
// sent, then what must wait. The zero Snapshot is Never.
func Decide(s Snapshot, now time.Time) Verdict {
	tooLate := s.Due.Add(lifetime(s.Class, s.Via))
	switch {
	case s.Class == Staff && s.Address:
		return Verdict{Do: Go} // nothing keeps a person's words from the people who answer them
	case s.Unreadable:
		return Verdict{Hold, now.Add(retryUnreadable), ReasonUnreadable}
	case !s.Address:
		return Verdict{Never, time.Time{}, ReasonNoAddress}
	case s.Suppressed == OptedOut || s.Suppressed == Dead:
		return Verdict{Never, time.Time{}, Reason(s.Suppressed)}
	case s.Suppressed == Unsubscribed && s.Class == FollowUp:
		return Verdict{Never, time.Time{}, ReasonUnsubscribed}
	case s.Suppressed != "" && s.Suppressed != Unsubscribed:
		return Verdict{Never, time.Time{}, ReasonSuppressed}
	case needsConsent(s) && !s.Consent:
		return Verdict{Never, time.Time{}, ReasonNoConsent}
	case s.Class == FollowUp && s.Stopped != "":
		return Verdict{Never, time.Time{}, Reason(s.Stopped)}
	case now.After(tooLate):
		return Verdict{Never, time.Time{}, ReasonTooLate}
	case s.Unread && waitsForReader(s):
		// Nobody may ever read it, so the alarm is set for the moment at which
		// it says nothing any more; a reader rings it earlier.
		return Verdict{Hold, tooLate.Add(time.Second), ReasonUnread}
	}
	if !keepsHours(s) {
		return Verdict{Do: Go}
	}
	open, ok := s.Windows.Next(now, s.Zones)
	switch {
	case !ok:
		return Verdict{Never, time.Time{}, ReasonNoHours}
	case open.After(tooLate):
		return Verdict{Never, time.Time{}, ReasonTooLate}
	case open.After(now):
		return Verdict{Hold, open, ReasonHours}
	default:
		return Verdict{Do: Go}
	}
}

func needsConsent(s Snapshot) bool {
	return s.Class == FollowUp || s.Via == contact.ViaSMS && s.Class != Reply
}

// waitsForReader: the confirmation email is the same neutral text for
// everybody, and a reply was asked for; all else waits.
func waitsForReader(s Snapshot) bool {
	switch s.Class {
	case Confirmation:
		return s.Via != contact.ViaEmail
	case Reply:
		return false
	default:
		return true
	}
}

func keepsHours(s Snapshot) bool {
	switch s.Class {
	case Reply:
		return false
	case FollowUp:
		return true
	default:
		return s.Via == contact.ViaSMS
	}
}

// Zones are the candidates for where a person is: the browser's zone and those
// of the number's prefix, all of them. Without a candidate an email keeps the
// clinic's hours, and a text the hours that are open in every zone of the
// continental United States at once.
func Zones(s contact.Submission, v contact.Via, clinic *time.Location) []*time.Location {
	if zones := hours.Zones(s.Zone, s.Phone.Zones()); len(zones) > 0 {
		return zones
	}
	if v == contact.ViaSMS {
		return hours.Continental()
	}
	return []*time.Location{clinic}
}

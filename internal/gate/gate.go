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
	WrongNumber  Suppression = "wrong_number" // who reads there is not whom we know
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
	Trial      bool        // the service is not live yet, and this is nobody of its staff
	OnHold     bool        // staff keep everything automated back
	Stopped    string      // why the sequence ended: "replied", "booked", "staff"; "" while it runs
	Off        bool        // the appointment that it is about will not take place
	Withdrawn  bool        // staff took it back
	Unreadable bool        // some part of the above could not be read

	NotBefore time.Time // the list that it came with does not go before; zero: it may

	Silent  bool      // the clinic texts only numbers that have texted in, and this one has not
	Earlier []Earlier // the automated texts that this number got, or may have got

	Due     time.Time
	Late    time.Time // after it the message says nothing any more; zero: as its class has it
	Windows hours.Windows
	Zones   []*time.Location // every zone that the person may be in
	Home    *time.Location   // whose hours an email keeps where those zones have none in common; nil: it does not go
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

// rule is what a message of a class asks for on its channel.
type rule struct {
	consent bool          // the box for the channel was ticked
	reader  bool          // a person has read the submission first, and staff hold nothing back
	hours   bool          // the send window is open where the person lives
	caps    bool          // the number has not had its texts for the day, the week and the sequence
	life    time.Duration // how long after it was due it still says something
}

const day = 24 * time.Hour

// rules hold for everybody; what is not here never goes.
//
// The confirmation email is the same neutral text for everybody, so it waits
// for nothing. A confirmation text lives for three days: from Saturday evening
// the window may stay shut until Tuesday. A reply was asked for by a text of
// the person's own, within the minute. A reminder says itself after which
// moment it says nothing; one without such a moment is of its day.
var rules = map[Class]map[contact.Via]rule{
	Confirmation: {
		contact.ViaEmail: {life: day},
		contact.ViaSMS:   {consent: true, reader: true, hours: true, caps: true, life: 3 * day},
	},
	FollowUp: {
		contact.ViaEmail: {consent: true, reader: true, hours: true, life: 7 * day},
		contact.ViaSMS:   {consent: true, reader: true, hours: true, caps: true, life: 7 * day},
	},
	Reminder: {
		contact.ViaEmail: {reader: true, life: day},
		contact.ViaSMS:   {consent: true, reader: true, hours: true, life: day},
	},
	Reply: {
		contact.ViaEmail: {life: day},
		contact.ViaSMS:   {life: day},
	},
}

// Decide applies the rules in the order of their weight: what can never be
// sent, then what must wait. The zero Snapshot is Never.
func Decide(s Snapshot, now time.Time) Verdict {
	rule, known := rules[s.Class][s.Via]
	tooLate := s.TooLate()
	switch {
	case s.Class == Staff && s.Address:
		return Verdict{Do: Go} // nothing keeps a person's words from the people who answer them
	case s.Unreadable:
		return Verdict{Hold, now.Add(retryUnreadable), ReasonUnreadable}
	case !s.Address:
		return Verdict{Never, time.Time{}, ReasonNoAddress}
	case !known:
		return Verdict{Never, time.Time{}, ReasonUnknownKind}
	case s.Suppressed == OptedOut || s.Suppressed == Dead || s.Suppressed == WrongNumber:
		return Verdict{Never, time.Time{}, Reason(s.Suppressed)}
	case s.Suppressed == Unsubscribed && s.Class == FollowUp:
		return Verdict{Never, time.Time{}, ReasonUnsubscribed}
	case s.Suppressed != "" && s.Suppressed != Unsubscribed:
		return Verdict{Never, time.Time{}, ReasonSuppressed}
	case rule.consent && !s.Consent:
		return Verdict{Never, time.Time{}, ReasonNoConsent}
	case s.Class == FollowUp && s.Stopped != "":
		return Verdict{Never, time.Time{}, Reason(s.Stopped)}
	case s.Silent && Counted(s.Class, s.Via):
		return Verdict{Never, time.Time{}, ReasonSilent}
	case rule.caps && s.inSequence() >= aSequence:
		return Verdict{Never, time.Time{}, ReasonSequence}
	case s.Withdrawn:
		return Verdict{Never, time.Time{}, ReasonWithdrawn}
	case s.Off:
		return Verdict{Never, time.Time{}, ReasonAppointment}
	case now.After(tooLate):
		return Verdict{Never, time.Time{}, ReasonTooLate}
	case now.Before(s.NotBefore):
		return Verdict{Hold, s.NotBefore, ReasonList}
	case s.Trial:
		return Verdict{Hold, tooLate.Add(time.Second), ReasonTrial} // who goes live rings it earlier
	case rule.reader && s.OnHold:
		// Released or not, the alarm is set for the moment at which it says
		// nothing any more; who releases rings it earlier.
		return Verdict{Hold, tooLate.Add(time.Second), ReasonHold}
	case rule.reader && s.Unread:
		// Nobody may ever read it, so the alarm is set for the moment at which
		// it says nothing any more; a reader rings it earlier.
		return Verdict{Hold, tooLate.Add(time.Second), ReasonUnread}
	}
	if !rule.hours {
		return Verdict{Do: Go}
	}
	open, why := s.opening(now, rule.caps)
	switch {
	case open.IsZero():
		return Verdict{Never, time.Time{}, why}
	case open.After(tooLate) && why == ReasonHours:
		return Verdict{Never, time.Time{}, ReasonTooLate}
	case open.After(tooLate):
		return Verdict{Never, time.Time{}, why}
	case open.After(now):
		return Verdict{Hold, open, why}
	default:
		return Verdict{Do: Go}
	}
}

// Home is the zone whose hours an email keeps when the candidates have none in
// common within a week: the browser's, else the clinic's.
func Home(s contact.Submission, clinic *time.Location) *time.Location {
	if zones := hours.Zones(s.Zone, nil); len(zones) > 0 {
		return zones[0]
	}
	return clinic
}

// TooLate is the moment after which the message says nothing any more.
func (s Snapshot) TooLate() time.Time {
	if !s.Late.IsZero() {
		return s.Late
	}
	return s.Due.Add(rules[s.Class][s.Via].life)
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

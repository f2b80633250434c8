package desk

import (
	"strconv"
	"strings"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// What staff read of the ledger's codes. What a patient reads stands in
// templates alone.

// stands says where submission n stands.
func stands(p *ledger.Person, n int) string {
	switch {
	case p.Heard > 0:
		return "replied, not read yet"
	case p.Unread >= n:
		return "new, not read yet"
	case p.Hold.On:
		return "on hold"
	case p.Stopped >= n:
		return outcome(p.StoppedWhy, p.StoppedBy)
	default:
		return "not answered yet"
	}
}

// byPerson is how the ledger names the person who wrote.
const byPerson = "person"

// outcome says what ended a sequence.
func outcome(why gate.Reason, by string) string {
	switch why {
	case gate.ReasonReplied:
		if by == byPerson {
			return "replied"
		}
		return "answered"
	case gate.ReasonStaff:
		return "wants nothing more"
	default:
		return plain(string(why))
	}
}

// plain writes a code as words.
func plain(code string) string { return strings.ReplaceAll(code, "_", " ") }

// Message names a planned message: "follow-up 2 by text".
func Message(e ledger.Entry, v contact.Via) string {
	name := e.Template
	hangs, _ := e.Hangs()
	switch rest, ok := strings.CutPrefix(name, ledger.FollowUp(0)[:len(ledger.FollowUp(0))-1]); {
	case ok:
		name = "follow-up " + rest
	case strings.HasPrefix(name, "staff-reply"):
		return "note to staff about a reply"
	case strings.HasPrefix(name, "morning-sheet"):
		return "morning sheet"
	case strings.HasPrefix(name, "staff-"):
		return "note to staff"
	case strings.HasPrefix(name, "reminder"):
		name = "reminder"
	case hangs.Template == "booked":
		name = "note of the appointment"
	case hangs.Template == "rescheduled":
		name = "note of the new time"
	case hangs.Template == cancelled:
		name = "note of the cancellation"
	default:
		name, _, _ = strings.Cut(name, "-")
	}
	if v == contact.ViaSMS {
		return name + " by text"
	}
	return name + " by email"
}

// kind is what a message counts as.
func kind(e ledger.Entry) string {
	switch {
	case ledger.IsFollowUp(e.Template):
		return "follow-up"
	case strings.HasPrefix(e.Template, "reminder"):
		return "reminder"
	case ledger.ToStaff(e.Template):
		return "note to staff"
	default:
		return "message"
	}
}

// because gives the reason of a message in the middle of a sentence.
func because(why gate.Reason) string {
	switch why {
	case gate.ReasonHours:
		return "quiet hours"
	case gate.ReasonUnread:
		return "somebody must read first what the person wrote"
	case gate.ReasonOptedOut:
		return "opted out of texts"
	case gate.ReasonUnsubscribed:
		return "unsubscribed from follow-ups"
	case gate.ReasonDead:
		return "nobody is at this address, the provider says"
	case gate.ReasonNoConsent:
		return "no consent to messages of this kind"
	case gate.ReasonTooLate:
		return "it would have come too late to say anything"
	case gate.ReasonHold:
		return "staff hold everything to this person back"
	case gate.ReasonPace:
		return "the provider takes only so many a second"
	case gate.ReasonNoAddress:
		return "no address, or no number that may be texted"
	}
	said := strings.TrimSuffix(why.Say(), ".")
	if said == "" {
		return "no reason was noted"
	}
	return strings.ToLower(said[:1]) + said[1:]
}

// happened says what an event of the timeline was.
func happened(e ledger.Event) string {
	switch e.What {
	case "read":
		return "read"
	case "reply_read":
		return "reply " + strconv.Itoa(e.Reply) + " read"
	case string(gate.ReasonReplied):
		if e.By == byPerson {
			return "replied: the follow-ups stop"
		}
		return "answered: the follow-ups stop"
	case string(gate.ReasonBooked):
		return "booked: the follow-ups stop"
	case string(gate.ReasonStaff):
		return "wants nothing more: the follow-ups stop"
	case string(gate.Unsubscribed):
		return "unsubscribed from follow-ups by email"
	case string(gate.OptedOut):
		return "opted out: no texts go to this number"
	case ledger.OptedIn:
		return "opted in to texts again"
	case string(gate.Dead):
		return "an address is dead: nothing goes there"
	case string(gate.WrongNumber):
		return "wrong number: no texts go there"
	case "hold":
		return "on hold: nothing automated goes"
	case "release":
		return "released from the hold"
	case "reminder_planned":
		return "a reminder was asked for"
	case "appointment":
		return "appointment made"
	case "cancelled":
		if entry, via, ok := strings.Cut(e.Message, "/"); ok {
			return Message(ledger.Entry{N: e.N, Template: entry}, contact.Via(via)) + " taken back: " + because(gate.Reason(e.Code))
		}
		return "taken back"
	case "overdue":
		return "a message was overdue and was rung for again"
	case "in_hand":
		return "a text was already with the carrier"
	default:
		said := plain(e.What)
		if e.Code != "" {
			said += ": " + because(gate.Reason(e.Code))
		}
		return said
	}
}

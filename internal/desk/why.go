package desk

import (
	"strings"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// Line is one message in a sentence.
type Line struct {
	Message string       `json:"message"` // its entry and channel
	State   ledger.State `json:"state"`
	Reason  gate.Reason  `json:"reason,omitempty"`
	Due     time.Time    `json:"due,omitzero"` // with what may still go, and has a time
	At      time.Time    `json:"at,omitzero"`  // with what has come to an end
	Text    string       `json:"text"`
}

// Why says of every message about submission n of a person what became of it
// and why, in the order of the plan; with n 0 of all. Notes to staff are left
// out where all is well.
func (v *View) Why(p *ledger.Person, n int) []Line {
	lines := []Line{}
	for _, m := range ordered(p.Messages) {
		if n > 0 && m.Entry.N != n || ledger.ToStaff(m.Entry.Template) && !m.Row.Failed() && !m.Row.State.Pending() {
			continue
		}
		lines = append(lines, v.line(p, &m))
	}
	return lines
}

// Lines says the same of some messages of the person.
func (v *View) Lines(p *ledger.Person, messages []ledger.Planned) []Line {
	lines := []Line{}
	for _, m := range ordered(messages) {
		lines = append(lines, v.line(p, &m))
	}
	return lines
}

func (v *View) line(p *ledger.Person, m *ledger.Planned) Line {
	r := m.Row
	l := Line{Message: m.Entry.String() + "/" + string(m.Via), State: r.State, Reason: r.Why}
	if r.State.Pending() {
		if r.Why != gate.ReasonUnread && r.Why != gate.ReasonHold && keptBack(m) != gate.ReasonHold {
			l.Due = time.Unix(r.Due, 0).In(v.Zone)
		}
	} else if r.At > 0 {
		l.At = time.Unix(r.At, 0).In(v.Zone)
	}
	said := Message(m.Entry, m.Via)
	l.Text = strings.ToUpper(said[:1]) + said[1:] + " " + v.sentence(p, m) + "."
	return l
}

// sentence is the rest of it, after the name of the message.
func (v *View) sentence(p *ledger.Person, m *ledger.Planned) string {
	r := m.Row
	due, next, at := v.Say(time.Unix(r.Planned, 0)), v.Say(time.Unix(r.Due, 0)), v.Say(time.Unix(r.At, 0))
	code := ""
	if r.Code != "" {
		code = " (code " + r.Code + ")"
	}
	switch r.State {
	case ledger.Waiting:
		switch {
		case m.Stopped != "" && ledger.IsFollowUp(m.Entry.Template):
			return "does not go: " + v.stopped(p)
		case r.Why != "":
			return "due " + due + " waits: " + because(r.Why) + code + " → " + next
		case keptBack(m) == gate.ReasonHold:
			return "does not go: " + because(gate.ReasonHold)
		case keptBack(m) != "":
			return "goes " + next + " at the earliest: " + because(keptBack(m))
		case r.Due <= v.Now().Unix():
			return "goes now"
		}
		return "goes " + next
	case ledger.Held:
		if r.Why == gate.ReasonUnread {
			return "due " + due + " held: " + because(r.Why)
		}
		if r.Why == gate.ReasonHold {
			return "due " + due + " held: " + because(r.Why)
		}
		return "due " + due + " held for " + because(r.Why) + " → " + next
	case ledger.Sending:
		return "is being sent"
	case ledger.Sent:
		return "sent " + at
	case ledger.Delivered:
		return "delivered " + at
	case ledger.Undelivered:
		if r.Why != "" {
			return "not delivered " + at + ": " + because(r.Why) + code
		}
		return "not delivered " + at + ": the provider gave up" + code
	case ledger.Unknown:
		return "not known – do not resend: the provider's answer was lost " + at
	case ledger.Cancelled:
		by := ""
		if r.By != "" && r.By != byPerson {
			by = " by " + r.By
		}
		return "cancelled" + by + ": " + strings.TrimSuffix(v.because(p, m), ", noted by "+r.By) + code
	default:
		return "not sent: " + v.because(p, m) + code
	}
}

// keptBack is what a waiting message will meet at the gate as things stand: ""
// when nothing keeps it back. The confirmation by email and the notes to staff
// wait for nobody.
func keptBack(m *ledger.Planned) gate.Reason {
	switch {
	case ledger.ToStaff(m.Entry.Template) || m.Entry.Template == "confirmation" && m.Via == contact.ViaEmail:
		return ""
	case m.OnHold:
		return gate.ReasonHold
	case m.Unread:
		return gate.ReasonUnread
	}
	return ""
}

// because gives the reason why a message did not go, with the moment of what
// the reason is.
func (v *View) because(p *ledger.Person, m *ledger.Planned) string {
	if m.Row.Why == p.StoppedWhy && p.StoppedWhy != "" && p.Stopped >= m.Entry.N {
		return v.stopped(p)
	}
	if m.Row.Why == gate.ReasonNoHours || m.Row.Why == gate.ReasonDead && m.Via == contact.ViaSMS {
		return because(m.Row.Why) + "; please call"
	}
	return because(m.Row.Why) + " (" + v.Say(time.Unix(m.Row.At, 0)) + ")"
}

// stopped says what ended the person's sequences, and when.
func (v *View) stopped(p *ledger.Person) string {
	said := outcome(p.StoppedWhy, p.StoppedBy)
	if p.StoppedAt.Unix() > 0 {
		said += " " + v.Say(p.StoppedAt)
	}
	if p.StoppedBy != "" && p.StoppedBy != byPerson {
		said += ", noted by " + p.StoppedBy
	}
	return said
}

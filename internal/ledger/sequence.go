package ledger

import (
	"slices"
	"strconv"
	"strings"

	"github.com/joydevie/followup/internal/contact"
)

const followUp = "followup-"

// FollowUp names the template of the follow-up at place i of a sequence, from 1.
func FollowUp(i int) string { return followUp + strconv.Itoa(i) }

// IsFollowUp reports whether the template is one of a sequence.
func IsFollowUp(template string) bool { return strings.HasPrefix(template, followUp) }

// Running reports whether a sequence of the person may still send something.
func (p *Person) Running() bool {
	return slices.ContainsFunc(p.Messages, func(m Planned) bool {
		return IsFollowUp(m.Entry.Template) && m.Row.State.Pending()
	})
}

// Sequence gives the follow-ups to submission n in their order.
func (p *Person) Sequence(n int) []Planned {
	var steps []Planned
	for _, m := range p.Messages {
		if m.Entry.N == n && IsFollowUp(m.Entry.Template) {
			steps = append(steps, m)
		}
	}
	slices.SortFunc(steps, func(a, b Planned) int { return strings.Compare(a.Entry.Template, b.Entry.Template) })
	return steps
}

// Held lists what waits for a reader.
func (p *Person) Held(meant func(Row) bool) []Planned {
	var held []Planned
	for _, m := range p.Messages {
		if m.Row.State == Held && meant(m.Row) {
			held = append(held, m)
		}
	}
	return held
}

// Latest is the newest submission; the zero Submission when there is none.
func (p *Person) Latest() contact.Submission {
	if len(p.Submissions) == 0 {
		return contact.Submission{}
	}
	return p.Submissions[len(p.Submissions)-1]
}

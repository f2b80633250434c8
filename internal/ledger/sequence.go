package ledger

import (
	"slices"
	"strconv"
	"strings"
)

const followUp = "followup-"

// FollowUp names the template of the follow-up at place i of a sequence, from 1.
func FollowUp(i int) string { return followUp + strconv.Itoa(i) }

// IsFollowUp reports whether the template is one of a sequence.
func IsFollowUp(template string) bool { return strings.HasPrefix(template, followUp) }

// ToStaff reports whether the template is one that the clinic's own people read.
func ToStaff(template string) bool {
	return strings.HasPrefix(template, "staff-") || strings.HasPrefix(template, "morning-sheet")
}

// Running reports whether a sequence of the person may still send something,
// or one of somebody else whom the same number leads to.
func (p *Person) Running() bool {
	return p.other != nil && p.other.Running() || slices.ContainsFunc(p.Messages, func(m Planned) bool {
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

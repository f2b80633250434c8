package templates

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one mistake in the words: where it is, which rule it breaks, what is
// wrong, and what to do about it.
type Fault struct {
	File string `json:"file"` // as it is found on this machine; a built-in one as messages/NAME.LANG.md
	Line int    `json:"line"` // from 1
	Rule string `json:"rule"` // its name in Rules
	What string `json:"what"`
	Cure string `json:"cure"`
}

// Error gives all of it on one line.
func (f Fault) Error() string {
	return fmt.Sprintf("%s:%d: %s; %s (%s)", f.File, f.Line, f.What, f.Cure, f.Rule)
}

// Faults are all the mistakes found at once, in the order of files and lines.
type Faults []Fault

// Error gives one line each.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i := range f {
		lines[i] = f[i].Error()
	}
	return strings.Join(lines, "\n")
}

// sorted gives nil for no faults, so that it can be returned as an error.
func (f Faults) sorted() error {
	if len(f) == 0 {
		return nil
	}
	slices.SortStableFunc(f, func(a, b Fault) int { return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	return slices.Compact(f)
}

// Package doctor looks at everything that a clinic's installation stands on,
// before somebody has to wait in vain: each check asks one question, and each
// fault comes with its cure in one sentence. It changes nothing anywhere and
// sends no message.
package doctor

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// Severity is how much a finding weighs.
type Severity string

// The severities.
const (
	Fine    Severity = "ok"
	Warning Severity = "warning" // it works, and somebody should know
	Fault   Severity = "fault"   // messages would be lost, refused, or not allowed
)

// Trouble is one thing that is not as it should be.
type Trouble struct {
	Severity Severity
	What     string
	Cure     string // one sentence
}

func fault(what, cure string) Trouble   { return Trouble{Fault, what, cure} }
func warning(what, cure string) Trouble { return Trouble{Warning, what, cure} }

// Check is one question.
type Check struct {
	Name string
	Asks string                              // what is checked, for whoever reads the list
	Look func(ctx context.Context) []Trouble // none: all is well
}

// patience bounds one check. Nobody waits longer for what does not answer.
const patience = 20 * time.Second

// Finding is the answer to a check. A check with several troubles has several.
type Finding struct {
	Check    string   `json:"check"`
	Asks     string   `json:"asks"`
	Severity Severity `json:"severity"`
	What     string   `json:"what,omitempty"`
	Cure     string   `json:"cure,omitempty"`
}

// Report is what came of the checks, in their order.
type Report []Finding

// Examine makes the checks, all at the same time.
func Examine(ctx context.Context, checks []Check) Report {
	troubles := make([][]Trouble, len(checks))
	var all sync.WaitGroup
	for i, c := range checks {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			troubles[i] = c.Look(ctx)
		})
	}
	all.Wait()
	var r Report
	for i, c := range checks {
		if len(troubles[i]) == 0 {
			r = append(r, Finding{Check: c.Name, Asks: c.Asks, Severity: Fine})
		}
		for _, t := range troubles[i] {
			r = append(r, Finding{c.Name, c.Asks, t.Severity, t.What, t.Cure})
		}
	}
	return r
}

// Count gives how many findings have a severity.
func (r Report) Count(s Severity) int {
	n := 0
	for _, f := range r {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Write prints the report: a line for each check, and under it what to do.
func (r Report) Write(w io.Writer) error {
	for _, f := range r {
		if _, err := fmt.Fprintf(w, "%-8s %-13s %s\n", f.Severity, f.Check, f.Asks); err != nil {
			return err
		}
		if f.Severity == Fine {
			continue
		}
		if _, err := fmt.Fprintf(w, "         %s\n         → %s\n", f.What, f.Cure); err != nil {
			return err
		}
	}
	return nil
}

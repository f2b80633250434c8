package config

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Fault is one thing that is wrong with a setting, and what to do about it.
// It never holds the value of a secret.
type Fault struct {
	Setting string // "FOLLOWUP_LISTEN"; "" where the clinic's file was read on its own
	File    string // the clinic's, with its faults
	Line    int    // in the file; 0 where no line is to blame
	Problem string
	Cure    string // "" where the problem says it
}

// Error is one line: the setting, file and line, what is wrong, and the cure.
func (f Fault) Error() string {
	text := f.Problem
	switch {
	case f.Line > 0:
		text = f.File + ":" + strconv.Itoa(f.Line) + ": " + text
	case f.File != "":
		text = f.File + ": " + text
	}
	if f.Setting != "" {
		text = f.Setting + ": " + text
	}
	if f.Cure != "" {
		text += "; " + f.Cure
	}
	return text
}

// Missing reports whether the setting is required and not there, rather than
// wrong.
func (f Fault) Missing() bool { return f.Problem == missing }

const missing = "missing"

// Faults is everything that is wrong, so that whoever starts the program mends
// it in one go: sorted by setting, and within a file by line.
type Faults []Fault

// Error is one line for each fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, each := range f {
		lines[i] = each.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the faults one by one, for errors.Is and errors.AsType.
func (f Faults) Unwrap() []error {
	errs := make([]error, len(f))
	for i, each := range f {
		errs[i] = each
	}
	return errs
}

func (f *Faults) add(setting, problem, cure string) {
	*f = append(*f, Fault{Setting: setting, Problem: problem, Cure: cure})
}

// sorted gives the error to return: nil when nothing is wrong.
func (f Faults) sorted() error {
	if len(f) == 0 {
		return nil
	}
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Setting, b.Setting), cmp.Compare(a.Line, b.Line))
	})
	return f
}

// meant says which of the known names was probably meant, as a cure; otherwise
// stands where none is near.
func meant(name string, known []string, otherwise string) string {
	best, distance := "", max(2, len(name)/4)+1
	for _, k := range known {
		if d := edits(name, k); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return otherwise
	}
	return "did you mean " + best + "?"
}

// edits counts the letters to insert, delete or replace to get from a to b.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// quote repeats a value that is no secret: on one line, and not endlessly.
func quote(value string) string {
	const most = 60
	if len(value) > most {
		value = strings.ToValidUTF8(value[:most], "") + "…"
	}
	return quoted(value)
}

package preview_test

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// tolerated are warnings about what mail programs need and web pages do not:
// widths, colours and spacing as attributes, a namespace for Outlook's own
// comments, and tables that only lay out.
var tolerated = regexp.MustCompile(`attribute "(bgcolor|align|cellpadding|cellspacing|border|width)" not allowed for XHTML5` +
	`|<html> proprietary attribute "xmlns:o"` +
	`|<div> proprietary attribute "aria-roledescription"` + // of ARIA 1.1, which tidy does not know yet
	`|<table> lacks "summary" attribute`)

func TestAValidatorFindsNoErrorInAnyLetter(t *testing.T) {
	t.Parallel()
	tool := program(t, "tidy")
	for _, m := range every(t) {
		cmd := exec.CommandContext(t.Context(), tool, "-errors", "-quiet", "-utf8", "--show-info", "no", "--mute-id", "no")
		cmd.Stdin = strings.NewReader(m.HTML)
		var found bytes.Buffer
		cmd.Stderr = &found
		err := cmd.Run() // 1: warnings, 2: errors
		if code := cmd.ProcessState.ExitCode(); code < 0 || code > 1 {
			t.Errorf("%s.%s: %v", m.Name, m.Language, err)
		}
		for line := range strings.Lines(found.String()) {
			if !tolerated.MatchString(line) {
				t.Errorf("%s.%s: %s", m.Name, m.Language, line)
			}
		}
	}
}

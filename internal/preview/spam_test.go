package preview_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// spamLimit is far below the 5.0 at which SpamAssassin calls a letter spam.
const spamLimit = 2.0

var spamStatus = regexp.MustCompile(`(?m)^X-Spam-Status: (?:Yes|No), score=(-?[0-9.]+)[\s\S]*?tests=([\s\S]*?)autolearn`)

// TestNoLetterLooksLikeSpam asks SpamAssassin, by its local rules alone: one
// run over all letters, since it takes seconds to begin.
func TestNoLetterLooksLikeSpam(t *testing.T) {
	t.Parallel()
	tool := program(t, "spamassassin")
	letters := posted(t)
	var box bytes.Buffer
	now := time.Now().Format(time.RFC1123Z)
	for _, l := range letters {
		// As a server takes it in: from us to the clinic's relay, and from there.
		fmt.Fprintf(&box, "From hello@joydevie.example Tue Nov 24 12:00:00 2026\nReturn-Path: <hello@joydevie.example>\nX-Sample: %s\n"+
			"Received: from relay.joydevie.example (relay.joydevie.example [100.20.30.40])\n\tby mx.example.com with ESMTPS id 4F000002 for <ann@example.com>;\n\t%s\n"+
			"Received: from followup (unknown [10.0.0.5])\n\tby relay.joydevie.example with ESMTPSA id 4F000001 for <ann@example.com>;\n\t%s\n", l, now, now)
		for line := range strings.Lines(string(l.raw)) {
			if strings.HasPrefix(line, "From ") {
				line = ">" + line
			}
			box.WriteString(line)
		}
		box.WriteString("\n\n")
	}
	file, home := filepath.Join(t.TempDir(), "all.mbox"), t.TempDir()
	if err := os.WriteFile(file, box.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), tool, "--local", "--mbox", "--nocreate-prefs", "--cf=use_bayes 0", "--cf=dns_available no", "--cf=add_header all Status _YESNO_, score=_SCORE_ required=_REQD_ tests=_TESTS_ autolearn=_AUTOLEARN_", file)
	cmd.Env = append(os.Environ(), "HOME="+home)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, &log)
	}
	scored := 0
	for part := range strings.SplitSeq("\n"+out.String(), "\nFrom hello@") {
		_, name, ok := strings.Cut(part, "X-Sample: ")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut(name, "\n")
		m := spamStatus.FindStringSubmatch(part)
		if m == nil {
			t.Errorf("%s was not scored", name)
			continue
		}
		scored++
		score, err := strconv.ParseFloat(m[1], 64)
		if err != nil || score >= spamLimit {
			t.Errorf("%s scores %s by %s", name, m[1], strings.Join(strings.Fields(m[2]), " "))
		}
		t.Logf("%-18s %s %s", name, m[1], strings.Join(strings.Fields(m[2]), " "))
	}
	if scored != len(letters) {
		t.Errorf("%d of %d letters were scored\n%s", scored, len(letters), &log)
	}
}

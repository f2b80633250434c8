package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

func TestScreenReadsOneReplyALineWithoutAnySetting(t *testing.T) {
	t.Parallel()
	var out, log bytes.Buffer
	cmd := root(system{nil, nil, &out, &log})
	cmd.Reader = strings.NewReader("STOP\ncan you stop by?\n\nAYUDA\r\nunstop\nlast line")
	if err := cmd.Run(context.Background(), []string{"followup", "screen", "--reply"}); err != nil {
		t.Fatal(err)
	}
	want := "optout\tstop\nother\tstop-place\nother\tempty\nhelp\tayuda\noptin\tstart\nother\tmessage\n"
	if out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

func TestScreenSaysWhatItCannotReadYet(t *testing.T) {
	t.Parallel()
	var out, log bytes.Buffer
	code := run(context.Background(), system{[]string{"followup", "screen"}, nil, &out, &log})
	if code != usedWrong || !strings.Contains(log.String(), "--reply") || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("exit %d: %q", code, log.String())
	}
}

package channeltest

import (
	"bytes"
	"context"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"
)

// mayWait is how many connections a sender may keep for the next message.
const mayWait = 10

// nothingStays sends fifty messages that fail in every way the channel can.
// Goroutines are told apart by a profiler label, which passes on to whatever
// Send starts, so that tests running beside this one do not disturb the count.
func nothingStays(t *testing.T, b Bench) {
	var failing []string
	for _, how := range []Behaviour{Throttled, Temporary, Permanent, OptOut, Lost} {
		if b.To[how] != "" {
			failing = append(failing, b.To[how])
		}
	}
	if len(failing) == 0 {
		t.Skip("this channel cannot fail")
	}
	pprof.Do(within(t), pprof.Labels("channeltest", t.Name()), func(ctx context.Context) {
		for n := range 50 {
			b.Sender.Send(ctx, message(failing[n%len(failing)], n))
		}
		if b.Open != nil {
			eventually(t, "most connections are closed", func() bool { return b.Open() <= mayWait })
		}
		if b.Close != nil {
			b.Close()
		}
		eventually(t, "no goroutine of the sender is left", func() bool { return labelled(t) <= 1 })
		if b.Open != nil && b.Close != nil {
			eventually(t, "no connection is left", func() bool { return b.Open() == 0 })
		}
	})
}

// labelled counts the goroutines that carry this test's label.
func labelled(t *testing.T) int {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		t.Fatalf("reading the goroutine profile: %v", err)
	}
	count, label := 0, strconv.Quote(t.Name())
	// A stanza begins "N @ address…"; its labels follow on the next line.
	for stanza := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(stanza, `# labels: {`) && strings.Contains(stanza, label) {
			head, _, _ := strings.Cut(strings.TrimSpace(stanza), " @")
			if n, err := strconv.Atoi(head[strings.LastIndexByte(head, '\n')+1:]); err == nil {
				count += n
			}
		}
	}
	return count
}

// eventually waits until the other side has noticed.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(10 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-limit:
			t.Errorf("after ten seconds it does not hold that %s", what)
			return
		}
	}
}

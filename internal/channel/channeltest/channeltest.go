// Package channeltest is the suite that every channel passes, so that the
// worker need not know which one it holds. A channel's test hands in a bench,
// a sender with the provider's side of it:
//
//	func TestConformance(t *testing.T) {
//		t.Parallel()
//		channeltest.Run(t, func(t *testing.T) channeltest.Bench {
//			srv := smtptest.Start(t, smtptest.Options{})
//			srv.Fail("lost@example.com", 0, smtptest.Drop(smtptest.Answer))
//			…
//			return channeltest.Bench{
//				Sender: sender,
//				To:     map[channeltest.Behaviour]string{channeltest.OK: "ok@example.com", channeltest.Lost: "lost@example.com"},
//				Taken:  func(to string) []channeltest.Taken { … },
//			}
//		})
//	}
//
// Every subtest asks for a bench of its own and runs in parallel. A behaviour
// without a recipient is skipped: a channel that writes to a file loses no
// answers.
package channeltest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
)

// Behaviour is what the provider does with a message to a recipient, every time.
type Behaviour string

// The behaviours. OK is required.
const (
	OK        Behaviour = "ok"        // accepts
	Throttled Behaviour = "throttled" // asks to wait
	Temporary Behaviour = "temporary" // refuses for now
	Permanent Behaviour = "permanent" // refuses for good
	OptOut    Behaviour = "optout"    // refuses because the person opted out
	Lost      Behaviour = "lost"      // accepts, and the answer never arrives
	Slow      Behaviour = "slow"      // does not answer at all until the sender gives up
)

// Canary stands in every message of the suite. A provider's refusals should
// repeat it, to show that an outcome lets none of it through.
const Canary = "canary-7f3a"

// Taken is a message that the provider really accepted.
type Taken struct {
	ID   string // channel.Message.ID, as the provider was told it (Message-ID, callback)
	Text string
}

// Bench is one channel with its provider.
type Bench struct {
	Sender channel.Sender
	To     map[Behaviour]string

	// Taken lists what the provider accepted for a recipient, in order, whether
	// or not the sender came to know.
	Taken func(to string) []Taken

	// Open counts the provider's open connections; nil when there are none.
	Open func() int

	// Close lets go of what the sender keeps between messages; nil when it keeps
	// nothing. After it no goroutine of the sender may be left.
	Close func()
}

// Run runs the suite.
func Run(t *testing.T, newBench func(t *testing.T) Bench) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, b Bench)
	}{
		{"each send is accepted exactly once", acceptedOnce},
		{"two attempts carry the same id", sameID},
		{"many may send at once", concurrent},
		{"a lost answer is unknown, never free to try again", lostIsUnknown},
		{"a refusal for now did not leave", stateOf(Temporary, channel.NotSent)},
		{"a refusal for good is refused", stateOf(Permanent, channel.Refused)},
		{"a request to wait is throttled", stateOf(Throttled, channel.Throttled)},
		{"an opt-out is named as one", optOut},
		{"the deadline holds even when nobody answers", deadlineHolds},
		{"an ended context sends nothing", endedContext},
		{"nothing of the message or the provider's words is in an outcome", nothingLeaks},
		{"an empty message does no harm", emptyMessage},
		{"fifty failures leave nothing behind", nothingStays},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if b.To[OK] == "" {
				t.Fatal("the bench has no recipient for channeltest.OK")
			}
			test.run(t, b)
		})
	}
}

// message makes a message for to; n tells messages of one test apart.
func message(to string, n int) channel.Message {
	m := channel.Message{
		ID:   fmt.Sprintf("c7.confirmation.%d", n),
		To:   to,
		Text: fmt.Sprintf("Thank you, %s. This is message %d.", Canary, n),
	}
	if strings.Contains(to, "@") {
		m.Subject = "We read it, " + Canary
		m.HTML = fmt.Sprintf("<p>Thank you, %s. This is message %d.</p>", Canary, n)
		m.ReplyTo = "desk@" + Canary + ".example"
		m.Unsubscribe = "https://clinic.example/u/" + Canary
	}
	return m
}

// within is long enough for any fake provider on a loaded machine.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// need gives the recipient for a behaviour or skips the test.
func (b Bench) need(t *testing.T, how Behaviour) string {
	t.Helper()
	if b.To[how] == "" {
		t.Skipf("this channel cannot be %s", how)
	}
	return b.To[how]
}

func acceptedOnce(t *testing.T, b Bench) {
	to := b.To[OK]
	for n := range 3 {
		m := message(to, n)
		out := b.Sender.Send(within(t), m)
		if out.State != channel.Accepted || out.Err != nil || out.Cause != channel.CauseOther {
			t.Fatalf("got %v (%v, %v), want accepted without cause or error", out.State, out.Cause, out.Err)
		}
		taken := b.Taken(to)
		if len(taken) != n+1 {
			t.Fatalf("the provider holds %d messages after %d sends", len(taken), n+1)
		}
		if got := taken[n]; got.ID != m.ID || strings.TrimSpace(got.Text) != m.Text {
			t.Errorf("the provider holds %+v, want id %q and text %q", got, m.ID, m.Text)
		}
	}
}

func sameID(t *testing.T, b Bench) {
	to, want := b.To[OK], 2
	m := message(to, 1)
	if lost := b.To[Lost]; lost != "" { // as after a lost answer, where it matters
		to, m.To = lost, lost
	}
	b.Sender.Send(within(t), m)
	b.Sender.Send(within(t), m)
	taken := b.Taken(to)
	if len(taken) != want {
		t.Fatalf("the provider holds %d messages, want %d", len(taken), want)
	}
	for _, got := range taken {
		if got.ID != m.ID {
			t.Errorf("an attempt carried id %q, want %q", got.ID, m.ID)
		}
	}
}

func concurrent(t *testing.T, b Bench) {
	const senders, each = 8, 5
	to, ctx := b.To[OK], within(t)
	var all sync.WaitGroup
	for s := range senders {
		all.Go(func() {
			for n := range each {
				if out := b.Sender.Send(ctx, message(to, s*each+n)); out.State != channel.Accepted {
					t.Errorf("got %v (%v), want accepted", out.State, out.Err)
				}
			}
		})
	}
	all.Wait()
	seen := map[string]int{}
	for _, got := range b.Taken(to) {
		seen[got.ID]++
	}
	for n := range senders * each {
		if id := message(to, n).ID; seen[id] != 1 {
			t.Errorf("%s was accepted %d times", id, seen[id])
		}
	}
}

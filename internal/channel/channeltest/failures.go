package channeltest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
)

func lostIsUnknown(t *testing.T, b Bench) {
	to := b.need(t, Lost)
	out := b.Sender.Send(within(t), message(to, 1))
	if out.State != channel.Unknown || out.Err == nil {
		t.Errorf("got %v (%v), want unknown and why", out.State, out.Err)
	}
	if n := len(b.Taken(to)); n != 1 {
		t.Errorf("the provider holds %d messages, want 1: the bench does not lose the answer alone", n)
	}
}

func stateOf(how Behaviour, want channel.State) func(*testing.T, Bench) {
	return func(t *testing.T, b Bench) {
		to := b.need(t, how)
		out := b.Sender.Send(within(t), message(to, 1))
		if out.State != want || out.Err == nil {
			t.Errorf("got %v (%v), want %v and why", out.State, out.Err, want)
		}
		if n := len(b.Taken(to)); n != 0 {
			t.Errorf("the provider holds %d messages, want none", n)
		}
		// The next message to somebody else is not drawn in.
		if out := b.Sender.Send(within(t), message(b.To[OK], 2)); out.State != channel.Accepted {
			t.Errorf("afterwards got %v (%v), want accepted", out.State, out.Err)
		}
	}
}

func optOut(t *testing.T, b Bench) {
	to := b.need(t, OptOut)
	out := b.Sender.Send(within(t), message(to, 1))
	if out.State != channel.Refused || out.Cause != channel.CauseOptOut {
		t.Errorf("got %v (%v), want refused for an opt-out", out.State, out.Cause)
	}
}

// grace is how long after its context's end a Send may take to return.
const grace = 5 * time.Second

func deadlineHolds(t *testing.T, b Bench) {
	to := b.need(t, Slow)
	const limit = 150 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	done := make(chan channel.Outcome, 1)
	go func() { done <- b.Sender.Send(ctx, message(to, 1)) }()
	var out channel.Outcome
	select {
	case out = <-done:
	case <-time.After(limit + grace):
		t.Fatalf("not back %v after its deadline", grace)
	}
	if out.State != channel.Unknown && out.State != channel.NotSent {
		t.Errorf("got %v, want unknown or not sent", out.State)
	}
	if len(b.Taken(to)) > 0 && out.State != channel.Unknown {
		t.Errorf("got %v although the provider holds the message", out.State)
	}
	if !errors.Is(out.Err, context.DeadlineExceeded) {
		t.Errorf("the error %v does not say that the deadline passed", out.Err)
	}
}

func endedContext(t *testing.T, b Bench) {
	to := b.To[OK]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out := b.Sender.Send(ctx, message(to, 1))
	if out.State != channel.NotSent || !errors.Is(out.Err, context.Canceled) {
		t.Errorf("got %v (%v), want not sent because canceled", out.State, out.Err)
	}
	if n := len(b.Taken(to)); n != 0 {
		t.Errorf("the provider holds %d messages, want none", n)
	}
}

// code is what Outcome.Code may look like: a provider's numbers, no words.
var code = regexp.MustCompile(`^(HTTP )?[0-9. ]{0,16}$`)

func nothingLeaks(t *testing.T, b Bench) {
	for _, how := range []Behaviour{OK, Throttled, Temporary, Permanent, OptOut, Lost, Slow} {
		to := b.To[how]
		if to == "" {
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if how == Slow {
			cancel()
			ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
		}
		m := message(to, 1)
		out := b.Sender.Send(ctx, m)
		cancel()
		if !code.MatchString(out.Code) {
			t.Errorf("%s: the code %q is more than a code", how, out.Code)
		}
		said := out.ID
		walk(out.Err, func(err error) { said += fmt.Sprintf("\n%v\n%+v", err, err) })
		local, _, _ := strings.Cut(to, "@")
		for _, secret := range []string{Canary, to, local + "@", strings.TrimPrefix(to, "+")} {
			if strings.Contains(said, secret) {
				t.Errorf("%s: the outcome repeats %q:\n%s", how, secret, said)
			}
		}
	}
}

// walk visits every error that errors.Is would see.
func walk(err error, visit func(error)) {
	if err == nil {
		return
	}
	visit(err)
	switch e := err.(type) { //nolint:errorlint // it unwraps by itself, to see every error
	case interface{ Unwrap() error }:
		walk(e.Unwrap(), visit)
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			walk(err, visit)
		}
	}
}

func emptyMessage(t *testing.T, b Bench) {
	if out := b.Sender.Send(within(t), channel.Message{}); out.State == channel.Unknown {
		t.Errorf("got %v (%v): a message to nobody is known not to have left", out.State, out.Err)
	}
}

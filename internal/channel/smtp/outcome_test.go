package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/channel"
)

const canary = "canary@example.com"

func TestAReplyMeansWhatItsStepAndItsCodesSay(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		at    step
		reply string
		state channel.State
		cause channel.Cause
		code  string
	}{
		// For now: RFC 5321 section 4.2.1, 4yz.
		{atConnect, "421 too busy", channel.NotSent, 0, "421"},
		{atTLS, "454 4.7.0 TLS not available", channel.NotSent, 0, "454 4.7.0"},
		{atAuth, "454 4.7.0 temporary authentication failure", channel.NotSent, 0, "454 4.7.0"},
		{atMail, "451 4.3.0 try later", channel.NotSent, 0, "451 4.3.0"},
		{atRcpt, "450 4.7.1 greylisted", channel.NotSent, 0, "450 4.7.1"},
		{atRcpt, "452 4.2.2 mailbox full", channel.NotSent, 0, "452 4.2.2"},
		{atData, "421 4.3.2 shutting down", channel.NotSent, 0, "421 4.3.2"},
		{atDot, "451 4.3.0 try later", channel.NotSent, 0, "451 4.3.0"},
		{atDot, "421 4.7.0 slow down", channel.NotSent, 0, "421 4.7.0"},
		// A full mailbox is no dead one, and 552 at RCPT is an old 452.
		{atRcpt, "552 5.2.2 mailbox full", channel.NotSent, 0, "552 5.2.2"},
		{atDot, "550 5.2.2 over quota", channel.NotSent, 0, "550 5.2.2"},
		{atDot, "552 4.2.2 over quota", channel.NotSent, 0, "552 4.2.2"},
		{atRcpt, "552 too many", channel.NotSent, 0, "552"},
		// The address.
		{atRcpt, "550 5.1.1 no such user", channel.Refused, channel.CauseAddress, "550 5.1.1"},
		{atRcpt, "550 5.1.2 no such host", channel.Refused, channel.CauseAddress, "550 5.1.2"},
		{atRcpt, "501 5.1.3 bad syntax", channel.Refused, channel.CauseAddress, "501 5.1.3"},
		{atRcpt, "556 5.1.10 null MX", channel.Refused, channel.CauseAddress, "556 5.1.10"},
		{atRcpt, "550 5.2.1 disabled", channel.Refused, channel.CauseAddress, "550 5.2.1"},
		{atDot, "550 5.1.1 no such user after all", channel.Refused, channel.CauseAddress, "550 5.1.1"},
		// Us: credentials, sender, reputation.
		{atConnect, "554 go away", channel.Refused, channel.CauseConfig, "554"},
		{atHello, "550 your name is not yours", channel.Refused, channel.CauseConfig, "550"},
		{atAuth, "535 5.7.8 wrong password", channel.Refused, channel.CauseConfig, "535 5.7.8"},
		{atAuth, "535 wrong password", channel.Refused, channel.CauseConfig, "535"},
		{atMail, "530 5.7.0 sign in first", channel.Refused, channel.CauseConfig, "530 5.7.0"},
		{atRcpt, "538 5.7.11 TLS first", channel.Refused, channel.CauseConfig, "538 5.7.11"},
		{atMail, "553 5.1.8 sender's domain unknown", channel.Refused, channel.CauseConfig, "553 5.1.8"},
		{atMail, "550 5.1.1 no such sender", channel.Refused, channel.CauseConfig, "550 5.1.1"},
		{atRcpt, "554 5.7.1 relay denied", channel.Refused, channel.CauseConfig, "554 5.7.1"},
		{atDot, "550 5.7.26 DMARC", channel.Refused, channel.CauseConfig, "550 5.7.26"},
		// What it says.
		{atDot, "554 5.7.1 looks like spam", channel.Refused, channel.CauseContent, "554 5.7.1"},
		{atDot, "550 5.6.0 bad MIME", channel.Refused, channel.CauseContent, "550 5.6.0"},
		// Nobody knows: staff look, nobody is suppressed.
		{atRcpt, "550 no", channel.Refused, channel.CauseOther, "550"},
		{atRcpt, "550 5.4.1 no", channel.Refused, channel.CauseOther, "550 5.4.1"},
		{atDot, "554 no", channel.Refused, channel.CauseOther, "554"},
		{atRcpt, "550 5.1.12345 odd", channel.Refused, channel.CauseOther, "550"},
		// Neither yes nor no.
		{atDot, "251 accepted in other words", channel.Accepted, 0, ""},
		{atDot, "354 go ahead", channel.Unknown, 0, ""},
		{atDot, "650 what", channel.Unknown, 0, ""},
		{atRcpt, "354 go ahead", channel.NotSent, 0, ""},
	} {
		t.Run(fmt.Sprintf("%s %s", tc.at, tc.reply), func(t *testing.T) {
			t.Parallel()
			var code int
			fmt.Sscanf(tc.reply[:3], "%d", &code)
			out := settle(t.Context(), tc.at, fmt.Errorf("wrapped: %w", &textproto.Error{Code: code, Msg: tc.reply[4:] + " <" + canary + ">"}))
			if out.State != tc.state || out.Cause != tc.cause || out.Code != tc.code {
				t.Errorf("got %v, %v, %q; want %v, %v, %q", out.State, out.Cause, out.Code, tc.state, tc.cause, tc.code)
			}
			if (out.Err == nil) != (tc.state == channel.Accepted) {
				t.Errorf("the error is %v", out.Err)
			}
			if strings.Contains(fmt.Sprint(out.Err), canary) {
				t.Errorf("the error repeats the reply: %v", out.Err)
			}
		})
	}
}

func TestABrokenConnectionIsHarmlessBeforeTheDotAndUnknownFromThere(t *testing.T) {
	t.Parallel()
	broken := &net.OpError{Op: "read", Net: canary, Err: io.EOF}
	for at := atConnect; at <= atDot; at++ {
		for _, err := range []error{broken, textproto.ProtocolError("malformed response: " + canary), errTooMuch} {
			out := settle(t.Context(), at, err)
			want := channel.NotSent
			if at == atDot {
				want = channel.Unknown
			}
			if out.State != want || strings.Contains(out.Err.Error(), canary) {
				t.Errorf("%s: got %v (%v), want %v", at, out.State, out.Err, want)
			}
		}
	}
}

func TestAStrippedOfferPausesTheChannel(t *testing.T) {
	t.Parallel()
	for _, err := range []error{errNoTLS, errNoAuth, errPlainAuth} {
		if out := settle(t.Context(), atTLS, err); out.State != channel.Refused || out.Cause != channel.CauseConfig || !errors.Is(out.Err, err) {
			t.Errorf("%v: got %v, %v", err, out.State, out.Cause)
		}
	}
}

func TestTheReasonForAnEndedContextIsKept(t *testing.T) {
	t.Parallel()
	stopping := errors.New("the worker is stopping")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stopping)
	if out := settle(ctx, atDot, io.EOF); !errors.Is(out.Err, stopping) || out.State != channel.Unknown {
		t.Errorf("got %v (%v)", out.State, out.Err)
	}
}

func TestTheRelaysOwnIDIsFoundAndNothingElse(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		"2.0.0 Ok: queued as 4F2A1B3C":          "4F2A1B3C",
		"Ok: queued as 9XyZ-abc_d":              "",
		"Ok 0102018e-7c1f-41aa-9d0e-a1b2c3d4":   "0102018e-7c1f-41aa-9d0e-a1b2c3d4",
		"2.0.0 Ok 0102018e7c1f41aa":             "0102018e7c1f41aa",
		"2.0.0 OK, thank you " + canary:         "",
		"2.6.0 <x@y> queued as ann@example.com": "",
		"":                                      "",
	} {
		if got := queueID(answer); got != want {
			t.Errorf("%q: got %q, want %q", answer, got, want)
		}
	}
}

func TestARelayThatNeverStopsTalkingIsCutOff(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	defer near.Close()
	go func() {
		defer far.Close()
		for {
			if _, err := io.WriteString(far, "250-and another thing\r\n"); err != nil {
				return
			}
		}
	}()
	w := &wire{Conn: near, budget: maxReplies}
	if n, err := io.Copy(io.Discard, w); !errors.Is(err, errTooMuch) || n > maxReplies+64<<10 {
		t.Errorf("read %d bytes, then %v", n, err)
	}
}

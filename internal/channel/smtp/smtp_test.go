package smtp_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/smtp"
	"github.com/joydevie/followup/internal/smtptest"
)

func TestAMessageArrivesAsItWasWritten(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{User: "clinic", Password: "p@ss/w:rd#"})
	m := letter("ann@example.com")
	out := newSender(t, srv, smtp.Options{}).Send(t.Context(), m)
	if out.State != channel.Accepted || out.ID != "4F000001" {
		t.Fatalf("got %v %q (%v)", out.State, out.ID, out.Err)
	}
	got := srv.Messages()[0]
	if got.Fault != nil {
		t.Fatal(got.Fault)
	}
	if got.From != "hello@clinic.example" || got.To != m.To || !got.TLS || got.User != "clinic" {
		t.Errorf("envelope: from %s to %s, TLS %v, user %s", got.From, got.To, got.TLS, got.User)
	}
	if got.Text != m.Text || got.HTML != m.HTML || got.Subject != m.Subject {
		t.Errorf("got text %q, html %q, subject %q", got.Text, got.HTML, got.Subject)
	}
	if !slices.Equal(got.Parts, []string{"text/plain", "text/html"}) {
		t.Errorf("the parts are %v: the last one is what a reader's program shows", got.Parts)
	}
	for name, want := range map[string]string{
		"From":                  `"JoyDeVie" <hello@clinic.example>`,
		"To":                    "<ann@example.com>",
		"Reply-To":              "<desk@clinic.example>",
		"Message-Id":            "<c41.confirmation.email@clinic.example>",
		"Auto-Submitted":        "auto-generated",
		"List-Unsubscribe":      "<https://clinic.example/u/tok3n>",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"User-Agent":            "",
		"X-Mailer":              "",
	} {
		if got := got.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if when, err := got.Header.Date(); err != nil || time.Since(when) > time.Minute {
		t.Errorf("Date is %v, %v", when, err)
	}
}

func TestOneClickIsPromisedOnlyOverHTTPS(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	sender := newSender(t, srv, smtp.Options{})
	m := letter("ann@example.com")
	m.Unsubscribe, m.ReplyTo, m.HTML = "http://127.0.0.1:8080/u/tok3n", "", ""
	if out := sender.Send(t.Context(), m); out.State != channel.Accepted {
		t.Fatalf("got %v (%v)", out.State, out.Err)
	}
	got := srv.Messages()[0]
	if got.Header.Get("List-Unsubscribe") != "<http://127.0.0.1:8080/u/tok3n>" || got.Header.Get("List-Unsubscribe-Post") != "" {
		t.Errorf("got %q and %q", got.Header.Get("List-Unsubscribe"), got.Header.Get("List-Unsubscribe-Post"))
	}
	if got.Header.Get("Reply-To") != "" || !slices.Equal(got.Parts, []string{"text/plain"}) {
		t.Errorf("got Reply-To %q and parts %v", got.Header.Get("Reply-To"), got.Parts)
	}
}

func TestWhatCannotBeComposedIsRefusedWithoutDialling(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	sender := newSender(t, srv, smtp.Options{})
	for name, tc := range map[string]struct {
		change func(*channel.Message)
		cause  channel.Cause
	}{
		"no recipient":                {func(m *channel.Message) { m.To = "" }, channel.CauseAddress},
		"two recipients":              {func(m *channel.Message) { m.To = "a@example.com, b@example.com" }, channel.CauseAddress},
		"a recipient with a new line": {func(m *channel.Message) { m.To = "a@example.com>\r\nRCPT TO:<b@example.com" }, channel.CauseAddress},
		"an id that ends the header":  {func(m *channel.Message) { m.ID = "x>\r\nBcc: b@example.com" }, channel.CauseOther},
		"an id with an edge dot":      {func(m *channel.Message) { m.ID = "x." }, channel.CauseOther},
		"a bad reply-to":              {func(m *channel.Message) { m.ReplyTo = "desk" }, channel.CauseConfig},
		"a link with a new line":      {func(m *channel.Message) { m.Unsubscribe = "https://x/\r\nBcc: b@example.com" }, channel.CauseConfig},
		"a script as a link":          {func(m *channel.Message) { m.Unsubscribe = "javascript:alert(1)" }, channel.CauseConfig},
	} {
		m := letter("ann@example.com")
		tc.change(&m)
		if out := sender.Send(t.Context(), m); out.State != channel.Refused || out.Cause != tc.cause {
			t.Errorf("%s: got %v, %v (%v)", name, out.State, out.Cause, out.Err)
		} else if strings.Contains(out.Err.Error(), "example") {
			t.Errorf("%s: the error repeats the message: %v", name, out.Err)
		}
	}
	if n := srv.Connections(); n != 0 {
		t.Errorf("dialled %d times", n)
	}
}

func TestASubjectCannotAddAHeader(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	m := letter("ann@example.com")
	m.Subject = "Hello\r\nBcc: eve@example.com"
	newSender(t, srv, smtp.Options{}).Send(t.Context(), m)
	if got := srv.Messages()[0]; got.Header.Get("Bcc") != "" {
		t.Errorf("a header came in: %q", got.Header.Get("Bcc"))
	}
}

func TestEachFaultOfARelayHasItsMeaning(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		fault smtptest.Fault
		state channel.State
		cause channel.Cause
		code  string
		taken int
	}{
		{smtptest.Drop(smtptest.Connect), channel.NotSent, 0, "", 0},
		{smtptest.Reply(smtptest.Connect, "421 4.3.2 not now"), channel.NotSent, 0, "421 4.3.2", 0},
		{smtptest.Drop(smtptest.StartTLS), channel.NotSent, 0, "", 0},
		{smtptest.Reply(smtptest.Auth, "535 5.7.8 no"), channel.Refused, channel.CauseConfig, "535 5.7.8", 0},
		{smtptest.Reply(smtptest.Auth, "454 4.7.0 no"), channel.NotSent, 0, "454 4.7.0", 0},
		{smtptest.Drop(smtptest.Mail), channel.NotSent, 0, "", 0},
		{smtptest.Reply(smtptest.Mail, "421 4.7.0 bye"), channel.NotSent, 0, "421 4.7.0", 0},
		{smtptest.Reply(smtptest.Rcpt, "552 5.2.2 full"), channel.NotSent, 0, "552 5.2.2", 0},
		{smtptest.Reply(smtptest.Rcpt, "550-5.1.1 no such\r\n550 5.1.1 user"), channel.Refused, channel.CauseAddress, "550 5.1.1", 0},
		{smtptest.Drop(smtptest.Rcpt), channel.NotSent, 0, "", 0},
		{smtptest.Reply(smtptest.Data, "451 4.3.0 later"), channel.NotSent, 0, "451 4.3.0", 0},
		{smtptest.Drop(smtptest.Data), channel.NotSent, 0, "", 0},
		{smtptest.Reply(smtptest.Dot, "452 4.3.1 disk full"), channel.NotSent, 0, "452 4.3.1", 0},
		{smtptest.Reply(smtptest.Dot, "554 5.7.1 spam"), channel.Refused, channel.CauseContent, "554 5.7.1", 0},
		{smtptest.Drop(smtptest.Dot), channel.Unknown, 0, "", 0},
		{smtptest.Drop(smtptest.Answer), channel.Unknown, 0, "", 1},
		{smtptest.Reply(smtptest.Answer, "nonsense"), channel.Unknown, 0, "", 1},
		{smtptest.Drop(smtptest.Idle), channel.Accepted, 0, "", 1},
	} {
		t.Run(fmt.Sprintf("%+v", tc.fault), func(t *testing.T) {
			t.Parallel()
			srv := smtptest.Start(t, smtptest.Options{User: "clinic", Password: "secret"})
			srv.Fail("", 1, tc.fault)
			sender := newSender(t, srv, smtp.Options{})
			out := sender.Send(t.Context(), letter("ann@example.com"))
			if out.State != tc.state || out.Cause != tc.cause || out.Code != tc.code {
				t.Errorf("got %v, %v, %q (%v)", out.State, out.Cause, out.Code, out.Err)
			}
			if n := len(srv.Messages()); n != tc.taken {
				t.Errorf("the relay holds %d messages, want %d", n, tc.taken)
			}
			// A desynchronised connection would give the old answer here.
			if out := sender.Send(t.Context(), letter("bob@example.com")); out.State != channel.Accepted {
				t.Errorf("the next message: %v (%v)", out.State, out.Err)
			}
			if n := len(srv.Messages()); n != tc.taken+1 {
				t.Errorf("afterwards the relay holds %d messages, want %d", n, tc.taken+1)
			}
		})
	}
}

func TestAMessageThatBreaksOffIsNeverTakenCut(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	srv.Fail("", 1, smtptest.Drop(smtptest.Body))
	m := letter("ann@example.com")
	m.Text = strings.Repeat("A long text that fills more than one packet.\n", 200_000)
	out := newSender(t, srv, smtp.Options{}).Send(t.Context(), m)
	if out.State != channel.NotSent {
		t.Errorf("got %v (%v)", out.State, out.Err)
	}
	if n := len(srv.Messages()); n != 0 {
		t.Errorf("the relay holds %d messages", n)
	}
}

func TestTheDeadlineHoldsAtEveryStep(t *testing.T) {
	t.Parallel()
	for _, at := range []smtptest.Step{smtptest.Connect, smtptest.Hello, smtptest.StartTLS, smtptest.Auth,
		smtptest.Mail, smtptest.Rcpt, smtptest.Data, smtptest.Body, smtptest.Dot, smtptest.Answer} {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			t.Parallel()
			srv := smtptest.Start(t, smtptest.Options{User: "clinic", Password: "secret"})
			srv.Fail("", 0, smtptest.Hang(at))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			begun := time.Now()
			out := newSender(t, srv, smtp.Options{}).Send(ctx, letter("ann@example.com"))
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			want := channel.NotSent
			if at >= smtptest.Body { // the whole message fits the socket's buffer: the dot is out
				want = channel.Unknown
			}
			if out.State != want || !errors.Is(out.Err, context.DeadlineExceeded) {
				t.Errorf("got %v (%v), want %v", out.State, out.Err, want)
			}
			eventually(t, "the connection is closed", func() bool { return srv.Open() == 0 })
		})
	}
}

func TestTheOwnTimeoutHoldsWithoutADeadline(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	srv.Fail("", 0, smtptest.Hang(smtptest.Answer))
	out := newSender(t, srv, smtp.Options{Timeout: 2 * time.Second}).Send(t.Context(), letter("ann@example.com"))
	if out.State != channel.Unknown {
		t.Errorf("got %v (%v)", out.State, out.Err)
	}
}

func TestNobodyListeningIsNotSent(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	srv.Close()
	out := newSender(t, srv, smtp.Options{}).Send(t.Context(), letter("ann@example.com"))
	if out.State != channel.NotSent || !errors.Is(out.Err, syscall.ECONNREFUSED) {
		t.Errorf("got %v (%v)", out.State, out.Err)
	}
}

func TestManySendersShareAFewConnections(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	sender := newSender(t, srv, smtp.Options{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 25 {
				if out := sender.Send(t.Context(), letter("ann@example.com")); out.State != channel.Accepted {
					t.Errorf("got %v (%v)", out.State, out.Err)
				}
			}
		})
	}
	all.Wait()
	if n := len(srv.Messages()); n != 100 {
		t.Errorf("the relay holds %d messages", n)
	}
	if n := srv.Connections(); n > 4 {
		t.Errorf("took %d connections for 4 senders", n)
	}
}

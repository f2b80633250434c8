package smtp_test

import (
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/smtp"
	"github.com/joydevie/followup/internal/smtptest"
)

func TestNothingLeavesWithoutTLSWhenItIsRequired(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{NoTLS: true, User: "clinic", Password: "secret"})
	srv.URL = strings.Replace(srv.URL, "?tls=none", "", 1)
	out := newSender(t, srv, smtp.Options{}).Send(t.Context(), letter("ann@example.com"))
	if out.State != channel.Refused || out.Cause != channel.CauseConfig {
		t.Errorf("got %v, %v (%v)", out.State, out.Cause, out.Err)
	}
	if len(srv.Messages()) != 0 {
		t.Error("the message left in the clear")
	}
}

func TestTLSIsUsedAsTheURLAsks(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		options smtptest.Options
		query   string
		secure  bool
	}{
		"from the start":            {smtptest.Options{Implicit: true, User: "u", Password: "p"}, "", true},
		"when offered":              {smtptest.Options{User: "u", Password: "p"}, "?tls=opportunistic", true},
		"not when not offered":      {smtptest.Options{NoTLS: true}, "?tls=opportunistic", false},
		"never":                     {smtptest.Options{}, "?tls=none", false},
		"signed in on this machine": {smtptest.Options{NoTLS: true, User: "u", Password: "p"}, "?tls=none", false},
		"with LOGIN alone":          {smtptest.Options{User: "u", Password: "p", Mechanisms: []string{"LOGIN"}}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := smtptest.Start(t, tc.options)
			base, _, _ := strings.Cut(srv.URL, "?")
			srv.URL = base + tc.query
			if out := newSender(t, srv, smtp.Options{}).Send(t.Context(), letter("ann@example.com")); out.State != channel.Accepted {
				t.Fatalf("got %v (%v)", out.State, out.Err)
			}
			if got := srv.Messages()[0]; got.TLS != tc.secure || got.User != tc.options.User {
				t.Errorf("TLS %v, user %q", got.TLS, got.User)
			}
		})
	}
}

func TestACertificateThatNobodyTrustsSendsNothing(t *testing.T) {
	t.Parallel()
	for _, o := range []smtptest.Options{{}, {Implicit: true}} {
		srv := smtptest.Start(t, o)
		srv.Roots = smtptest.Start(t, smtptest.Options{}).Roots
		out := newSender(t, srv, smtp.Options{}).Send(t.Context(), letter("ann@example.com"))
		if out.State != channel.NotSent || !strings.Contains(out.Err.Error(), "trust") {
			t.Errorf("got %v (%v)", out.State, out.Err)
		}
	}
}

func TestAWrongPasswordPausesTheChannel(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{User: "clinic", Password: "right"})
	srv.URL = strings.Replace(srv.URL, "right", "wr0ng", 1)
	out := newSender(t, srv, smtp.Options{}).Send(t.Context(), letter("ann@example.com"))
	if out.State != channel.Refused || out.Cause != channel.CauseConfig || out.Code != "535 5.7.8" || strings.Contains(out.Err.Error(), "wr0ng") {
		t.Errorf("got %v, %v, %q (%v)", out.State, out.Cause, out.Code, out.Err)
	}
}

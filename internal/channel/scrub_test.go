package channel_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/joydevie/followup/internal/channel"
)

const canary = "canary@example.com"

func TestScrubKeepsTheKindOfAFailureAndNoneOfItsText(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		is   error // nil: only the words are checked
		says string
	}{
		"a deadline in a URL error": {&url.Error{Op: "Get", URL: "https://x/?To=" + canary, Err: context.DeadlineExceeded}, context.DeadlineExceeded, "deadline"},
		"a cancel":                  {fmt.Errorf("%s: %w", canary, context.Canceled), context.Canceled, "canceled"},
		"a refused connection":      {&net.OpError{Op: "dial", Net: canary, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, syscall.ECONNREFUSED, "refused"},
		"a timeout of the socket":   {&net.OpError{Op: "read", Net: canary, Err: os.ErrDeadlineExceeded}, os.ErrDeadlineExceeded, "timeout"},
		"an end in mid-answer":      {fmt.Errorf("%s: %w", canary, io.ErrUnexpectedEOF), io.EOF, "closed"},
		"a closed connection":       {&net.OpError{Op: "read", Net: canary, Err: net.ErrClosed}, net.ErrClosed, "closed"},
		"an unknown host":           {&net.DNSError{Name: canary, Err: canary}, nil, "resolved"},
		"a foreign certificate":     {x509.HostnameError{Host: canary, Certificate: &x509.Certificate{DNSNames: []string{canary}}}, nil, "another host"},
		"an unknown authority":      {x509.UnknownAuthorityError{}, nil, "nobody we trust"},
		"an expired certificate":    {x509.CertificateInvalidError{Reason: x509.Expired, Detail: canary}, nil, "expired"},
		"anything else":             {fmt.Errorf("x: %w", errors.New(canary)), nil, "*errors.errorString"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := channel.Scrub(tc.err)
			if strings.Contains(fmt.Sprintf("%v %+v", got, got), canary) {
				t.Errorf("text from the wire came through: %v", got)
			}
			if !strings.Contains(got.Error(), tc.says) {
				t.Errorf("%q does not say %q", got, tc.says)
			}
			if tc.is != nil && !errors.Is(got, tc.is) {
				t.Errorf("%v is no %v", got, tc.is)
			}
		})
	}
	if channel.Scrub(nil) != nil {
		t.Error("nil became an error")
	}
}

func TestAnOutcomeThatNobodyFilledInIsUnknown(t *testing.T) {
	t.Parallel()
	if s := (channel.Outcome{}).State; s != channel.Unknown || s.String() != "unknown" {
		t.Errorf("the zero outcome is %v: a message might go twice", s)
	}
}

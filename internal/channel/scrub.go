package channel

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// Scrub says in our own words why a connection failed. What libraries put into
// such errors (URLs with a number in the query, replies, the names in a
// certificate) is text from the wire and must not reach a log, so nothing of
// err's text is kept. errors.Is still finds the context errors,
// os.ErrDeadlineExceeded, io.EOF, net.ErrClosed and any syscall.Errno. What
// Scrub does not know is named by its Go type alone. Nil stays nil.
func Scrub(err error) error {
	var errno syscall.Errno
	var dns *net.DNSError
	var unknownCA x509.UnknownAuthorityError
	var otherHost x509.HostnameError
	var badCert x509.CertificateInvalidError
	var netErr net.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &errno):
		return errno
	case errors.As(err, &unknownCA):
		return &scrubbed{words: "the certificate is signed by nobody we trust"}
	case errors.As(err, &otherHost):
		return &scrubbed{words: "the certificate is for another host"}
	case errors.As(err, &badCert):
		return &scrubbed{words: "the certificate is expired or not valid for this use"}
	case errors.As(err, &dns):
		return &scrubbed{words: "the host name could not be resolved"}
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return os.ErrDeadlineExceeded
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &scrubbed{words: "the provider closed the connection", is: io.EOF}
	case errors.Is(err, net.ErrClosed):
		return net.ErrClosed
	}
	for next := err; next != nil; next = errors.Unwrap(next) {
		err = next
	}
	return &scrubbed{words: fmt.Sprintf("an error of type %T", err)}
}

type scrubbed struct {
	words string
	is    error
}

func (s *scrubbed) Error() string { return s.words }
func (s *scrubbed) Unwrap() error { return s.is }

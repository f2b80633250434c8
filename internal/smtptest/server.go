// Package smtptest is an SMTP server for tests that misbehaves on demand:
//
//	srv := smtptest.Start(t, smtptest.Options{User: "clinic", Password: "secret"})
//	srv.Fail("full@example.com", 0, smtptest.Reply(smtptest.Rcpt, "452 4.2.2 mailbox full"))
//	srv.Fail("", 1, smtptest.Drop(smtptest.Answer)) // the next message is taken, its answer lost
//	sender, err := smtp.New(srv.URL, smtp.Options{Roots: srv.Roots, …})
//
// It speaks on a bare connection instead of through a server library, since a
// library will not stop in mid-reply, and it holds its clients to the order of
// commands in RFC 5321 section 4.1.4.
package smtptest

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"slices"
	"sync"
	"testing"
)

// Options shape the server. The zero value offers STARTTLS and no AUTH.
type Options struct {
	NoTLS          bool     // STARTTLS is not offered, as if somebody had taken it out
	Implicit       bool     // TLS from the first byte (smtps)
	User, Password string   // required to sign in before MAIL; "" offers no AUTH
	Mechanisms     []string // offered; nil means PLAIN and LOGIN, the two that the server can check

	// Taken, for loads, gets each accepted message as it came, from many
	// goroutines; none is then read or kept. nil keeps them all.
	Taken func(Message)
}

// Server is a running server.
type Server struct {
	URL   string         // with user and password, ready for use
	Roots *x509.CertPool // trusts the server's certificate

	options  Options
	tls      *tls.Config
	listener net.Listener
	stop     chan struct{}
	running  sync.WaitGroup

	mu       sync.Mutex
	messages []Message
	faults   []*armed
	open     map[net.Conn]bool
	accepted int
}

// Start listens on a port of its own until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("smtptest: %v", err)
	}
	config, roots := certificate(t)
	if o.Mechanisms == nil {
		o.Mechanisms = []string{"PLAIN", "LOGIN"}
	}
	s := &Server{Roots: roots, options: o, tls: config, listener: listener, stop: make(chan struct{}), open: map[net.Conn]bool{}}
	u := url.URL{Scheme: "smtp", Host: listener.Addr().String()}
	if o.User != "" {
		u.User = url.UserPassword(o.User, o.Password)
	}
	switch {
	case o.Implicit:
		u.Scheme = "smtps"
	case o.NoTLS:
		u.RawQuery = "tls=none"
	}
	s.URL = u.String()
	s.running.Go(s.serve)
	t.Cleanup(s.Close)
	return s
}

// Close ends every connection and waits for it. Dialling is refused afterwards.
func (s *Server) Close() {
	s.mu.Lock()
	select {
	case <-s.stop:
	default:
		close(s.stop)
		s.listener.Close()
		for c := range s.open {
			c.Close()
		}
	}
	s.mu.Unlock()
	s.running.Wait()
}

func (s *Server) serve() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		select {
		case <-s.stop:
			conn.Close()
		default:
			s.open[conn] = true
			s.accepted++
			number := s.accepted
			s.running.Go(func() {
				defer s.forget(conn)
				newSession(s, conn, number).run()
			})
		}
		s.mu.Unlock()
	}
}

func (s *Server) forget(conn net.Conn) {
	conn.Close()
	s.mu.Lock()
	delete(s.open, conn)
	s.mu.Unlock()
}

// Messages returns what was accepted, in order: each is a message that a real
// relay would deliver, whether or not the client came to know.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Connections counts the connections that were ever accepted.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

// Open counts the connections that are open now.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// record keeps m and returns how many there are now.
func (s *Server) record(m Message) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, m)
	return len(s.messages)
}

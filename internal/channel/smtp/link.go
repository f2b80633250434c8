package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"time"

	gosmtp "github.com/wneessen/go-mail/smtp"
)

// Faults of the relay's set-up that no reply code speaks of.
var (
	errNoTLS     = errors.New("the relay does not offer STARTTLS, and TLS is required")
	errNoAuth    = errors.New("the relay offers no sign-in, but there is a user")
	errPlainAuth = errors.New("the relay offers no sign-in that hides the password, and there is no TLS")
	errTooMuch   = errors.New("the relay said more than any reply is long")
)

// goodbye is how long we wait for the answer to QUIT.
const goodbye = 500 * time.Millisecond

// maxReplies bounds what the relay may say during one message, in bytes.
const maxReplies = 1 << 20

// link is one connection to the relay, signed in and ready for MAIL. It is
// used by one goroutine at a time.
type link struct {
	wire   *wire
	client *gosmtp.Client
	sent   int  // transactions begun
	dirty  bool // the last one was refused: RSET before the next
	expiry *time.Timer
}

// dial connects, greets, starts TLS and signs in. On an error at tells the
// step that failed, and nothing stays open.
func (s *Sender) dial(ctx context.Context) (l *link, at step, err error) {
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", s.relay.address())
	if err != nil {
		return nil, atConnect, err
	}
	w := &wire{Conn: raw, budget: maxReplies}
	release := w.follow(ctx)
	client, at, err := s.greet(ctx, w)
	if unharmed := release(); err == nil && !unharmed {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = raw.Close() // go-mail leaves it open when a greeting fails half-way
		return nil, at, err
	}
	return &link{wire: w, client: client}, 0, nil
}

// greet does what comes before the first MAIL.
func (s *Sender) greet(ctx context.Context, w *wire) (*gosmtp.Client, step, error) {
	conn := net.Conn(w)
	if s.relay.policy == tlsFromStart {
		secure := tls.Client(w, s.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, atTLS, err
		}
		conn = secure
	}
	client, err := gosmtp.NewClient(conn, s.relay.host)
	if err != nil {
		return nil, atConnect, err
	}
	client.SkipSMTPUTF8(true) // our addresses are ASCII; asking for more only finds relays that cannot
	if err := client.Hello(s.domain); err != nil {
		return nil, atHello, err
	}
	if s.relay.policy == tlsRequired || s.relay.policy == tlsOpportunistic {
		switch offered, _ := client.Extension("STARTTLS"); {
		case offered:
			if err := client.StartTLS(s.tls); err != nil {
				return nil, atTLS, err
			}
		case s.relay.policy == tlsRequired:
			return nil, atTLS, errNoTLS
		}
	}
	if s.relay.user != "" {
		if err := s.signIn(client); err != nil {
			return nil, atAuth, err
		}
	}
	return client, 0, nil
}

// signIn picks a mechanism. Under TLS the plain ones are the best understood;
// without it the password may only be proved, never shown.
func (s *Sender) signIn(client *gosmtp.Client) error {
	_, offered := client.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	if len(mechanisms) == 0 {
		return errNoAuth
	}
	_, secure := client.TLSConnectionState()
	user, password := s.relay.user, s.relay.password
	has := func(name string) bool { return slices.Contains(mechanisms, name) }
	plain := secure || s.relay.loopback()
	switch {
	case plain && has("PLAIN"):
		return client.Auth(gosmtp.PlainAuth("", user, password, s.relay.host, false))
	case plain && has("LOGIN"):
		return client.Auth(gosmtp.LoginAuth(user, password, s.relay.host, false))
	case has("SCRAM-SHA-256"):
		return client.Auth(gosmtp.ScramSHA256Auth(user, password))
	case has("CRAM-MD5"):
		return client.Auth(gosmtp.CRAMMD5Auth(user, password))
	}
	return errPlainAuth
}

// transact sends one message and returns the step that failed, or atDot and
// the relay's answer. Everything but the dot is flushed before the dot is
// written, so that a connection that breaks earlier is known to be harmless.
func (l *link) transact(from, to string, raw []byte) (at step, answer string, err error) {
	l.wire.budget = maxReplies
	if l.sent > 0 {
		l.wire.within(reuseWait)
	}
	l.sent++
	if l.dirty {
		if err := l.client.Reset(); err != nil {
			return atReset, "", err
		}
		l.dirty = false
	}
	if err := l.client.Mail("<" + from + ">"); err != nil {
		return atMail, "", err
	}
	l.wire.within(0)
	if err := l.client.Rcpt("<" + to + ">"); err != nil {
		return atRcpt, "", err
	}
	data, err := l.client.Data()
	if err != nil {
		return atData, "", err
	}
	if _, err := data.Write(raw); err != nil {
		return atContent, "", err
	}
	if err := l.client.Text.W.Flush(); err != nil {
		return atContent, "", err
	}
	if err := data.Close(); err != nil {
		return atDot, "", err
	}
	if d, ok := data.(*gosmtp.DataCloser); ok {
		answer = d.ServerResponse()
	}
	return atDot, answer, nil
}

// gone reports whether err shows a connection that was dead before MAIL, or
// that the relay gave up while it waited (421, RFC 5321 section 3.8).
func (l *link) gone(at step, err error) bool {
	if err == nil || at > atMail {
		return false
	}
	var reply *textproto.Error
	return at == atReset || !errors.As(err, &reply) || reply.Code == 421
}

// reusable reports whether another message may follow. After any error at or
// after DATA the two sides may disagree whose turn it is; before, RSET makes
// good what a definite refusal left.
func (l *link) reusable(at step, err error) bool {
	if err == nil {
		return true
	}
	var reply *textproto.Error
	l.dirty = (at == atMail || at == atRcpt) && errors.As(err, &reply) && reply.Code != 421
	return l.dirty
}

// close drops the connection without a word: in mid-message a QUIT would count
// as the end of it.
func (l *link) close() { _ = l.wire.Close() }

// quit ends a healthy connection as RFC 5321 section 4.1.1.10 asks.
func (l *link) quit() {
	l.wire.within(goodbye)
	_ = l.client.Quit() // whatever the answer, the connection is over
	l.close()
}

// wire is the connection below TLS. Its deadline is ours alone: the past once
// the context has ended, whatever is asked for later.
type wire struct {
	net.Conn
	mu     sync.Mutex
	ended  bool
	budget int // bytes that may still be read; used by the reading goroutine alone
}

// follow makes every read and write fail once ctx ends. Release stops that and
// reports whether ctx was still alive.
func (w *wire) follow(ctx context.Context) (release func() bool) {
	return context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ended = true
		_ = w.SetDeadline(time.Unix(1, 0))
	})
}

// within gives the next reads and writes d; zero means no limit but ctx.
func (w *wire) within(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.ended:
	case d == 0:
		_ = w.SetDeadline(time.Time{})
	default:
		_ = w.SetDeadline(time.Now().Add(d))
	}
}

// Read keeps a relay that never stops talking from filling our memory.
func (w *wire) Read(p []byte) (int, error) {
	if w.budget <= 0 {
		return 0, errTooMuch
	}
	n, err := w.Conn.Read(p)
	w.budget -= n
	return n, err
}

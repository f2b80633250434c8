// Package smtp sends email through the clinic's relay.
//
// The message is built by go-mail and written out whole before a connection is
// touched, since a message that breaks off while it is being sent may be
// delivered cut. The dialogue is held step by step, because what a failure
// means depends on the step alone: until the final dot is on its way nothing
// was accepted (RFC 5321 section 4.2.5), and from there on only an answer tells.
package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/channel"
)

// Options complete the relay's URL. Only From is required.
type Options struct {
	From     string // bare address: header and envelope sender; its domain is our name in EHLO and in Message-ID
	FromName string // shown name; "" shows the address alone

	Roots   *x509.CertPool // who may sign the relay's certificate; nil means the system's
	Timeout time.Duration  // one Send at most, whatever its ctx says; zero means 1 minute
	IdleFor time.Duration  // how long a connection may wait for its next message; zero means 30 s, negative never
	Reuse   int            // messages over one connection; zero means 100
}

// maxIdle bounds the waiting connections: relays count them, often to 10.
const maxIdle = 8

// reuseWait is how long a connection that has waited may take to answer MAIL.
// A network device that forgot it swallows everything in silence, and nothing
// is lost by dialling anew before the message was named.
const reuseWait = 5 * time.Second

// Sender sends over one relay. Its zero value is not usable; see New.
type Sender struct {
	relay   relay
	options Options
	domain  string
	tls     *tls.Config
	idle    pool
}

var _ channel.Sender = (*Sender)(nil)

// New reads smtp://user:password@host:587 or smtps:// (465), with
// ?tls=required, opportunistic or none; required is the default. User and
// password are percent-encoded; without them there is no AUTH. New dials
// nothing, so that a wrong host or password shows only with the first message.
// Its errors never repeat the URL.
func New(url string, o Options) (*Sender, error) {
	r, err := parse(url)
	if err != nil {
		return nil, fmt.Errorf("smtp url: %w", err)
	}
	from, err := mail.ParseAddress(o.From)
	if err != nil || from.Address != o.From {
		return nil, errors.New("smtp: from is no bare email address")
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	if o.IdleFor == 0 {
		o.IdleFor = 30 * time.Second
	}
	if o.Reuse == 0 {
		o.Reuse = 100
	}
	return &Sender{
		relay:   r,
		options: o,
		domain:  o.From[strings.LastIndexByte(o.From, '@')+1:],
		tls:     &tls.Config{ServerName: r.host, RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
		idle:    pool{keep: o.IdleFor},
	}, nil
}

// Send hands m to the relay: one recipient, one transaction, no retry. A
// connection that died while it waited is replaced once, before the message
// was named on it; that can double nothing and is no failure. The Message-ID
// is m.ID at the domain of From, the same for every attempt, so that a relay
// or a mailbox may drop a repetition.
func (s *Sender) Send(ctx context.Context, m channel.Message) channel.Outcome {
	raw, bad := s.compose(m)
	if bad != nil {
		return *bad
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	if ctx.Err() != nil {
		return settle(ctx, atConnect, context.Cause(ctx))
	}
	if l := s.idle.take(); l != nil {
		if out, stale := s.deliver(ctx, l, m.To, raw); !stale {
			return out
		}
	}
	l, at, err := s.dial(ctx)
	if err != nil {
		return settle(ctx, at, err)
	}
	out, _ := s.deliver(ctx, l, m.To, raw)
	return out
}

// deliver runs one transaction and puts the connection back or closes it.
// Stale means that a connection from the pool was dead before MAIL.
func (s *Sender) deliver(ctx context.Context, l *link, to string, raw []byte) (out channel.Outcome, stale bool) {
	reused := l.sent > 0
	release := l.wire.follow(ctx)
	at, answer, err := l.transact(s.options.From, to, raw)
	// False when ctx ended: the deadline in the past may hit the next message.
	unharmed := release()

	if reused && l.gone(at, err) && ctx.Err() == nil {
		l.close()
		return channel.Outcome{}, true
	}
	out = settle(ctx, at, err)
	if out.State == channel.Accepted {
		out.ID = queueID(answer)
	}
	switch {
	case !unharmed, !l.reusable(at, err):
		l.close()
	case l.sent >= s.options.Reuse || s.options.IdleFor < 0 || !s.idle.put(l):
		l.quit()
	}
	return out, false
}

// Close says goodbye on every waiting connection, which takes half a second at
// most. Messages being sent are not disturbed, and later ones still go, each
// over its own connection.
func (s *Sender) Close() error {
	s.idle.close()
	return nil
}

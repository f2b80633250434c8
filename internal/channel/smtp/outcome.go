package smtp

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strconv"

	"github.com/joydevie/followup/internal/channel"
)

// step is a place in the dialogue. Their order is their meaning: before atDot
// nothing can have been accepted.
type step uint8

const (
	atConnect step = iota
	atHello
	atTLS
	atAuth
	atReset
	atMail
	atRcpt
	atData
	atContent
	atDot
)

var stepNames = [...]string{"connecting", "greeting", "starting TLS", "signing in", "RSET", "MAIL", "RCPT", "DATA", "writing the message", "the final dot"}

func (s step) String() string { return stepNames[s] }

// settle turns the end of a dialogue into an outcome. A reply counts by its
// numbers alone; its text never leaves this package.
func settle(ctx context.Context, at step, err error) channel.Outcome {
	if err == nil {
		return channel.Outcome{State: channel.Accepted}
	}
	var reply *textproto.Error
	if errors.As(err, &reply) {
		if out, definite := judge(at, reply); definite {
			return out
		}
		err = errors.New("an answer that RFC 5321 does not know")
	}
	out := channel.Outcome{State: channel.NotSent}
	switch {
	case errors.Is(err, errNoTLS), errors.Is(err, errNoAuth), errors.Is(err, errPlainAuth):
		// Somebody in between may have taken the offer out to read along. Pausing
		// loses nothing, while trying on would wear every message out.
		out.State, out.Cause = channel.Refused, channel.CauseConfig
	case at >= atDot:
		out.State = channel.Unknown
	}
	switch {
	case out.State == channel.Refused:
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.Is(err, errTooMuch):
		err = errTooMuch
	default:
		err = channel.Scrub(err)
	}
	out.Err = fmt.Errorf("smtp: %s: %w", at, err)
	return out
}

// enhanced is an RFC 3463 code at the beginning of a reply (RFC 2034).
var enhanced = regexp.MustCompile(`^([245])\.(\d{1,3})\.(\d{1,3})\b`)

// judge reads a reply. It is not definite when the reply is neither success nor
// failure, which at the dot means that we do not know.
func judge(at step, reply *textproto.Error) (out channel.Outcome, definite bool) {
	if at == atDot && reply.Code/100 == 2 {
		return channel.Outcome{State: channel.Accepted}, true
	}
	if reply.Code < 400 || reply.Code > 599 {
		return channel.Outcome{}, false
	}
	out.Code = strconv.Itoa(reply.Code)
	var subject, detail int // of the enhanced code; 0.0 when there is none
	if m := enhanced.FindStringSubmatch(reply.Msg); m != nil {
		out.Code += " " + m[0]
		subject, _ = strconv.Atoi(m[2])
		detail, _ = strconv.Atoi(m[3])
	}
	out.State = channel.NotSent
	if permanent(at, reply.Code, subject, detail) {
		out.State, out.Cause = channel.Refused, cause(at, reply.Code, subject, detail)
	}
	out.Err = fmt.Errorf("smtp: %s: answered %s", at, out.Code)
	return out, true
}

// permanent tells a 5yz that will be repeated from one that may pass: a full
// mailbox empties, whatever the relay calls it (RFC 3463 section 3.3, X.2.2), and 552
// at RCPT is an old 452 (RFC 5321 section 4.5.3.1.10).
func permanent(at step, code, subject, detail int) bool {
	full := subject == 2 && detail == 2
	return code >= 500 && !full && !(at == atRcpt && code == 552)
}

// cause says whose matter a permanent refusal is: by enhanced code first (RFC
// 3463), by the step where the reply has none.
func cause(at step, code, subject, detail int) channel.Cause {
	type pair struct{ subject, detail int }
	switch (pair{subject, detail}) {
	case pair{1, 1}, pair{1, 2}, pair{1, 3}, pair{1, 10}, pair{2, 1}:
		// No such mailbox, host or syntax, a null MX, a disabled mailbox. Said of
		// MAIL it is the sender's address that is bad, which is ours.
		if at >= atRcpt {
			return channel.CauseAddress
		}
		return channel.CauseConfig
	case pair{7, 1}:
		if at == atDot {
			return channel.CauseContent // the filter has read it
		}
		return channel.CauseConfig
	}
	switch {
	case code == 530 || code == 535 || code == 538: // sign in first, wrong password, TLS first (RFC 4954 section 6)
		return channel.CauseConfig
	case subject == 7: // policy and authentication: our reputation, SPF, DKIM, DMARC
		return channel.CauseConfig
	case subject == 6: // what the message is made of
		return channel.CauseContent
	case at <= atMail: // nobody was named yet, so it is about us
		return channel.CauseConfig
	}
	return channel.CauseOther
}

// queueWords are the two ways in which relays commonly name the message.
var queueWords = regexp.MustCompile(`(?:queued as |^(?:2\.\d\.\d )?Ok )([A-Za-z0-9-]{6,64})$`)

// queueID finds the relay's own id in its answer to the dot; "" when it named
// none that we recognise.
func queueID(answer string) string {
	if m := queueWords.FindStringSubmatch(answer); m != nil {
		return m[1]
	}
	return ""
}

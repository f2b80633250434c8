package twilio

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/joydevie/followup/internal/channel"
)

// sid is a Twilio id; what else stands in its place comes from somebody else.
var sid = regexp.MustCompile(`^[A-Z]{2}[0-9a-zA-Z]{1,64}$`)

// Waits where Twilio names none: the sender's queue of hours is full (21611),
// the account's daily limit over a rolling 24 h is used up (63038).
const (
	queueFull = time.Hour
	dailyOver = 6 * time.Hour
)

// outcome says what the end of a call means for the message. What twilio-go
// returned counts less than what the call saw: it reports a cut 201 as an
// error although the message exists, and takes a redirect for success.
func (c *call) outcome(made *openapi.ApiV2010Message, err error) channel.Outcome {
	out := channel.Outcome{State: channel.Unknown}
	code := 0
	if c.status != 0 {
		out.Code = "HTTP " + strconv.Itoa(c.status)
	}
	var rest *client.TwilioRestError
	if errors.As(err, &rest) && rest.Code > 0 && c.status >= 400 {
		code = rest.Code
		out.Code = strconv.Itoa(code)
	}
	switch {
	case c.status == 0 && !c.wrote.Load():
		out.State = channel.NotSent
	case c.status == 0:
	case c.status/100 == 2:
		if err == nil && made != nil && made.Sid != nil && sid.MatchString(*made.Sid) {
			return channel.Outcome{State: channel.Accepted, ID: *made.Sid}
		}
	case c.status == 408: // somebody in between gave up waiting, for us or for Twilio
	case c.status/100 == 4:
		out.State, out.Cause, out.After = refusal(c.status, code)
		if c.after > 0 && out.State == channel.Throttled {
			out.After = c.after
		}
	}
	out.Err = c.explain(err)
	return out
}

// refusal reads a definite no, by Twilio's code where there is one
// (https://www.twilio.com/docs/api/errors), else by the status. A code that
// Twilio adds later is for staff to look at.
func refusal(status, code int) (channel.State, channel.Cause, time.Duration) {
	switch code {
	case 21611:
		return channel.Throttled, 0, queueFull
	case 63038:
		return channel.Throttled, 0, dailyOver
	case 20429:
		return channel.Throttled, 0, 0
	case 21610: // the person wrote STOP to this sender
		return channel.Refused, channel.CauseOptOut, 0
	case 21211, 21614, 21635: // no number, no mobile, a landline
		return channel.Refused, channel.CauseAddress, 0
	case 20003, 20005, 20404, // credentials, a suspended account, an account that is not there
		21408,               // the country is not enabled
		21212, 21606, 21659, // the sender is no number of ours
		21612, // this sender cannot reach this number
		21608: // a trial account writes to verified numbers only
		return channel.Refused, channel.CauseConfig, 0
	case 21602, 21617, 21619: // empty, or longer than 1600
		return channel.Refused, channel.CauseContent, 0
	}
	switch status {
	case 429:
		return channel.Throttled, 0, 0
	case 401, 404: // 404 is another account's or another server's URL
		return channel.Refused, channel.CauseConfig, 0
	}
	return channel.Refused, channel.CauseOther, 0
}

// explain says what happened without the URL and the answer's text, which
// repeat the number.
func (c *call) explain(err error) error {
	switch {
	case c.status == 0 && c.ctx.Err() != nil:
		return fmt.Errorf("twilio: waiting for an answer: %w", context.Cause(c.ctx))
	case c.status == 0:
		return fmt.Errorf("twilio: sending the request: %w", channel.Scrub(err))
	case c.broken != nil && c.ctx.Err() != nil:
		return fmt.Errorf("twilio: reading the answer, status %d: %w", c.status, context.Cause(c.ctx))
	case c.broken != nil:
		return fmt.Errorf("twilio: reading the answer, status %d: %w", c.status, channel.Scrub(c.broken))
	case c.status/100 == 2 && err != nil:
		return fmt.Errorf("twilio: the answer with status %d cannot be understood", c.status)
	case c.status/100 == 2:
		return fmt.Errorf("twilio: the answer with status %d names no message", c.status)
	}
	var rest *client.TwilioRestError
	if errors.As(err, &rest) && rest.Code > 0 {
		return fmt.Errorf("twilio: answered status %d, error %d", c.status, rest.Code)
	}
	return fmt.Errorf("twilio: answered status %d", c.status)
}

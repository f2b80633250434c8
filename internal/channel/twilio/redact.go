package twilio

import (
	"context"
	"errors"
	"net/http"

	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"
)

// ErrTooEarly says that Twilio is not done with a message and keeps its text
// for that long (https://www.twilio.com/docs/api/errors/20009). It may take
// minutes, rarely days.
var ErrTooEarly = errors.New("twilio: the message is still under way")

// Redact empties the text of a message, ours or one to us, that has come to its
// end; everything else about it stays at Twilio, media too. What Twilio does not
// have counts as done, and so does what was emptied before. It returns
// ErrTooEarly for what is under way. After any other error it may be done.
// (https://www.twilio.com/docs/messaging/api/message-resource#redact-a-message)
func (s *Sender) Redact(ctx context.Context, sid string) error {
	ctx, cancel := context.WithTimeout(ctx, s.settings.Timeout)
	defer cancel()
	c, api := s.call(ctx)
	if err := ctx.Err(); err != nil {
		return c.explain(err)
	}
	_, err := api.UpdateMessage(sid, new(openapi.UpdateMessageParams).SetBody(""))
	rest, _ := errors.AsType[*client.TwilioRestError](err)
	switch {
	case rest != nil && rest.Code == 20404 && c.status == http.StatusNotFound:
		return nil
	case rest != nil && rest.Code == 20009:
		return ErrTooEarly
	}
	return c.answered(err)
}

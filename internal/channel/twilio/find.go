package twilio

import (
	"context"
	"net/mail"
	"strings"
	"time"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"
)

const (
	// findPage and findMost bound one search, in messages to one number.
	findPage = 50
	findMost = 200

	// skew is how far Twilio's clock may be behind ours.
	skew = time.Minute

	// trialPrefix is what Twilio puts before every text of a trial account.
	trialPrefix = "Sent from your Twilio trial account - "
)

// Find looks for a message of ours to a number with exactly this text, made
// since a time (less a minute, since the clocks are two), and returns the
// newest. It settles an Unknown: found means that Send came through. Not found
// is evidence only some minutes after the attempt, when the POST cannot be on
// its way any more. It reads the 200 newest messages to the number. Whether
// the text belonged to this very attempt is not checked: two equal texts in
// that time look alike. An error says nothing about the message.
func (s *Sender) Find(ctx context.Context, to, body string, since time.Time) (sid, status string, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.settings.Timeout)
	defer cancel()
	c, api := s.call(ctx)
	if err := ctx.Err(); err != nil {
		return "", "", false, c.explain(err)
	}
	// Not by DateSent: a message that still waits has none. And not with
	// ListMessageWithMetadata, which panics on an error answer.
	messages, err := api.ListMessage(new(openapi.ListMessageParams).SetTo(to).SetPageSize(findPage).SetLimit(findMost))
	if err != nil || c.status/100 != 2 || c.broken != nil {
		return "", "", false, c.explain(err)
	}
	since = since.Truncate(time.Second).Add(-skew)
	for _, m := range messages {
		if m.Sid == nil || m.Body == nil || m.DateCreated == nil || (m.Direction != nil && *m.Direction == "inbound") {
			continue
		}
		created, err := mail.ParseDate(*m.DateCreated)
		if err != nil || created.Before(since) || !same(*m.Body, body) {
			continue
		}
		if m.Status != nil {
			status = *m.Status
		}
		return *m.Sid, status, true, nil
	}
	return "", "", false, nil
}

// same compares texts as Twilio keeps them.
func same(got, want string) bool {
	return strings.TrimSpace(strings.TrimPrefix(got, trialPrefix)) == strings.TrimSpace(want)
}

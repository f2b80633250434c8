package smtp

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"regexp"

	gomail "github.com/wneessen/go-mail"

	"github.com/joydevie/followup/internal/channel"
)

// idText is a dot-atom without the dots that RFC 5322 forbids at its ends.
var idText = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*$`)

// compose writes the whole message out. Text comes before HTML, since the last
// alternative is the one that a reader's program prefers (RFC 2046 section
// 5.1.4). Auto-Submitted keeps vacation answers away (RFC 3834 section 5).
// What cannot be composed can never be sent: bad is then a Refused.
func (s *Sender) compose(m channel.Message) (raw []byte, bad *channel.Outcome) {
	refuse := func(why channel.Cause, what string) ([]byte, *channel.Outcome) {
		return nil, &channel.Outcome{State: channel.Refused, Cause: why, Err: errors.New("smtp: " + what)}
	}
	// go-mail repeats what it was given in its errors: none of them is passed on.
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.FromFormat(s.options.FromName, s.options.From); err != nil {
		return refuse(channel.CauseConfig, "the sender's name or address is not usable")
	}
	if err := msg.To(m.To); err != nil {
		return refuse(channel.CauseAddress, "the recipient is no email address")
	}
	if !idText.MatchString(m.ID) {
		return refuse(channel.CauseOther, "the id of the message has characters that a Message-ID cannot carry")
	}
	msg.SetMessageIDWithValue(m.ID + "@" + s.domain)
	msg.SetDate()
	msg.Subject(m.Subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	if m.ReplyTo != "" {
		if err := msg.ReplyTo(m.ReplyTo); err != nil {
			return refuse(channel.CauseConfig, "reply-to is no email address")
		}
	}
	if m.Unsubscribe != "" {
		if err := unsubscribe(msg, m.Unsubscribe); err != nil {
			return refuse(channel.CauseConfig, err.Error())
		}
	}
	switch {
	case m.HTML == "":
		msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	case m.Text == "":
		msg.SetBodyString(gomail.TypeTextHTML, m.HTML)
	default:
		msg.SetBodyString(gomail.TypeTextPlain, m.Text)
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	for _, f := range m.Files {
		if err := msg.AttachReader(f.Name, bytes.NewReader(f.Body), gomail.WithFileContentType(gomail.ContentType(f.Type))); err != nil {
			return refuse(channel.CauseOther, "an attachment cannot be read")
		}
	}
	var out bytes.Buffer
	if _, err := msg.WriteTo(&out); err != nil {
		return refuse(channel.CauseOther, fmt.Sprintf("composing the message: an error of type %T", err))
	}
	return out.Bytes(), nil
}

// unsubscribe sets List-Unsubscribe, and with https also the one-click header,
// which means nothing without https (RFC 8058 section 3.1).
func unsubscribe(msg *gomail.Msg, link string) error {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return errors.New("the unsubscribe link is no http or https URL")
	}
	if u.Scheme == "http" {
		msg.SetListUnsubscribe(u.String())
		return nil
	}
	if err := msg.SetListUnsubscribeOneClick(u.String()); err != nil {
		return errors.New("the unsubscribe link is not usable")
	}
	return nil
}

package webhook

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/twilio/twilio-go/client"

	"github.com/joydevie/followup/internal/contact"
)

// maxForm bounds a form of Twilio's, in bytes; the longest text makes some 20 kB.
const maxForm = 64 << 10

type twilio struct{ Config }

// form holds the first value of each parameter: it alone is signed.
type form map[string]string

// verified lets through what Twilio has signed, and nothing else. The
// signature is over the URL as it was configured at Twilio, since a proxy in
// between may have changed what this server sees.
func (t *twilio) verified(next func(context.Context, http.ResponseWriter, *http.Request, form) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, ok := body(w, r, maxForm)
		if !ok {
			return
		}
		values, err := url.ParseQuery(string(raw))
		f := make(form, len(values))
		for name, v := range values {
			f[name] = v[0]
		}
		if !signed(t.Tokens, t.PublicURL+r.URL.RequestURI(), f, r.Header.Get("X-Twilio-Signature")) || err != nil {
			t.Log.WarnContext(r.Context(), "webhook refused", "route", r.Pattern, "err", "signature")
			w.WriteHeader(http.StatusForbidden)
			return
		}
		ctx, cancel := working(r)
		defer cancel()
		if err := next(ctx, w, r, f); err != nil {
			t.later(ctx, w, r.Pattern, err)
		}
	})
}

// signed reports whether one of the tokens made the signature
// (https://www.twilio.com/docs/usage/webhooks/webhooks-security). Every token
// is tried, so that the time tells nothing.
func signed(tokens []string, address string, f form, signature string) bool {
	valid := false
	for _, token := range tokens {
		v := client.NewRequestValidator(token)
		if v.Validate(address, f, signature) {
			valid = true
		}
	}
	return valid && signature != ""
}

var (
	messageSID = regexp.MustCompile(`^[A-Z]{2}[0-9a-zA-Z]{1,64}$`)
	errorCode  = regexp.MustCompile(`^[0-9]{1,6}$`)
	e164       = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
)

// phone reads a number as forms do, so that both lead to the same person. A
// short code or a name is none.
func phone(s string) (contact.Phone, bool) {
	s = strings.TrimSpace(s)
	if p, err := contact.ParsePhone(s); err == nil {
		return p, true
	}
	return contact.Phone(s), e164.MatchString(s)
}

// say answers a text with a text, or with nothing
// (https://www.twilio.com/docs/messaging/twiml).
func say(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	if text == "" {
		_, _ = w.Write([]byte("<Response/>"))
		return
	}
	_, _ = w.Write([]byte("<Response><Message>"))
	_ = xml.EscapeText(w, []byte(text))
	_, _ = w.Write([]byte("</Message></Response>"))
}

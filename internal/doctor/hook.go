package doctor

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // G505: what Twilio signs with
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Public asks whether the form is reached under the public URL.
func Public(client *http.Client, publicURL string) Check {
	return Check{"public", "the form under " + publicURL, func(ctx context.Context) []Trouble {
		const cure = "start followup, and let the proxy forward this name to FOLLOWUP_LISTEN"
		status, body, err := ask(ctx, client, http.MethodGet, publicURL+"/contact", nil, "")
		switch {
		case err != nil:
			return []Trouble{fault("FOLLOWUP_PUBLIC_URL cannot be reached: "+err.Error(), "check the name in the DNS, the certificate and the proxy, and that followup runs")}
		case status != http.StatusOK:
			return []Trouble{fault(fmt.Sprintf("FOLLOWUP_PUBLIC_URL answers %d for the form", status), cure)}
		case !strings.Contains(body, `name="email"`):
			return []Trouble{fault("somebody else answers under FOLLOWUP_PUBLIC_URL", cure)}
		}
		return nil
	}}
}

// Webhook sends our own webhook a report that Twilio might have sent, signed
// with the token, about no message and of a status that does not exist: it is
// verified and changes nothing. Then it sends one with a wrong signature, which
// must be refused.
func Webhook(client *http.Client, address, token string) Check {
	return Check{"webhook", "a signed round trip through " + address, func(ctx context.Context) []Trouble {
		form := url.Values{"MessageStatus": {"doctor"}, "MessageSid": {"SM00000000000000000000000000000000"}}
		status, _, err := ask(ctx, client, http.MethodPost, address, form, sign(token, address, form))
		switch {
		case err != nil:
			return []Trouble{fault("our own webhook cannot be reached: "+err.Error(), "check the name in the DNS, the certificate and the proxy, and that followup runs")}
		case status == http.StatusForbidden:
			return []Trouble{fault("our own webhook refuses what is signed with TWILIO_AUTH_TOKEN", "restart followup with this token, write FOLLOWUP_PUBLIC_URL as Twilio's console has it, and let the proxy change no path")}
		case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
			return []Trouble{fault("the running followup has no webhook for Twilio", "restart it with the TWILIO_ settings, and let the proxy forward /webhooks/")}
		case status != http.StatusNoContent:
			return []Trouble{fault(fmt.Sprintf("our own webhook answers %d", status), "look into the log of followup and of the proxy")}
		}
		if status, _, err = ask(ctx, client, http.MethodPost, address, form, "forged"); err != nil || status != http.StatusForbidden {
			return []Trouble{fault("our own webhook takes what nobody has signed", "let the proxy forward to followup, and to nothing that answers in its place")}
		}
		return nil
	}}
}

// sign makes X-Twilio-Signature of a form posted to an address
// (https://www.twilio.com/docs/usage/security).
func sign(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	_, _ = io.WriteString(mac, address)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		_, _ = io.WriteString(mac, name+form.Get(name))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// ask makes one request and reads the beginning of the answer. Its errors hold
// no URL.
func ask(ctx context.Context, client *http.Client, method, address string, form url.Values, signature string) (status int, body string, err error) {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("User-Agent", "followup-doctor")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Twilio-Signature", signature)
	}
	answer, err := client.Do(r)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return 0, "", err
	}
	defer answer.Body.Close()
	start, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	return answer.StatusCode, string(start), err
}

package twiliotest

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// patience is how long Twilio waits for a webhook.
const patience = 15 * time.Second

// Sign computes X-Twilio-Signature for a form posted to a URL: HMAC-SHA1, keyed
// by the auth token, over the URL and each parameter's name and value in the
// order of the names (https://www.twilio.com/docs/usage/security). A fragment
// is not signed.
func Sign(authToken, to string, form url.Values) string {
	to, _, _ = strings.Cut(to, "#")
	mac := hmac.New(sha1.New, []byte(authToken))
	io.WriteString(mac, to)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		io.WriteString(mac, name+form.Get(name))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Report moves a message to a status (sending, sent, delivered, undelivered,
// failed, …) and tells its StatusCallback; errorCode zero means none. It
// returns the HTTP status of the receiver. Reports may be sent twice and in any
// order, as Twilio's are.
func (s *Server) Report(ctx context.Context, sid, status string, errorCode int) (int, error) {
	s.mu.Lock()
	m := s.find(sid)
	if m == nil {
		s.mu.Unlock()
		return 0, fmt.Errorf("twiliotest: no message %s", sid)
	}
	m.Status, m.ErrorCode, m.Updated = status, errorCode, time.Now().UTC()
	if m.From == "" {
		m.From = "+13035550100" // the service has chosen
	}
	if status == "sent" {
		m.SentAt = m.Updated
	}
	told := *m
	s.mu.Unlock()
	if told.StatusCallback == "" {
		return 0, fmt.Errorf("twiliotest: message %s asks for no reports", sid)
	}
	form := url.Values{
		"AccountSid": {s.AccountSID}, "ApiVersion": {"2010-04-01"}, "From": {told.From}, "To": {told.To},
		"MessageSid": {sid}, "SmsSid": {sid}, "MessageStatus": {status}, "SmsStatus": {status},
	}
	if told.ServiceSID != "" {
		form.Set("MessagingServiceSid", told.ServiceSID)
	}
	if errorCode != 0 {
		form.Set("ErrorCode", strconv.Itoa(errorCode))
	}
	if status == "delivered" {
		form.Set("RawDlrDoneDate", told.Updated.Format("0601021504"))
	}
	return s.Post(ctx, told.StatusCallback, form)
}

// Post sends a signed webhook of any shape and returns the receiver's status.
func (s *Server) Post(ctx context.Context, to string, form url.Values) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, fmt.Errorf("twiliotest: webhook: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	req.Header.Set("User-Agent", "TwilioProxy/1.1")
	req.Header.Set("I-Twilio-Idempotency-Token", newSID(""))
	req.Header.Set("X-Twilio-Signature", Sign(s.AuthToken, to, form))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, fmt.Errorf("twiliotest: webhook: %w", err)
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, nil
}

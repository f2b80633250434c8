package twilio

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"
)

// maxAnswer bounds an answer, in bytes; the longest honest one is a page of
// messages.
const maxAnswer = 4 << 20

var errTooLong = errors.New("the answer is too long")

// call is one request with what twilio-go does not tell of it. It is the
// transport of that request's client.
type call struct {
	ctx  context.Context
	base *url.URL
	next http.RoundTripper

	wrote  atomic.Bool   // the request may have reached Twilio
	status int           // of the answer; zero without one
	after  time.Duration // Retry-After
	broken error         // why the body of the answer could not be read to its end
}

// call makes a client that lives for one call of the API. An API key signs in
// for an account that it does not name, hence SetAccountSid.
func (s *Sender) call(ctx context.Context) (*call, *openapi.ApiService) {
	if s.settings.APIKey != "" {
		return s.callAs(ctx, s.settings.APIKey, s.settings.APISecret)
	}
	return s.callAs(ctx, s.settings.AccountSID, s.settings.AuthToken)
}

// callAs is call with credentials of the caller's choice.
func (s *Sender) callAs(ctx context.Context, user, password string) (*call, *openapi.ApiService) {
	c := &call{ctx: ctx, base: s.base, next: s.transport}
	api := &client.Client{
		Credentials: client.NewCredentials(user, password),
		HTTPClient: &http.Client{
			Transport: c,
			// A redirected POST may be made twice, or become a GET.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	api.SetAccountSid(s.settings.AccountSID)
	return c, openapi.NewApiServiceWithClient(api)
}

// transport is shared by all calls. It speaks HTTP/1.1, where "nothing was
// written" is plain to see, and never sees an Idempotency-Key header, which
// would let it repeat a POST.
func transport() *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		MaxIdleConnsPerHost:   8,
		IdleConnTimeout:       30 * time.Second,
		Protocols:             protocols,
	}
}

// RoundTrip sends one request under the caller's context (twilio-go brings
// none) and reads the whole answer, because twilio-go leaves the bodies of
// errors open.
func (c *call) RoundTrip(req *http.Request) (*http.Response, error) {
	// Headers that were not written whole are no request to anybody.
	trace := &httptrace.ClientTrace{WroteHeaders: func() { c.wrote.Store(true) }}
	req = req.Clone(httptrace.WithClientTrace(c.ctx, trace))
	if c.base != nil {
		req.URL.Scheme, req.URL.Host, req.Host = c.base.Scheme, c.base.Host, ""
		req.URL.Path = strings.TrimSuffix(c.base.Path, "/") + req.URL.Path
	}
	resp, err := c.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	c.status = resp.StatusCode
	c.after = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = errTooLong
	}
	c.broken = err
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// maxAfter is the longest wait that we believe.
const maxAfter = 24 * time.Hour

// retryAfter reads seconds or an HTTP date (RFC 9110 section 10.2.3); zero for
// neither, and for a time that has passed.
func retryAfter(s string, now time.Time) time.Duration {
	var d time.Duration
	if seconds, err := strconv.ParseUint(s, 10, 31); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(s); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxAfter)
}

package twilio_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/twilio"
	"github.com/joydevie/followup/internal/twiliotest"
)

const ann = "+13035550142"

func TestAMessageArrivesAsItWasWritten(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	m := message(ann)
	out := newSender(t, srv, twilio.Settings{}).Send(t.Context(), m)
	if out.State != channel.Accepted || out.Err != nil {
		t.Fatalf("got %v (%v)", out.State, out.Err)
	}
	got := srv.Messages()[0]
	if got.SID != out.ID || got.To != ann || got.Body != m.Text || got.ServiceSID != service || got.From != "" || got.ValidityPeriod != 14400 {
		t.Errorf("got %+v", got)
	}
	if want := "https://clinic.example/webhooks/twilio/status?m=c41.confirmation.sms"; got.StatusCallback != want {
		t.Errorf("reports go to %s, want %s", got.StatusCallback, want)
	}
}

func TestSettingsReachTwilio(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	sender := newSender(t, srv, twilio.Settings{
		APIKey: srv.APIKey, APISecret: srv.APISecret, From: "+13035550100",
		ValidityPeriod: time.Minute, StatusURL: "https://clinic.example/hook?k=1#rc=5&rp=5xx,ct,rt",
	})
	if out := sender.Send(t.Context(), message(ann)); out.State != channel.Accepted {
		t.Fatalf("got %v (%v)", out.State, out.Err)
	}
	got := srv.Messages()[0]
	if got.From != "+13035550100" || got.ServiceSID != "" || got.ValidityPeriod != 60 ||
		got.StatusCallback != "https://clinic.example/hook?k=1&m=c41.confirmation.sms#rc=5&rp=5xx,ct,rt" {
		t.Errorf("got %+v", got)
	}
}

func TestEachAnswerHasItsMeaning(t *testing.T) {
	t.Parallel()
	inAMinute := time.Now().Add(time.Minute)
	for name, tc := range map[string]struct {
		fault twiliotest.Fault
		state channel.State
		cause channel.Cause
		code  string
		after time.Duration
		taken int
	}{
		"too many":                   {twiliotest.RateLimited(0), channel.Throttled, 0, "20429", 0, 0},
		"too many, for seconds":      {twiliotest.RateLimited(30 * time.Second), channel.Throttled, 0, "20429", 30 * time.Second, 0},
		"too many, until a date":     {twiliotest.RateLimitedUntil(inAMinute), channel.Throttled, 0, "20429", time.Minute, 0},
		"the sender's queue is full": {twiliotest.Refuse(400, 21611), channel.Throttled, 0, "21611", time.Hour, 0},
		"the daily limit":            {twiliotest.Refuse(400, 63038), channel.Throttled, 0, "63038", 6 * time.Hour, 0},
		"wrong password":             {twiliotest.Refuse(401, 20003), channel.Refused, channel.CauseConfig, "20003", 0, 0},
		"401 of something else":      {twiliotest.Refuse(401, 0), channel.Refused, channel.CauseConfig, "HTTP 401", 0, 0},
		"suspended":                  {twiliotest.Refuse(401, 20005), channel.Refused, channel.CauseConfig, "20005", 0, 0},
		"no right, as 403":           {twiliotest.Refuse(403, 20003), channel.Refused, channel.CauseConfig, "20003", 0, 0},
		"suspended, as 403":          {twiliotest.Refuse(403, 20005), channel.Refused, channel.CauseConfig, "20005", 0, 0},
		"no such account":            {twiliotest.Refuse(404, 20404), channel.Refused, channel.CauseConfig, "20404", 0, 0},
		"opted out":                  {twiliotest.Refuse(400, 21610), channel.Refused, channel.CauseOptOut, "21610", 0, 0},
		"no number":                  {twiliotest.Refuse(400, 21211), channel.Refused, channel.CauseAddress, "21211", 0, 0},
		"no mobile":                  {twiliotest.Refuse(400, 21614), channel.Refused, channel.CauseAddress, "21614", 0, 0},
		"a landline":                 {twiliotest.Refuse(400, 21635), channel.Refused, channel.CauseAddress, "21635", 0, 0},
		"country off":                {twiliotest.Refuse(400, 21408), channel.Refused, channel.CauseConfig, "21408", 0, 0},
		"bad sender":                 {twiliotest.Refuse(400, 21212), channel.Refused, channel.CauseConfig, "21212", 0, 0},
		"foreign sender":             {twiliotest.Refuse(400, 21606), channel.Refused, channel.CauseConfig, "21606", 0, 0},
		"no way there":               {twiliotest.Refuse(400, 21612), channel.Refused, channel.CauseConfig, "21612", 0, 0},
		"unknown sender":             {twiliotest.Refuse(400, 21659), channel.Refused, channel.CauseConfig, "21659", 0, 0},
		"trial account":              {twiliotest.Refuse(400, 21608), channel.Refused, channel.CauseConfig, "21608", 0, 0},
		"empty":                      {twiliotest.Refuse(400, 21602), channel.Refused, channel.CauseContent, "21602", 0, 0},
		"too long":                   {twiliotest.Refuse(400, 21617), channel.Refused, channel.CauseContent, "21617", 0, 0},
		"too long, otherwise":        {twiliotest.Refuse(400, 21619), channel.Refused, channel.CauseContent, "21619", 0, 0},
		"a code of next year":        {twiliotest.Refuse(400, 29999), channel.Refused, channel.CauseOther, "29999", 0, 0},
		"403":                        {twiliotest.Refuse(403, 0), channel.Refused, channel.CauseOther, "HTTP 403", 0, 0},
		"408":                        {twiliotest.Refuse(408, 0), channel.Unknown, 0, "HTTP 408", 0, 0},
		"500 after having sent":      {twiliotest.BrokenAfter(), channel.Unknown, 0, "20500", 0, 1},
		"503 from a gateway":         {twiliotest.Gateway(), channel.Unknown, 0, "HTTP 503", 0, 0},
		"a redirect":                 {twiliotest.Redirect(), channel.Unknown, 0, "HTTP 307", 0, 0},
		"half an answer":             {twiliotest.HalfAnswer(), channel.Unknown, 0, "HTTP 201", 0, 1},
		"201 in HTML":                {twiliotest.HTMLAnswer(), channel.Unknown, 0, "HTTP 201", 0, 1},
		"cut before":                 {twiliotest.CutBefore(), channel.Unknown, 0, "", 0, 0},
		"cut after":                  {twiliotest.CutAfter(), channel.Unknown, 0, "", 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := twiliotest.Start(t)
			srv.Fail("", 1, tc.fault)
			out := newSender(t, srv, twilio.Settings{}).Send(t.Context(), message(ann))
			if out.State != tc.state || out.Cause != tc.cause || out.Code != tc.code || out.ID != "" {
				t.Errorf("got %v, %v, %q, %q (%v)", out.State, out.Cause, out.Code, out.ID, out.Err)
			}
			if late := tc.after - out.After; late < 0 || late > 5*time.Second {
				t.Errorf("after %v, want %v", out.After, tc.after)
			}
			if out.Err == nil || strings.Contains(out.Err.Error(), "3035550") || strings.Contains(out.Err.Error(), "JoyDeVie") {
				t.Errorf("the error is %v", out.Err)
			}
			if n := len(srv.Messages()); n != tc.taken || srv.Requests() != 1 {
				t.Errorf("Twilio holds %d messages after %d requests, want %d after one", n, srv.Requests(), tc.taken)
			}
		})
	}
}

func TestAnAnswerWithoutAMessageIsUnknown(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{}", `{"sid":null}`, `{"sid":""}`, `{"sid":"<script>"}`, "[]", "null", `{"sid":"SM1"`, `{"sid":7}`} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(201)
			fmt.Fprint(w, body)
		}))
		sender, err := twilio.New(twilio.Settings{AccountSID: "AC1", AuthToken: "t", From: "+13035550100", BaseURL: srv.URL})
		if err != nil {
			t.Fatal(err)
		}
		if out := sender.Send(t.Context(), message(ann)); out.State != channel.Unknown {
			t.Errorf("%q: got %v (%v)", body, out.State, out.Err)
		}
		srv.Close()
	}
}

func TestNothingWrittenIsNotSent(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	sender := newSender(t, srv, twilio.Settings{})
	srv.Close()
	if out := sender.Send(t.Context(), message(ann)); out.State != channel.NotSent || !errors.Is(out.Err, syscall.ECONNREFUSED) {
		t.Errorf("got %v (%v)", out.State, out.Err)
	}
}

func TestAServerThatNeverTakesTheHandshakeIsNotSent(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // accepts in the kernel, and nobody reads
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	sender, err := twilio.New(twilio.Settings{AccountSID: "AC1", AuthToken: "t", From: "+13035550100",
		BaseURL: "https://" + listener.Addr().String(), Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if out := sender.Send(t.Context(), message(ann)); out.State != channel.NotSent || !errors.Is(out.Err, context.DeadlineExceeded) {
		t.Errorf("got %v (%v)", out.State, out.Err)
	}
}

func TestTheReasonForAnEndedContextIsKept(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	srv.Fail("", 0, twiliotest.HangAfter())
	stopping := errors.New("the worker is stopping")
	ctx, cancel := context.WithCancelCause(t.Context())
	sender := newSender(t, srv, twilio.Settings{})
	done := make(chan channel.Outcome, 1)
	go func() { done <- sender.Send(ctx, message(ann)) }()
	for len(srv.Messages()) == 0 {
		select {
		case out := <-done:
			t.Fatalf("came back early: %v (%v)", out.State, out.Err)
		case <-time.After(time.Millisecond):
		}
	}
	cancel(stopping)
	if out := <-done; out.State != channel.Unknown || !errors.Is(out.Err, stopping) {
		t.Errorf("got %v (%v)", out.State, out.Err)
	}
}

func TestErrorAnswersLeaveNoConnectionsOpen(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		http.NewResponseController(w).Flush() // chunked from here on
		fmt.Fprint(w, `{"code":20500,"status":500}`)
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	sender, err := twilio.New(twilio.Settings{AccountSID: "AC1", AuthToken: "t", From: "+13035550100", BaseURL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		sender.Send(t.Context(), message(ann))
	}
	if n := opened.Load(); n > 2 {
		t.Errorf("%d connections for 50 errors", n)
	}
}

func TestWrongSettingsAreAllNamed(t *testing.T) {
	t.Parallel()
	good := twilio.Settings{AccountSID: "AC1", AuthToken: "t0ken", MessagingServiceSID: service}
	for name, tc := range map[string]struct {
		change func(*twilio.Settings)
		says   []string
	}{
		"everything missing":      {func(s *twilio.Settings) { *s = twilio.Settings{} }, []string{"TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_MESSAGING_SERVICE_SID"}},
		"a key for an account":    {func(s *twilio.Settings) { s.AccountSID = "SK1" }, []string{"TWILIO_ACCOUNT_SID: must begin with AC"}},
		"a token with a dash":     {func(s *twilio.Settings) { s.AuthToken = "s3cr3t-x" }, []string{"TWILIO_AUTH_TOKEN: may hold letters and digits only"}},
		"a token with a new line": {func(s *twilio.Settings) { s.AuthToken = "s3cr3t\n" }, []string{"TWILIO_AUTH_TOKEN"}},
		"a secret with a dash":    {func(s *twilio.Settings) { s.APIKey, s.APISecret = "SK1", "s3cr3t_x" }, []string{"TWILIO_API_SECRET"}},
		"a key without a secret":  {func(s *twilio.Settings) { s.APIKey = "SK1" }, []string{"TWILIO_API_SECRET: required"}},
		"a secret without a key":  {func(s *twilio.Settings) { s.APISecret = "s3cr3t" }, []string{"TWILIO_API_KEY: required"}},
		"a number as a service":   {func(s *twilio.Settings) { s.MessagingServiceSID = "+13035550100" }, []string{"must begin with MG"}},
		"half a second":           {func(s *twilio.Settings) { s.ValidityPeriod = 500 * time.Millisecond }, []string{"validity period"}},
		"half a day":              {func(s *twilio.Settings) { s.ValidityPeriod = 12 * time.Hour }, []string{"validity period"}},
		"a base without a scheme": {func(s *twilio.Settings) { s.BaseURL = "s3cr3t:1" }, []string{"TWILIO_API_URL"}},
		"a status path alone":     {func(s *twilio.Settings) { s.StatusURL = "/status" }, []string{"status URL"}},
	} {
		set := good
		tc.change(&set)
		_, err := twilio.New(set)
		if err == nil {
			t.Errorf("%s: was taken", name)
			continue
		}
		for _, want := range tc.says {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", name, err, want)
			}
		}
		if strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: the error repeats the secret: %v", name, err)
		}
	}
	if _, err := twilio.New(good); err != nil {
		t.Errorf("good settings: %v", err)
	}
}

func TestATestServerMayStandBelowAPath(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	proxy := httptest.NewServer(http.StripPrefix("/fake", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, srv.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})))
	t.Cleanup(proxy.Close)
	sender, err := twilio.New(twilio.Settings{AccountSID: srv.AccountSID, AuthToken: srv.AuthToken, From: "+13035550100", BaseURL: proxy.URL + "/fake/"})
	if err != nil {
		t.Fatal(err)
	}
	if out := sender.Send(t.Context(), message(ann)); out.Code != "HTTP 307" { // it came through to the handler
		t.Errorf("got %q (%v)", out.Code, out.Err)
	}
}

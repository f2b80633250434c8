package twiliotest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/twilio/twilio-go/client"

	"github.com/joydevie/followup/internal/twiliotest"
)

// ask makes one request as a client without any library of Twilio's would.
func ask(t *testing.T, srv *twiliotest.Server, method, path string, form url.Values) (int, map[string]any) {
	t.Helper()
	if path == "" {
		path = "/2010-04-01/Accounts/" + srv.AccountSID + "/Messages.json"
	}
	req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(srv.AccountSID, srv.AuthToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return resp.StatusCode, answer
}

func text(to string) url.Values {
	return url.Values{"To": {to}, "From": {"+13035550100"}, "Body": {"Hello"}}
}

func TestAMessageHasEveryFieldOfTheResource(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	status, got := ask(t, srv, "POST", "", text("+13035550142"))
	if status != 201 {
		t.Fatalf("status %d: %v", status, got)
	}
	fields := strings.Fields(`account_sid api_version body date_created date_sent date_updated direction error_code
		error_message from messaging_service_sid num_media num_segments price price_unit sid status subresource_uris to uri`)
	if len(got) != len(fields) {
		t.Errorf("%d fields, want %d", len(got), len(fields))
	}
	for _, f := range fields {
		if _, ok := got[f]; !ok {
			t.Errorf("%s is missing", f)
		}
	}
	for f, want := range map[string]any{"status": "queued", "direction": "outbound-api", "num_segments": "1", "date_sent": nil, "price": nil, "error_code": nil} {
		if got[f] != want {
			t.Errorf("%s is %v, want %v", f, got[f], want)
		}
	}
	if status, again := ask(t, srv, "GET", got["uri"].(string), nil); status != 200 || again["sid"] != got["sid"] {
		t.Errorf("fetching it: %d, %v", status, again)
	}
}

func TestAServiceAcceptsBeforeItChoosesASender(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	form := text("+13035550142")
	form.Del("From")
	form.Set("MessagingServiceSid", "MG0123456789abcdef0123456789abcdef")
	if _, got := ask(t, srv, "POST", "", form); got["status"] != "accepted" || got["num_segments"] != "0" || got["from"] != nil {
		t.Errorf("got %v", got)
	}
}

func TestWrongParametersAreRefusedWithTwiliosCodes(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	for name, tc := range map[string]struct {
		change func(url.Values)
		code   string
	}{
		"no number":            {func(f url.Values) { f.Del("To") }, "21604"},
		"no text":              {func(f url.Values) { f.Del("Body") }, "21602"},
		"no sender":            {func(f url.Values) { f.Del("From") }, "21603"},
		"a number in words":    {func(f url.Values) { f.Set("To", "call me") }, "21211"},
		"too long a text":      {func(f url.Values) { f.Set("Body", strings.Repeat("é", 1601)) }, "21617"},
		"too long to be valid": {func(f url.Values) { f.Set("ValidityPeriod", "36001") }, "21624"},
		"no URL":               {func(f url.Values) { f.Set("StatusCallback", "/status") }, "21609"},
		"invalid, magic":       {func(f url.Values) { f.Set("To", "+15005550001") }, "21211"},
		"unreachable, magic":   {func(f url.Values) { f.Set("To", "+15005550002") }, "21612"},
		"abroad, magic":        {func(f url.Values) { f.Set("To", "+15005550003") }, "21408"},
		"opted out, magic":     {func(f url.Values) { f.Set("To", "+15005550004") }, "21610"},
		"landline, magic":      {func(f url.Values) { f.Set("To", "+15005550009") }, "21614"},
		"not ours, magic":      {func(f url.Values) { f.Set("From", "+15005550007") }, "21606"},
		"full queue, magic":    {func(f url.Values) { f.Set("From", "+15005550008") }, "21611"},
	} {
		form := text("+13035550142")
		tc.change(form)
		status, got := ask(t, srv, "POST", "", form)
		if status != 400 || fmt.Sprint(got["code"]) != tc.code || got["more_info"] != "https://www.twilio.com/docs/errors/"+tc.code {
			t.Errorf("%s: got %d %v", name, status, got)
		}
	}
	if n := len(srv.Messages()); n != 0 {
		t.Errorf("%d messages were made", n)
	}
}

func TestAListComesInPagesNewestFirst(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	for range 5 {
		ask(t, srv, "POST", "", text("+13035550142"))
		ask(t, srv, "POST", "", text("+13035550143"))
	}
	var want, got []string
	for _, m := range slices.Backward(srv.Messages()) {
		if m.To == "+13035550142" {
			want = append(want, m.SID)
		}
	}
	next := "/2010-04-01/Accounts/" + srv.AccountSID + "/Messages.json?To=%2B13035550142&PageSize=2"
	pages := 0
	for next != "" {
		_, page := ask(t, srv, "GET", next, nil)
		for _, m := range page["messages"].([]any) {
			got = append(got, m.(map[string]any)["sid"].(string))
		}
		next, _ = page["next_page_uri"].(string)
		pages++
	}
	if !slices.Equal(got, want) || pages != 3 {
		t.Errorf("got %v in %d pages, want %v", got, pages, want)
	}
}

func TestAStrangerIsTurnedAway(t *testing.T) {
	t.Parallel()
	srv, other := twiliotest.Start(t), twiliotest.Start(t)
	stranger := &twiliotest.Server{URL: srv.URL, AccountSID: srv.AccountSID, AuthToken: other.AuthToken}
	if status, got := ask(t, stranger, "POST", "", text("+13035550142")); status != 401 || fmt.Sprint(got["code"]) != "20003" {
		t.Errorf("got %d %v", status, got)
	}
	neighbour := "/2010-04-01/Accounts/" + other.AccountSID + "/Messages.json"
	if status, got := ask(t, srv, "POST", neighbour, text("+13035550142")); status != 404 || fmt.Sprint(got["code"]) != "20404" {
		t.Errorf("in another account: got %d %v", status, got)
	}
}

func TestASignatureIsWhatTwiliosOwnLibraryExpects(t *testing.T) {
	t.Parallel()
	// Twilio's published example.
	form := url.Values{"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "From": {"+14158675309"}, "Digits": {"1234"}, "To": {"+18005551212"}}
	if got := twiliotest.Sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2#rc=5", form); got != "RSOYDt4T1cUTdK1PDd93/VVr8B8=" {
		t.Errorf("got %s", got)
	}
}

func TestAReportIsSignedAndSaysWhatHappened(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	var base string
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		params := map[string]string{}
		for name := range r.PostForm {
			params[name] = r.PostForm.Get(name)
		}
		validator := client.NewRequestValidator(srv.AuthToken)
		if !validator.Validate(base+r.URL.RequestURI(), params, r.Header.Get("X-Twilio-Signature")) {
			w.WriteHeader(403)
			return
		}
		if params["MessageStatus"] != "undelivered" || params["ErrorCode"] != "30003" || r.URL.Query().Get("m") != "c1.x" {
			t.Errorf("got %v at %s", params, r.URL)
		}
		w.WriteHeader(204)
	}))
	t.Cleanup(hook.Close)
	base = hook.URL
	form := text("+13035550142")
	form.Set("StatusCallback", hook.URL+"/status?m=c1.x#rc=5")
	_, made := ask(t, srv, "POST", "", form)
	code, err := srv.Report(t.Context(), made["sid"].(string), "undelivered", 30003)
	if err != nil || code != 204 {
		t.Errorf("got %d, %v", code, err)
	}
	if m := srv.Messages()[0]; m.Status != "undelivered" || m.ErrorCode != 30003 {
		t.Errorf("the message is %+v", m)
	}
}

func TestOnlyTheTextOfWhatIsOverCanBeEmptiedAndNothingElseChanged(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	ask(t, srv, "POST", "", text("+13035550142"))
	sid := srv.Messages()[0].SID
	update := func(sid string, form url.Values) string {
		status, got := ask(t, srv, "POST", "/2010-04-01/Accounts/"+srv.AccountSID+"/Messages/"+sid+".json", form)
		return fmt.Sprint(status, " ", got["code"], " ", got["body"])
	}
	empty := url.Values{"Body": {""}}
	for _, status := range []string{"queued", "accepted", "sending", "sent"} {
		srv.Become(sid, status)
		if got := update(sid, empty); got != "409 20009 <nil>" {
			t.Errorf("%s: %s", status, got)
		}
	}
	srv.Become(sid, "undelivered")
	for name, form := range map[string]url.Values{
		"another text": {"Body": {"x"}}, "nothing": {}, "cancelled as well": {"Body": {""}, "Status": {"canceled"}},
	} {
		if got := update(sid, form); got != "400 30400 <nil>" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if srv.Messages()[0].Body != "Hello" {
		t.Errorf("the text is %q", srv.Messages()[0].Body)
	}
	for range 2 {
		if got := update(sid, empty); got != "200 <nil> " || srv.Messages()[0].Body != "" {
			t.Errorf("%s, and the text is %q", got, srv.Messages()[0].Body)
		}
	}
	if got := update("SMnone", empty); got != "404 20404 <nil>" {
		t.Error(got)
	}
}

package webhook

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The vector that Twilio publishes
// (https://www.twilio.com/docs/usage/webhooks/webhooks-security).
func TestTwiliosPublishedSignatureVerifies(t *testing.T) {
	t.Parallel()
	f := form{
		"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309", "To": "+18005551212",
	}
	const address, signature = "https://mycompany.com/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8="
	for _, tokens := range [][]string{{"12345"}, {"x", "12345"}, {"12345", "x"}} {
		if !signed(tokens, address, f, signature) {
			t.Errorf("refused with tokens %v", tokens)
		}
	}
	f["Digits"] = "1235"
	if signed([]string{"12345"}, address, f, signature) || signed(nil, address, f, "") {
		t.Error("taken")
	}
}

func FuzzUnsigned(f *testing.F) {
	f.Add("From=%2B13035550142&Body=STOP&MessageSid=SM1", "c2lnbmF0dXJl", "m=x")
	f.Add("%zz=;&&==", "", "")
	f.Fuzz(func(t *testing.T, body, signature, query string) {
		tw := &twilio{Config{Tokens: []string{"secret"}, PublicURL: "https://joydevie.example", Log: slog.New(slog.DiscardHandler)}}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("X-Twilio-Signature", signature)
		w := httptest.NewRecorder()
		tw.verified(tw.inbound).ServeHTTP(w, r) // what passes would panic: there is no ledger
		if w.Code != http.StatusForbidden && w.Code != http.StatusRequestEntityTooLarge {
			t.Fatalf("answered %d", w.Code)
		}
	})
}

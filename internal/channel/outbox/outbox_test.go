package outbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/outbox"
)

func setup(t *testing.T) (*outbox.Store, http.Handler) {
	t.Helper()
	s := outbox.New(outbox.Config{
		Now:      func() time.Time { return time.Date(2026, 11, 24, 16, 41, 0, 0, time.FixedZone("MST", -7*3600)) },
		Segments: func(text string) (int, string) { return 1 + len(text)/160, "GSM-7" },
		Speed:    20_000,
		Zone:     time.FixedZone("MST", -7*3600),
	})
	return s, s.Handler()
}

func email(n int) channel.Message {
	return channel.Message{ID: "m", To: "ann@example.com", Subject: fmt.Sprintf("Subject %d", n), Text: "The text part <&>",
		HTML: "<p>Hello <script>alert(1)</script>", Template: "followup-1", Language: "en", Contact: "c1"}
}

func get(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	out := httptest.NewRecorder()
	h.ServeHTTP(out, httptest.NewRequest("GET", path, nil))
	return out
}

func TestWhatIsSentIsListedNewestFirst(t *testing.T) {
	t.Parallel()
	s, h := setup(t)
	if got := get(t, h, "/outbox.json").Body.String(); got != "[]" {
		t.Errorf("empty: %s", got)
	}
	first := s.Sender("email").Send(t.Context(), email(1))
	second := s.Sender("sms").Send(t.Context(), channel.Message{To: "+13035550142", Subject: "x", Text: "JoyDeVie: hello", HTML: "x", Template: "confirmation", Language: "es", Contact: "c2"})
	if first.State != channel.Accepted || first.ID != "outbox-1" || second.ID != "outbox-2" {
		t.Errorf("%+v %+v", first, second)
	}
	out := get(t, h, "/outbox.json")
	var got []map[string]any
	if err := json.Unmarshal(out.Body.Bytes(), &got); err != nil || out.Header().Get("Content-Type") != "application/json" {
		t.Fatal(err, out.Header())
	}
	want := []map[string]any{
		{"at": "2026-11-24T16:41:00-07:00", "channel": "sms", "to": "+13035550142", "subject": "", "text": "JoyDeVie: hello", "html": "", "template": "confirmation", "language": "es", "contact": "c2", "segments": 1.0},
		{"at": "2026-11-24T16:41:00-07:00", "channel": "email", "to": "ann@example.com", "subject": "Subject 1", "text": "The text part <&>", "html": "<p>Hello <script>alert(1)</script>", "template": "followup-1", "language": "en", "contact": "c1", "segments": 0.0},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestAnEmailIsShownInAFrameThatCanDoNothing(t *testing.T) {
	t.Parallel()
	s, h := setup(t)
	s.Sender("email").Send(t.Context(), email(1))
	page := get(t, h, "/outbox")
	for _, has := range []string{`<iframe sandbox loading="lazy" src="/outbox/1/html"`, "Subject 1", `loading="lazy" src="/outbox/1/text"`, "Email · followup 1",
		"Nothing here leaves this machine", "20,000 times faster: a day takes 4.32 seconds", "Tue, Nov 24, 16:41:00"} {
		if !strings.Contains(page.Body.String(), has) {
			t.Errorf("the page lacks %q", has)
		}
	}
	if strings.Contains(page.Body.String(), "alert(1)") || strings.Contains(page.Body.String(), "The text part") {
		t.Error("the page itself holds the email")
	}
	body := get(t, h, "/outbox/1/html")
	if policy := body.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox; default-src 'none'; style-src 'unsafe-inline'") || body.Code != 200 {
		t.Errorf("%d %q", body.Code, policy)
	}
	if text := get(t, h, "/outbox/1/text"); !strings.Contains(text.Body.String(), "The text part &lt;&amp;&gt;") || !strings.HasPrefix(text.Header().Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%v %s", text.Header(), text.Body)
	}
	for _, none := range []string{"0", "2", "-1", "x", "99999999999999999999"} {
		if got := get(t, h, "/outbox/"+none+"/html"); got.Code != 404 {
			t.Errorf("%s: %d", none, got.Code)
		}
	}
}

func TestOnlyWhatIsNewIsAskedFor(t *testing.T) {
	t.Parallel()
	s, h := setup(t)
	for n := range 3 {
		s.Sender("email").Send(t.Context(), email(n))
	}
	for after, want := range map[string]int{"0": 200, "2": 200, "3": 204, "4": 205, "x": 400, "-1": 400, "": 400} {
		got := get(t, h, "/outbox/new?after="+after)
		if got.Code != want {
			t.Errorf("after %s: %d, want %d", after, got.Code, want)
		}
		if after == "2" && (strings.Count(got.Body.String(), "<li") != 1 || got.Header().Get("Outbox-Last") != "3" || got.Header().Get("Outbox-Clock") == "") {
			t.Errorf("%v %s", got.Header(), got.Body)
		}
	}
}

func TestAFullOutboxForgetsTheOldestAndStaysLight(t *testing.T) {
	t.Parallel()
	s, h := setup(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for n := range 1300 {
				s.Sender("email").Send(context.Background(), email(n))
			}
		})
	}
	all.Wait()
	if got := len(s.Messages()); got != 5000 {
		t.Errorf("%d messages", got)
	}
	if got := get(t, h, "/outbox/200/html"); got.Code != 404 {
		t.Errorf("a forgotten message: %d", got.Code)
	}
	if got := get(t, h, "/outbox/5200/html"); got.Code != 200 {
		t.Errorf("the newest: %d", got.Code)
	}
	page := get(t, h, "/outbox").Body
	if strings.Count(page.String(), `class="msg"`) != 50 || page.Len() > 100_000 {
		t.Errorf("%d bytes", page.Len())
	}
}

func TestAMessageWhoseTimeIsUpIsNotSent(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if out := s.Sender("email").Send(ctx, email(1)); out.State != channel.NotSent || len(s.Messages()) > 0 {
		t.Errorf("%+v", out)
	}
}

package webhook_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/safety"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/internal/twiliotest"
	"github.com/joydevie/followup/internal/webhook"
	"github.com/joydevie/followup/tasks"
)

const (
	public     = "https://joydevie.example"
	token      = "tokenofnow"
	mailSecret = "a secret of more than 32 characters"
	token2     = "tokenofbefore"
	annsNum    = "+13035550142"
	ourNum     = "+13035550100"
)

var noon = time.Date(2026, 11, 24, 19, 0, 0, 0, time.UTC)

// world is the webhooks over a Redis of their own, behind a proxy: the server
// does not know its public name.
type world struct {
	now func() time.Time
	*ledger.Ledger
	server *redistest.Server
	redis  *redis.Client
	web    http.Handler
	key    *ecdsa.PrivateKey // SendGrid's
	log    *bytes.Buffer
	sids   atomic.Int64
	kept   []webhook.Text // while Redis was away
}

func setup(t testing.TB) *world { return setupWith(t, false) }

// setupWith says whether texts are emptied at Twilio.
func setupWith(t testing.TB, redact bool) *world {
	t.Helper()
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	replies, err := safety.Replies()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{now: func() time.Time { return noon }, server: redistest.Start(t), log: &bytes.Buffer{}}
	w.redis = w.server.Client()
	bounded, err := dial.Redis(w.server.URL, dial.Bounded())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bounded.Close() })
	if w.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	w.Ledger = ledger.New(bounded, keys, func() time.Time { return noon })
	mounts, err := webhook.New(webhook.Config{
		PublicURL: public, Tokens: []string{token, token2}, SendGrid: &w.key.PublicKey, Ledger: w.Ledger,
		Tasks: tasks.NewClient(bounded, keys), Replies: replies, Help: func(l string) string { return "help in " + l + " & more" },
		MailSecret: mailSecret, Redact: redact,
		Keep: func(_ context.Context, text webhook.Text) error { w.kept = append(w.kept, text); return nil },
		Now:  func() time.Time { return w.now() }, Log: slog.New(slog.NewTextHandler(w.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for pattern, h := range mounts {
		mux.Handle(pattern, h)
	}
	w.web = mux
	return w
}

// post sends a form with a signature; "" makes the right one.
func (w *world) post(path string, f url.Values, signature string) (int, string) {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(f.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if signature == "" {
		signature = twiliotest.Sign(token, public+path, f)
	}
	r.Header.Set("X-Twilio-Signature", signature)
	return w.do(r)
}

func (w *world) do(r *http.Request) (int, string) {
	answer := httptest.NewRecorder()
	w.web.ServeHTTP(answer, r)
	body, _ := io.ReadAll(answer.Body)
	return answer.Code, string(body)
}

// text is a text from a number, with an id of its own.
func (w *world) text(from, body string) url.Values {
	return url.Values{
		"From": {from}, "To": {ourNum}, "Body": {body}, "MessageSid": {fmt.Sprintf("SM%032d", w.sids.Add(1))}, "AccountSid": {"AC1"},
		"NumMedia": {"0"}, "a_parameter_of_tomorrow": {"x"},
	}
}

func (w *world) send(t testing.TB, f url.Values) string {
	t.Helper()
	status, body := w.post(webhook.TwilioInbound, f, "")
	if status != http.StatusOK {
		t.Fatalf("answered %d %s", status, body)
	}
	return body
}

func (w *world) blocked(t testing.TB, number string) gate.Suppression {
	t.Helper()
	why, err := w.Suppression(context.Background(), contact.ViaSMS, number)
	if err != nil {
		t.Fatal(err)
	}
	return why
}

// ann is a person with a text, an email and follow-ups planned.
func (w *world) ann(t testing.TB) contact.ID {
	t.Helper()
	return w.person(t, annsNum, "ann.canary@example.com")
}

// somebody is one more person of that kind, for tables in one world.
func (w *world) somebody(t testing.TB) (contact.ID, string) {
	t.Helper()
	n := w.sids.Add(1)
	number := fmt.Sprintf("+1303555%04d", 1000+n)
	return w.person(t, number, fmt.Sprintf("somebody%d@example.com", n)), number
}

func (w *world) person(t testing.TB, number, mail string) contact.ID {
	t.Helper()
	s := contact.Submission{
		ID: fmt.Sprint("s", w.sids.Add(1)), At: noon, Name: "Ann Canary", Email: contact.Email(mail), Phone: contact.Phone(number), Message: "canary",
		Language: contact.English, Consent: contact.Consent{Email: true, SMS: true},
	}
	a, err := w.Admit(t.Context(), s, ledger.Once{Content: s.ID}, func(*ledger.Person) ledger.Plan {
		step := func(name string, v contact.Via) ledger.Step { return ledger.Step{Template: name, Via: v, Due: noon} }
		return ledger.Plan{Steps: []ledger.Step{
			step("confirmation", contact.ViaSMS), step("confirmation", contact.ViaEmail), step("followup-1", contact.ViaEmail), step("reminder", contact.ViaSMS),
		}}
	})
	if err != nil {
		t.Fatal(err)
	}
	return a.Contact
}

func (w *world) message(t testing.TB, id contact.ID, name string, v contact.Via) *ledger.Planned {
	t.Helper()
	m, err := w.Message(context.Background(), id, ledger.Entry{N: 1, Template: name}, v)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// bring takes a message through states as a worker would.
func (w *world) bring(t testing.TB, m *ledger.Planned, provider string, states ...ledger.State) {
	t.Helper()
	for _, s := range states {
		row, err := m.Row.To(s, "", noon)
		if err != nil {
			t.Fatal(err)
		}
		if s == ledger.Sent {
			row.Provider = provider
		}
		if err := w.Settle(t.Context(), m, row); err != nil {
			t.Fatal(err)
		}
	}
}

// queued lists the payloads of the tasks of a kind.
func (w *world) queued(t testing.TB, kind string) int {
	t.Helper()
	n := 0
	for _, key := range w.redis.Keys(context.Background(), "asynq:{*}:t:*").Val() {
		if strings.Contains(w.redis.HGet(context.Background(), key, "msg").Val(), kind) {
			n++
		}
	}
	return n
}

// everything is all that lies in Redis, for comparison.
func (w *world) everything(t testing.TB) string {
	t.Helper()
	dump := ""
	keys := w.redis.Keys(context.Background(), "*").Val()
	slices.Sort(keys)
	for _, key := range keys {
		dump += key + w.redis.Dump(context.Background(), key).Val()
	}
	return dump
}

func (w *world) events(t testing.TB, id contact.ID) string {
	t.Helper()
	events, err := w.Timeline(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range events {
		names = append(names, e.What)
	}
	return strings.Join(names, " ")
}

package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/web"
	"github.com/joydevie/followup/templates"
)

// world is a service with a fake intake, and what it took in.
type world struct {
	web.Config
	mu   sync.Mutex
	got  []intake.Form
	from []intake.Origin
	log  bytes.Buffer
}

type submitFunc func(context.Context, intake.Form, intake.Origin) (intake.Receipt, error)

func (f submitFunc) Submit(ctx context.Context, form intake.Form, from intake.Origin) (intake.Receipt, error) {
	return f(ctx, form, from)
}

// setup gives a clinic in Denver at 16:41 on Tuesday, November 24, 2026.
func setup(t testing.TB) *world {
	t.Helper()
	pages, err := templates.LoadPages()
	if err != nil {
		t.Fatal(err)
	}
	denver, err := time.LoadLocation("America/Denver")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{}
	w.Config = web.Config{
		Pages: pages,
		Clinic: web.Clinic{Name: "JoyDeVie Infusions", Phone: "+13035550100", Zone: denver,
			PrivacyURL: "https://joydevie.example/privacy", TermsURL: "https://joydevie.example/terms"},
		AnswerBy: func(time.Time) time.Time { return time.Date(2026, 11, 25, 10, 0, 0, 0, denver) },
		Texts:    true,
		Now:      func() time.Time { return time.Date(2026, 11, 24, 16, 41, 0, 0, denver) },
		Log:      slog.New(slog.NewJSONHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	w.Intake = submitFunc(w.takeIn)
	return w
}

// takeIn is a permissive check: enough to answer as the real one does.
func (w *world) takeIn(_ context.Context, f intake.Form, from intake.Origin) (intake.Receipt, error) {
	var bad intake.Invalid
	if strings.TrimSpace(f.Email+f.Phone) == "" {
		bad.Faults = append(bad.Faults, intake.Fault{Field: "email", Code: intake.FaultReach})
	}
	if strings.Count(f.Email, "@") > 1 {
		bad.Faults = append(bad.Faults, intake.Fault{Field: "email", Code: intake.FaultEmailTwoAts})
	}
	if f.Phone == "555" {
		bad.Faults = append(bad.Faults, intake.Fault{Field: "phone", Code: intake.FaultPhone})
	}
	for _, typed := range [][2]string{{"name", f.Name}, {"phone", f.Phone}, {"message", f.Message}, {"consent_sms", f.ConsentSMS}} {
		if strings.ToValidUTF8(typed[1], "") != typed[1] {
			bad.Faults = append(bad.Faults, intake.Fault{Field: typed[0], Code: intake.FaultUnreadable})
		}
	}
	if f.ConsentSMS == "maybe" {
		bad.Faults = append(bad.Faults, intake.Fault{Field: "consent_sms", Code: intake.FaultTick})
	}
	if len(bad.Faults) > 0 {
		return intake.Receipt{}, &bad
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.got, w.from = append(w.got, f), append(w.from, from)
	lang, ok := contact.ParseLanguage(f.Language)
	if !ok {
		lang = contact.English
	}
	r := intake.Receipt{ID: "abc", Language: lang, Email: f.Email != "", Call: f.Phone != "" && f.ConsentSMS == ""}
	if f.ConsentSMS != "" {
		r.SMSAt = w.Now()
	}
	return r, nil
}

func (w *world) handler(t testing.TB) http.Handler {
	t.Helper()
	h, err := web.New(w.Config)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func askHandler(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	out := httptest.NewRecorder()
	h.ServeHTTP(out, r)
	return out
}

// ask sends one request; headers are pairs.
func (w *world) ask(t testing.TB, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	return askHandler(w.handler(t), method, path, body, headers...)
}

func (w *world) postForm(t testing.TB, body string) *httptest.ResponseRecorder {
	t.Helper()
	return w.ask(t, "POST", "/contact", body, "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
}

func (w *world) postJSON(t testing.TB, body string) *httptest.ResponseRecorder {
	t.Helper()
	return w.ask(t, "POST", "/contact", body, "Content-Type", "application/json")
}

func must(t testing.TB, out *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if out.Code != status {
		t.Errorf("status %d, want %d: %s", out.Code, status, out.Body)
	}
	for _, text := range texts {
		if !strings.Contains(out.Body.String(), text) {
			t.Errorf("the answer lacks %q: %s", text, out.Body)
		}
	}
}

type problemBody struct {
	Status int
	Title  string
	Detail string
	Help   string
	Errors []struct{ Field, Code, Message string }
}

func problemOf(t testing.TB, out *httptest.ResponseRecorder) (p problemBody) {
	t.Helper()
	if kind := out.Header().Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("Content-Type %q: %s", kind, out.Body)
	}
	if err := json.Unmarshal(out.Body.Bytes(), &p); err != nil || p.Status != out.Code {
		t.Errorf("not a problem of status %d: %v: %s", out.Code, err, out.Body)
	}
	return p
}

var errStore = errors.New("store away")

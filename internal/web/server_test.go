package web_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/web"
)

func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, path := range []string{"/", "/contact", "/contact/thanks", "/nowhere", "/static/look.css", "/u/x"} {
		h := w.ask(t, "GET", path, "").Header()
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "same-origin", "Permissions-Policy": "camera=()",
		} {
			if !strings.HasPrefix(h.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if scripts := strings.Contains(h.Get("Content-Security-Policy"), "script-src"); scripts != (path == "/contact") {
			t.Errorf("%s: scripts allowed: %v", path, scripts)
		}
		if kept := h.Get("Cache-Control") != "no-store"; kept != strings.HasPrefix(path, "/static") {
			t.Errorf("%s: Cache-Control %q", path, h.Get("Cache-Control"))
		}
		if h.Get("Strict-Transport-Security") != "" || h.Get("Set-Cookie") != "" {
			t.Errorf("%s: HSTS without https, or a cookie", path)
		}
	}
	w.TLS = true
	if w.ask(t, "GET", "/contact", "").Header().Get("Strict-Transport-Security") == "" {
		t.Error("https without HSTS")
	}
}

func TestTheStylesheetMayBeKeptUnderItsHash(t *testing.T) {
	t.Parallel()
	w := setup(t)
	href, err := w.Pages.Href("look.css")
	if err != nil {
		t.Fatal(err)
	}
	kept, asked := w.ask(t, "GET", href, ""), w.ask(t, "GET", "/static/look.css", "")
	if !strings.Contains(kept.Header().Get("Cache-Control"), "immutable") || strings.Contains(asked.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("%q, %q", kept.Header().Get("Cache-Control"), asked.Header().Get("Cache-Control"))
	}
	if got := w.ask(t, "GET", "/static/look.css", "", "If-None-Match", asked.Header().Get("ETag")); got.Code != 304 || got.Body.Len() > 0 {
		t.Errorf("asked again: %d", got.Code)
	}
	must(t, w.ask(t, "GET", "/static/..%2fgo.mod", ""), 404)
	if w.ask(t, "GET", "/", "").Header().Get("Location") != "/contact" || w.ask(t, "GET", "/?lang=es", "").Header().Get("Location") != "/contact?lang=es" {
		t.Error("the front door does not lead to the form")
	}
	must(t, w.ask(t, "GET", "/nowhere", ""), 404, "This page is not here")
	problemOf(t, w.ask(t, "GET", "/nowhere", "", "Accept", "application/json"))
}

func TestAPanicBecomesAPageAndALineWithoutThePerson(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Intake = submitFunc(func(_ context.Context, f intake.Form, _ intake.Origin) (intake.Receipt, error) { panic(f.Name) })
	must(t, w.postForm(t, "name=Canary&email=canary@example.com"), 500, "(303) 555-0100", "988")
	if log := w.log.String(); strings.Contains(strings.ToLower(log), "canary") || !strings.Contains(log, `"msg":"panic"`) || !strings.Contains(log, `"status":500`) {
		t.Error(log)
	}
}

func TestTheLogHasFactsAndNoPerson(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ask(t, "POST", "/contact?name=Canary", "name=Canary&email=canary@example.com&phone=3035550142&message=canary", "Content-Type", urlencoded,
		"User-Agent", "Canary", "X-Forwarded-For", "198.51.100.7", "Idempotency-Key", "canary", "Accept-Language", "canary")
	w.ask(t, "GET", "/u/canarytoken?x=canary", "")
	w.ask(t, "CANARY", "/canary", "")
	log := w.log.String()
	if strings.Contains(strings.ToLower(log), "canary") || strings.Contains(log, "5550142") || strings.Contains(log, "192.0.2.") || strings.Contains(log, "198.51") {
		t.Error(log)
	}
	for line := range strings.Lines(log) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"time", "level", "msg", "method", "route", "status", "took", "bytes", "id"} {
			if _, ok := record[key]; !ok {
				t.Errorf("no %s: %s", key, line)
			}
			delete(record, key)
		}
		if len(record) > 0 {
			t.Errorf("more than the fixed keys: %v", record)
		}
	}
	if !strings.Contains(log, `"route":"/u/{token}"`) {
		t.Error(log)
	}
}

func TestOnlyATrustedProxyIsBelieved(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")}
	for _, c := range []struct {
		name      string
		trusted   []netip.Prefix
		remote    string
		forwarded []string
		want      string
	}{
		{"nobody is trusted", nil, "192.0.2.1:1234", []string{"203.0.113.9"}, "192.0.2.1"},
		{"one proxy", trusted, "192.0.2.1:1234", []string{"203.0.113.9"}, "203.0.113.9"},
		{"what the client wrote itself", trusted, "192.0.2.1:1234", []string{"1.1.1.1, 203.0.113.9"}, "203.0.113.9"},
		{"two proxies, two headers", trusted, "192.0.2.1:1234", []string{"1.1.1.1, 203.0.113.9", "10.1.2.3"}, "203.0.113.9"},
		{"all trusted", trusted, "192.0.2.1:1234", []string{"10.1.1.1, 10.1.2.3"}, "10.1.1.1"},
		{"garbage", trusted, "192.0.2.1:1234", []string{"203.0.113.9, <script>"}, "192.0.2.1"},
		{"empty", trusted, "192.0.2.1:1234", nil, "192.0.2.1"},
		{"with ports", trusted, "[2001:db8:1::1]:1234", []string{"[2001:db8:2::9]:443"}, "2001:db8:2::9"},
		{"mapped", trusted, "[::ffff:192.0.2.1]:1234", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"a client that is no proxy", trusted, "203.0.113.1:1234", []string{"10.0.0.1"}, "203.0.113.1"},
		{"a socket", trusted, "@", []string{"203.0.113.9"}, "invalid IP"},
	} {
		w := setup(t)
		w.Trusted = c.trusted
		r := httptest.NewRequest("POST", "/contact", strings.NewReader("email=a@b.example"))
		r.RemoteAddr = c.remote
		r.Header["X-Forwarded-For"] = c.forwarded
		r.Header.Set("Content-Type", urlencoded)
		w.handler(t).ServeHTTP(httptest.NewRecorder(), r)
		if got := w.from[0].IP.String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestAFloodIsStoppedForItsNeighbourhoodAlone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.PostsPerMinute = 60
	h := w.handler(t)
	post := func(remote string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "/contact", strings.NewReader("email=a@b.example"))
		r.RemoteAddr = remote
		r.Header.Set("Content-Type", urlencoded)
		out := httptest.NewRecorder()
		h.ServeHTTP(out, r)
		return out
	}
	for range 60 {
		if got := post("198.51.100.7:1"); got.Code != 303 {
			t.Fatalf("within the limit: %d", got.Code)
		}
	}
	if got := post("198.51.100.99:1"); got.Code != 429 || got.Header().Get("Retry-After") == "" {
		t.Errorf("the 61st from one /24: %d, Retry-After %q", got.Code, got.Header().Get("Retry-After"))
	}
	for _, elsewhere := range []string{"198.51.101.7:1", "[2001:db8::1]:1"} {
		if got := post(elsewhere); got.Code != 303 {
			t.Errorf("from %s: %d", elsewhere, got.Code)
		}
	}
}

func TestTheServerWaitsForNobodyForever(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := web.HTTPServer(http.NotFoundHandler(), slog.New(slog.NewTextHandler(&out, nil)))
	if s.ReadHeaderTimeout != 5*time.Second || s.ReadTimeout != 15*time.Second || s.WriteTimeout != 30*time.Second || s.IdleTimeout != time.Minute || s.MaxHeaderBytes != 16<<10 {
		t.Errorf("%+v", s)
	}
	s.ErrorLog.Printf("http: TLS handshake error from 203.0.113.9:4711: EOF")
	s.ErrorLog.Printf("something with 203.0.113.9")
	if strings.Contains(out.String(), "203.0") || !strings.Contains(out.String(), `err="TLS handshake error"`) {
		t.Error(out.String())
	}
}

func TestWhatIsMountedGetsTheSameGuards(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Mounts = map[string]http.Handler{"/staff/": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { panic("x") })}
	if got := w.ask(t, "GET", "/staff/x", ""); got.Code != 500 || got.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d", got.Code)
	}
}

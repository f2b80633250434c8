package web

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"time"
)

// Policies for what a page may load. The form's page alone has a script.
const (
	policy           = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	policyWithScript = policy + "; script-src 'self'"
)

// secured sets what every answer carries. Handlers may set more.
func (s *server) secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		// A page on which somebody has typed must not come back on a shared computer.
		h.Set("Cache-Control", "no-store")
		if s.TLS {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}

// logged writes one line for each request: the route and not the path, since
// a path may hold a token, and nothing about who asked.
func (s *server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, id := time.Now(), strings.ToLower(rand.Text()[:16])
		w.Header().Set("X-Request-Id", id)
		seen := &recorder{ResponseWriter: w}
		defer func() {
			level := slog.LevelInfo
			switch {
			case seen.status >= 500:
				level = slog.LevelError
			case seen.status == http.StatusNoContent, seen.status == http.StatusNotModified:
				level = slog.LevelDebug // a page that asks whether there is news
			}
			s.Log.LogAttrs(r.Context(), level, "request",
				slog.String("method", method(r)), slog.String("route", route(r)), slog.Int("status", seen.status),
				slog.Duration("took", time.Since(start)), slog.Int64("bytes", seen.bytes), slog.String("id", id))
		}()
		next.ServeHTTP(seen, r)
	})
}

// method keeps what a client may invent out of the log.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	default:
		return "other"
	}
}

func route(r *http.Request) string {
	if r.Pattern == "" || r.Pattern == "/" {
		return "none"
	}
	return r.Pattern
}

// recovered answers for a handler that panicked. The value of the panic may
// hold anything, so the log has its type and the places in the code.
func (s *server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler { //nolint:errorlint // net/http knows it bare alone, and would log one that is wrapped
				panic(v)
			}
			s.Log.ErrorContext(r.Context(), "panic", "route", route(r), "id", w.Header().Get("X-Request-Id"),
				"err", fmt.Sprintf("%T", v), "stack", frames())
			if seen, ok := w.(*recorder); ok && seen.status != 0 {
				panic(http.ErrAbortHandler) // half an answer is out: let the client see that it broke
			}
			s.trouble(w, r, http.StatusInternalServerError, "broken")
		}()
		next.ServeHTTP(w, r)
	})
}

// frames lists where the code was, innermost first.
func frames() string {
	pcs := make([]uintptr, 24)
	walk := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs)])
	var b strings.Builder
	for {
		f, more := walk.Next()
		fmt.Fprintf(&b, "%s:%d ", f.Function, f.Line)
		if !more {
			return strings.TrimSpace(b.String())
		}
	}
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Package web is the public face: the contact form, the page that thanks, the
// links in notes and emails, and whatever else is mounted beside them. It reads
// requests and writes answers; what a submission means is settled by those it
// is handed to.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/templates"
)

// Intake takes a submission in. It returns *intake.Invalid for fields that
// cannot be used; after any other error nothing was taken in, and the visitor
// is told so.
type Intake interface {
	Submit(ctx context.Context, f intake.Form, from intake.Origin) (intake.Receipt, error)
}

// Clinic is the clinic as its pages name it. Empty addresses show no link.
type Clinic struct {
	Name                             string
	Phone                            contact.Phone
	PrivacyURL, TermsURL, BookingURL string
	Zone                             *time.Location // times on pages are told in it
}

// Config is all that the pages need. Only what says so may be left out.
type Config struct {
	Intake Intake
	Links  Links // nil: every signed link is a bad one
	Pages  *templates.Pages
	Clinic Clinic

	// AnswerBy says by when a person answers what arrives at a moment.
	AnswerBy func(time.Time) time.Time
	// Texts: the clinic sends them, so the form asks about them.
	Texts bool
	// FormToken makes the proof that a form is our own page's. before is the one
	// that came with a form which is shown again; "" when it is shown first. Nil
	// leaves the hidden field form_token, and the trap field website, out of the
	// form.
	FormToken func(before string) string

	// Origins are the sites whose pages may post the form from a browser, such as
	// "https://www.joydevie.example", without a slash at the end. Our own page may
	// without being named, where the browser or the Host header tells that it is ours.
	Origins []string

	Trusted        []netip.Prefix // proxies whose X-Forwarded-For is believed
	PostsPerMinute int            // to the form, from one /24 or /64, before 429; 0: any number
	TLS            bool           // the public address is https
	Now            func() time.Time
	Log            *slog.Logger
	Tracer         trace.Tracer // nil: no request is traced

	// Mounts are further handlers by pattern, such as "/staff/". They get the
	// same log, headers and recovery, and may set headers of their own.
	Mounts map[string]http.Handler
}

// server answers. It is never changed once made.
type server struct {
	Config
	limit *limiter
	sites sites
}

// New gives the handler of the public port, or says what the settings lack.
func New(c Config) (http.Handler, error) {
	if c.Intake == nil || c.Pages == nil || c.AnswerBy == nil || c.Now == nil || c.Log == nil || c.Clinic.Zone == nil {
		return nil, errors.New("web: Intake, Pages, AnswerBy, Now, Log and Clinic.Zone are required")
	}
	sites, err := newSites(c.Origins)
	if err != nil {
		return nil, err
	}
	s := &server{Config: c, limit: newLimiter(c.PostsPerMinute, time.Now), sites: sites}
	mux := http.NewServeMux()
	mux.Handle("/{$}", s.methods(s.home, nil))
	mux.Handle("/contact", s.across(s.methods(s.form, s.submit)))
	mux.Handle("/contact/thanks", s.methods(s.thanks, nil))
	mux.Handle("/n/{token}", s.methods(s.note, s.actNote))
	mux.Handle("/u/{token}", s.methods(s.unsubscribe, s.actUnsubscribe))
	mux.Handle("/static/{name}", s.methods(s.static, nil))
	mux.Handle("/", http.HandlerFunc(s.missing))
	for pattern, h := range c.Mounts {
		mux.Handle(pattern, h)
	}
	return s.traced(s.logged(s.recovered(s.secured(mux)))), nil
}

// methods picks the handler for a method. HEAD is GET without the body, which
// net/http leaves out.
func (s *server) methods(get, post http.HandlerFunc) http.Handler {
	allow := "GET, HEAD"
	if post != nil {
		allow += ", POST"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			get(w, r)
		case r.Method == http.MethodPost && post != nil:
			post(w, r)
		default:
			w.Header().Set("Allow", allow)
			s.trouble(w, r, http.StatusMethodNotAllowed, "method")
		}
	})
}

func (s *server) home(w http.ResponseWriter, r *http.Request) {
	to := "/contact"
	if l, ok := contact.ParseLanguage(r.URL.Query().Get("lang")); ok {
		to += "?lang=" + string(l)
	}
	http.Redirect(w, r, to, http.StatusFound) //nolint:gosec // G710: to one page of ours
}

// static serves what pages load. Under the address that carries the hash it
// may be kept for good; under any other it is asked for again.
func (s *server) static(w http.ResponseWriter, r *http.Request) {
	asset, ok := s.Pages.Asset(r.PathValue("name"))
	if !ok {
		s.missing(w, r)
		return
	}
	h, tag := w.Header(), `"`+asset.Hash+`"`
	h.Set("Content-Type", asset.Type)
	h.Set("ETag", tag)
	h.Set("Cache-Control", "public, no-cache")
	if r.URL.Query().Get("v") == asset.Hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(asset.Body)
}

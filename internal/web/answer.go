package web

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/templates"
)

// problem is an error as RFC 9457 writes it.
type problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Help   string         `json:"help"` // whom to call instead
	Errors []problemField `json:"errors,omitempty"`
}

// problemField is a field that cannot be used.
type problemField struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (s *server) problem(lang contact.Language, status int, detail string) problem {
	return problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail,
		Help: s.Pages.Say(string(lang), "problem.help", "phone", s.Clinic.Phone.National()),
	}
}

func (s *server) writeProblem(w http.ResponseWriter, lang contact.Language, p problem) {
	w.Header().Set("Content-Language", string(lang))
	writeJSON(w, p.Status, "application/problem+json", p)
}

func writeJSON(w http.ResponseWriter, status int, kind string, v any) {
	body, _ := json.Marshal(v) // strings and numbers alone: it cannot fail
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// trouble answers what did not work, as a page or as JSON.
func (s *server) trouble(w http.ResponseWriter, r *http.Request, status int, kind string) {
	s.unread(w, r, &unread{status: status, kind: kind})
}

func (s *server) unread(w http.ResponseWriter, r *http.Request, e *unread) {
	lang := language(r)
	if wantsJSON(r) {
		detail := s.Pages.Say(string(lang), "trouble."+e.kind+".text")
		if e.json != "" {
			detail = s.Pages.Say(string(lang), e.json)
		}
		s.writeProblem(w, lang, s.problem(lang, e.status, detail))
		return
	}
	page := templates.TroublePage{PageFrame: s.frame(lang, ""), Kind: e.kind, Form: r.URL.Path == "/contact"}
	page.NoIndex = true
	s.page(w, r, e.status, templates.PageTrouble, lang, page)
}

// missing answers for an address that is none.
func (s *server) missing(w http.ResponseWriter, r *http.Request) { s.notFound(w, r, false) }

func (s *server) notFound(w http.ResponseWriter, r *http.Request, link bool) {
	lang := language(r)
	if wantsJSON(r) {
		s.writeProblem(w, lang, s.problem(lang, http.StatusNotFound, s.Pages.Say(string(lang), "missing.heading")))
		return
	}
	page := templates.MissingPage{PageFrame: s.frame(lang, ""), Link: link}
	page.NoIndex = true
	s.page(w, r, http.StatusNotFound, templates.PageMissing, lang, page)
}

// page writes a page. One that cannot be rendered was tried at load, so what
// is left is a mistake of ours: a bare sentence that still says whom to call.
func (s *server) page(w http.ResponseWriter, r *http.Request, status int, name string, lang contact.Language, data any) {
	var body bytes.Buffer
	if err := s.Pages.Render(&body, name, string(lang), data); err != nil {
		s.Log.ErrorContext(r.Context(), "page not rendered", "id", w.Header().Get("X-Request-Id"), "err", err)
		http.Error(w, s.Pages.Say(string(lang), "problem.help", "phone", s.Clinic.Phone.National()), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", string(lang))
	w.WriteHeader(status)
	_, _ = body.WriteTo(w)
}

// frame is what every page shows around its words.
func (s *server) frame(lang contact.Language, otherHref string) templates.PageFrame {
	return templates.PageFrame{
		Lang: string(lang), OtherHref: otherHref,
		Clinic: templates.PageClinic{
			Name: s.Clinic.Name, Phone: s.Clinic.Phone.National(), Tel: string(s.Clinic.Phone),
			PrivacyURL: s.Clinic.PrivacyURL, TermsURL: s.Clinic.TermsURL, BookingURL: s.Clinic.BookingURL,
		},
	}
}

func other(lang contact.Language) contact.Language {
	if lang == contact.Spanish {
		return contact.English
	}
	return contact.Spanish
}

package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/templates"
)

// form shows the empty form.
func (s *server) form(w http.ResponseWriter, r *http.Request) {
	s.contactPage(w, r, http.StatusOK, language(r), "", templates.ContactPage{
		Typed: templates.PageTyped{Page: pagePath(r.URL.Query().Get("page"))},
	})
}

// submit takes what was sent, hands it on and says what became of it.
func (s *server) submit(w http.ResponseWriter, r *http.Request) {
	from := intake.Origin{IP: origin(r, s.Trusted), UserAgent: r.UserAgent()}
	if wait, ok := s.limit.allow(from.IP); !ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
		s.trouble(w, r, http.StatusTooManyRequests, "too_many")
		return
	}
	var ok bool
	if from.IdempotencyKey, ok = idempotencyKey(r); !ok {
		s.unread(w, r, &unread{http.StatusBadRequest, "bad_request", "problem.key"})
		return
	}
	f, err := read(w, r)
	if e, bad := errors.AsType[*unread](err); bad {
		s.unread(w, r, e)
		return
	}
	lang := language(r)
	if l, ok := contact.ParseLanguage(f["language"]); ok {
		lang = l
	} else if r.URL.Query().Has("lang") {
		f["language"] = string(lang)
	}
	receipt, err := s.Intake.Submit(r.Context(), f.form(), from)
	switch invalid, isInvalid := errors.AsType[*intake.Invalid](err); {
	case isInvalid:
		f.kinds(invalid)
		s.refuse(w, r, lang, f, invalid)
	case err != nil:
		s.Log.ErrorContext(r.Context(), "submission not taken in", "id", w.Header().Get("X-Request-Id"), "err", err)
		s.sorry(w, r, lang, f)
	case wantsJSON(r):
		writeJSON(w, http.StatusAccepted, "application/json", map[string]string{"id": receipt.ID, "status": "queued"})
	default:
		w.Header().Set("Location", thanksURL(lang, receipt))
		w.WriteHeader(http.StatusSeeOther)
	}
}

// refuse names every field at fault, and keeps what was typed.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, lang contact.Language, f fields, invalid *intake.Invalid) {
	if wantsJSON(r) {
		p := s.problem(lang, http.StatusUnprocessableEntity, s.Pages.Say(string(lang), "problem.fields"))
		for _, fault := range invalid.Faults {
			p.Errors = append(p.Errors, problemField{fault.Field, fault.Code, s.Pages.Fault(string(lang), fault.Field, fault.Code)})
		}
		s.writeProblem(w, lang, p)
		return
	}
	page := templates.ContactPage{Typed: typed(f)}
	for _, fault := range invalid.Faults {
		page.Faults = append(page.Faults, templates.PageFault{Field: fault.Field, Message: s.Pages.Fault(string(lang), fault.Field, fault.Code)})
	}
	s.contactPage(w, r, http.StatusUnprocessableEntity, lang, f["form_token"], page)
}

// sorry says that nothing was taken in. Whoever wrote the text gets it back.
func (s *server) sorry(w http.ResponseWriter, r *http.Request, lang contact.Language, f fields) {
	w.Header().Set("Retry-After", "60")
	if wantsJSON(r) {
		s.writeProblem(w, lang, s.problem(lang, http.StatusServiceUnavailable, s.Pages.Say(string(lang), "trouble.busy.text")))
		return
	}
	s.contactPage(w, r, http.StatusServiceUnavailable, lang, f["form_token"], templates.ContactPage{Typed: typed(f), Failed: true})
}

// contactPage shows the form; token is the one that it came back with.
func (s *server) contactPage(w http.ResponseWriter, r *http.Request, status int, lang contact.Language, token string, page templates.ContactPage) {
	query := url.Values{"lang": {string(other(lang))}}
	if page.Typed.Page != "" {
		query.Set("page", page.Typed.Page)
	}
	page.PageFrame = s.frame(lang, "/contact?"+query.Encode())
	page.AnswerBy = s.moment(lang, s.AnswerBy(s.Now()))
	page.SMS = s.Texts
	page.Consent = templates.ConsentWording(string(lang), s.Clinic.Name)
	if s.FormToken != nil {
		page.Token = s.FormToken(token)
	}
	w.Header().Set("Content-Security-Policy", policyWithScript)
	s.page(w, r, status, templates.PageContact, lang, page)
}

// thanksURL carries what happens next, and nothing about whom it happens to.
func thanksURL(lang contact.Language, r intake.Receipt) string {
	if _, ok := contact.ParseLanguage(string(r.Language)); ok {
		lang = r.Language
	}
	query := url.Values{"lang": {string(lang)}, "sent": {"1"}}
	for flag, set := range map[string]bool{"email": r.Email, "call": r.Call} {
		if set {
			query.Set(flag, "1")
		}
	}
	if !r.SMSAt.IsZero() {
		query.Set("sms", strconv.FormatInt(r.SMSAt.Unix(), 10))
	}
	return "/contact/thanks?" + query.Encode()
}

// maxAhead is farther than any window keeps a text waiting.
const maxAhead = 10 * 24 * time.Hour

// thanks says what happens next, and when.
func (s *server) thanks(w http.ResponseWriter, r *http.Request) {
	lang, query, now := language(r), r.URL.Query(), s.Now()
	flag := func(name string) bool { return query.Get(name) == "1" }
	page := templates.ThanksPage{
		AnswerBy: s.moment(lang, s.AnswerBy(now)),
		Known:    flag("sent"), Email: flag("email"), Call: flag("call"),
	}
	if seconds, err := strconv.ParseInt(query.Get("sms"), 10, 64); err == nil && s.Texts {
		at := time.Unix(seconds, 0)
		// Anybody may write this address; only what can be true is repeated.
		page.SMS = at.Sub(now).Abs() < maxAhead
		if page.SMS && at.After(now.Add(time.Minute)) {
			page.SMSAt = s.moment(lang, at)
		}
	}
	query.Set("lang", string(other(lang)))
	page.PageFrame = s.frame(lang, "/contact/thanks?"+query.Encode())
	page.NoIndex = true
	s.page(w, r, http.StatusOK, templates.PageThanks, lang, page)
}

func (s *server) moment(lang contact.Language, t time.Time) templates.PageTime {
	t = t.In(s.Clinic.Zone)
	return templates.PageTime{Text: s.Pages.When(string(lang), t, s.Now()), ISO: t.Format(time.RFC3339)}
}

// typed is what goes back into the form.
func typed(f fields) templates.PageTyped {
	text := func(name string) string { return strings.ToValidUTF8(f[name], "\ufffd") }
	tick := func(name string) bool {
		switch strings.ToLower(strings.TrimSpace(f[name])) {
		case "true", "1", "yes", "on":
			return true
		default:
			return false
		}
	}
	return templates.PageTyped{
		Name: text("name"), Email: text("email"), Phone: text("phone"), Message: text("message"),
		Preferred: text("preferred_channel"), TimeZone: text("time_zone"), Page: text("page"),
		ConsentEmail: tick("consent_email"), ConsentSMS: tick("consent_sms"),
	}
}

// pagePath is the path of the article that led here, without its query; "" for
// what is no path.
func pagePath(s string) string {
	u, err := url.Parse(s)
	if err != nil || !strings.HasPrefix(u.Path, "/") || len(u.EscapedPath()) > 500 {
		return ""
	}
	return u.EscapedPath()
}

// idempotencyKey reads the header; "" when there is none, false when it cannot
// be used.
func idempotencyKey(r *http.Request) (string, bool) {
	keys, sent := r.Header["Idempotency-Key"]
	if !sent {
		return "", true
	}
	if len(keys) != 1 || keys[0] == "" || len(keys[0]) > 255 ||
		strings.ContainsFunc(keys[0], func(c rune) bool { return c <= ' ' || c > '~' }) {
		return "", false
	}
	return keys[0], true
}

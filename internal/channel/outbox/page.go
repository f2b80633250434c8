package outbox

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"
)

//go:embed outbox.html outbox.js
var files embed.FS

// shown is how many messages the page has at once.
const shown = 50

const (
	pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	// An email may style itself and nothing else: no script, no picture from
	// elsewhere, no form, no way out of its frame.
	mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

// Handler serves /outbox, /outbox.json and what the page loads. Mount it at
// "/outbox", "/outbox/" and "/outbox.json". The stylesheet is that of the
// public pages, /static/look.css.
func (s *Store) Handler() http.Handler {
	page := template.Must(template.New("outbox.html").Funcs(template.FuncMap{
		"clock": s.clock, "speed": s.speed, "sender": func() string { return s.From }, "stamp": func(t time.Time) string { return t.In(s.Zone).Format("Mon, Jan 2, 15:04") },
		"iso":  func(t time.Time) string { return t.Format(time.RFC3339) },
		"kind": func(m Message) string { return strings.ReplaceAll(m.Template, "-", " ") },
	}).ParseFS(files, "outbox.html"))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /outbox", func(w http.ResponseWriter, _ *http.Request) {
		messages, last := s.newest(shown, 0)
		show(w, page, "outbox.html", struct {
			Messages []Message
			Last     int
		}{messages, last})
	})
	mux.HandleFunc("GET /outbox/new", func(w http.ResponseWriter, r *http.Request) {
		after, err := strconv.Atoi(r.URL.Query().Get("after"))
		if err != nil || after < 0 {
			http.Error(w, "after must be a number", http.StatusBadRequest)
			return
		}
		messages, last := s.newest(shown, after)
		w.Header().Set("Outbox-Clock", s.clock())
		w.Header().Set("Outbox-Last", strconv.Itoa(last))
		// Another count than the page's own means another run: it starts anew.
		if last < after {
			w.WriteHeader(http.StatusResetContent)
			return
		}
		if len(messages) == 0 {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		show(w, page, "messages", messages)
	})
	mux.HandleFunc("GET /outbox/{number}/html", func(w http.ResponseWriter, r *http.Request) {
		s.part(w, r, func(m Message) string { return m.HTML })
	})
	mux.HandleFunc("GET /outbox/{number}/text", func(w http.ResponseWriter, r *http.Request) {
		s.part(w, r, func(m Message) string { return fmt.Sprintf(textPart, m.Language, template.HTMLEscapeString(m.Text)) })
	})
	mux.HandleFunc("GET /outbox/outbox.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, files, "outbox.js")
	})
	mux.HandleFunc("GET /outbox.json", s.list)
	return mux
}

func show(w http.ResponseWriter, page *template.Template, name string, data any) {
	var body bytes.Buffer
	if err := page.ExecuteTemplate(&body, name, data); err != nil {
		http.Error(w, "the page cannot be rendered", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	_, _ = body.WriteTo(w)
}

// textPart shows plain text wrapped, in the reader's own colours.
const textPart = `<!doctype html><html lang="%s"><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>Text part</title>` +
	`<style>body{margin:0;padding:16px;font:13px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere}</style><body>%s`

// part is one part of an email, alone.
func (s *Store) part(w http.ResponseWriter, r *http.Request, of func(Message) string) {
	number, _ := strconv.Atoi(r.PathValue("number"))
	m, ok := s.message(number)
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", mailPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(of(m)))
}

func (s *Store) list(w http.ResponseWriter, _ *http.Request) {
	body, err := json.Marshal(s.Messages())
	if err != nil {
		http.Error(w, "the outbox cannot be written as JSON", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body)
}

// clock is the time that the plan runs on.
func (s *Store) clock() string { return s.Now().In(s.Zone).Format("Mon, Jan 2, 15:04:05") }

// speed says how fast it runs, "" when as fast as any clock.
func (s *Store) speed() string {
	if s.Speed == 1 {
		return ""
	}
	day, unit := 24*60*60/s.Speed, "seconds"
	if day >= 120 {
		day, unit = day/60, "minutes"
	}
	return fmt.Sprintf("The clock runs %s times faster: a day takes %.3g %s.", thousands(s.Speed), day, unit)
}

func thousands(n float64) string {
	text := strconv.FormatFloat(n, 'f', -1, 64)
	whole, rest, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		return whole + "." + rest
	}
	return whole
}

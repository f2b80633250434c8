package preview

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"

	"github.com/joydevie/followup/templates"
)

//go:embed preview.html preview.css
var files embed.FS

const (
	pagePolicy = "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	// An email may style itself and nothing else.
	mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

// Words is where the messages come from. Reload reads them again; after its
// error Set gives those before.
type Words interface {
	Reload() error
	Set() *templates.Set
}

// Handler serves /preview, and below it a page for each message in each
// language. Mount it at "/preview" and "/preview/". The stylesheet is that of
// the public pages, /static/look.css. Every look reads the words anew, so that
// whoever edits them has only to reload the page; faults stand on top of it.
func Handler(words Words) http.Handler {
	page := template.Must(template.ParseFS(files, "preview.html"))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /preview", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/preview/confirmation/en", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /preview/preview.css", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, files, "preview.css")
	})
	mux.HandleFunc("GET /preview/{name}/{language}", func(w http.ResponseWriter, r *http.Request) {
		v := view{}
		if err := words.Reload(); err != nil {
			v.Faults, _ = errors.AsType[templates.Faults](err)
			v.Broken = err.Error()
		}
		set := words.Set()
		v.Languages = set.Languages()
		for _, name := range set.Names() {
			v.Names = append(v.Names, entry{name, set.Class(name)})
		}
		slices.SortStableFunc(v.Names, func(a, b entry) int { return order(a.Class) - order(b.Class) })
		m, err := Sample(set, r.PathValue("name"), r.PathValue("language"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		v.Message = m
		var body bytes.Buffer
		if err := page.Execute(&body, v); err != nil {
			http.Error(w, "the page cannot be rendered", http.StatusInternalServerError)
			return
		}
		write(w, pagePolicy, "text/html; charset=utf-8", body.Bytes())
	})
	part := func(policy, kind string, of func(Message) []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			m, err := Sample(words.Set(), r.PathValue("name"), r.PathValue("language"))
			if err != nil || of(m) == nil {
				http.NotFound(w, r)
				return
			}
			write(w, policy, kind, of(m))
		}
	}
	mux.HandleFunc("GET /preview/{name}/{language}/html", part(mailPolicy, "text/html; charset=utf-8", func(m Message) []byte { return []byte(m.HTML) }))
	mux.HandleFunc("GET /preview/{name}/{language}/text", part(mailPolicy, "text/html; charset=utf-8", func(m Message) []byte {
		return fmt.Appendf(nil, textPart, m.Language, template.HTMLEscapeString(m.Text))
	}))
	mux.HandleFunc("GET /preview/{name}/{language}/appointment.ics", part(mailPolicy, "text/calendar; charset=utf-8", func(m Message) []byte { return m.Calendar }))
	return mux
}

type entry struct{ Name, Class string }

type view struct {
	Message
	Names     []entry
	Languages []string
	Faults    templates.Faults
	Broken    string // why the words before are shown; "" when these are the newest
}

// order puts what people get in the order in which they get it.
func order(class string) int {
	return slices.Index([]string{"confirmation", "followup", "reminder", "reply", "staff"}, class)
}

// textPart shows plain text wrapped, in the reader's own colours.
const textPart = `<!doctype html><html lang="%s"><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>Text part</title>` +
	`<style>body{margin:0;padding:16px;font:13px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere}</style><body>%s`

func write(w http.ResponseWriter, policy, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(body)
}

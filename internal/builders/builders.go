// Package builders takes in what the forms of site builders post: each builder
// names its fields in its own way, and the clinic's file says which of them is
// which of ours. What comes out is a contact form like any other, and goes the
// same way. What no mapping fits is kept all the same, for a person to read.
package builders

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/intake"
)

// Route is where builders post; {form} is a name of Config.Forms.
const Route = "POST /forms/{form}"

// maxBody is the most that a post may weigh, as with the contact form.
const maxBody = 64 << 10

// Intake takes a submission in. It returns *intake.Invalid for fields that
// cannot be used; after any other error nothing was taken in.
type Intake interface {
	Submit(ctx context.Context, f intake.Form, from intake.Origin) (intake.Receipt, error)
}

// Config is what the route needs. One of Key and WebflowSecret must be there.
type Config struct {
	Intake        Intake
	Forms         map[string]Mapping
	Key           string // what a builder shows; "" lets nobody in by key
	WebflowSecret string // what Webflow signs with; "" believes no signature
	Now           func() time.Time
	Log           *slog.Logger
}

// New gives the handler of Route.
func New(c Config) (http.Handler, error) {
	if c.Intake == nil || c.Now == nil || c.Log == nil || c.Key == "" && c.WebflowSecret == "" {
		return nil, errors.New("builders: Intake, Now, Log, and a key or a secret are required")
	}
	return &handler{c}, nil
}

type handler struct{ Config }

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	signed := h.WebflowSecret != "" && r.Header.Get(webflowSignature) != ""
	if !signed && !h.showsKey(r) {
		h.forbid(w)
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		say(w, answer{code: http.StatusRequestEntityTooLarge, Detail: "The body is longer than 64 KiB. Nothing was taken in: leave files out of what the form sends."})
		return
	} else if err != nil {
		say(w, answer{code: http.StatusBadRequest, Detail: "The body could not be read to its end."})
		return
	}
	if signed && !h.signedByWebflow(r, raw) {
		h.forbid(w)
		return
	}
	p := parse(r.Header.Get("Content-Type"), raw)
	if p.empty() {
		say(w, answer{code: http.StatusUnprocessableEntity, Detail: "The body holds no text: send the fields as JSON or as a form. There was nothing to keep."})
		return
	}
	h.take(w, r, p, raw)
}

// take makes a submission of the payload, or keeps it for a person.
func (h *handler) take(w http.ResponseWriter, r *http.Request, p payload, raw []byte) {
	name := r.PathValue("form")
	m, known := h.Forms[name]
	if !known {
		h.keep(w, r, p, raw, answer{Detail: "The clinic's file has no form of this name."})
		return
	}
	form, from := m.form(p)
	if id := m.first(p, "id"); id != "" {
		from.IdempotencyKey = "form " + name + " " + id
	}
	missing := m.missing(p)
	if form.Email == "" && form.Phone == "" {
		h.keep(w, r, p, raw, answer{Detail: "Neither an email nor a phone number stands in the fields that the clinic's file names.", Missing: missing})
		return
	}
	receipt, err := h.Intake.Submit(r.Context(), form, from)
	invalid, isInvalid := errors.AsType[*intake.Invalid](err)
	if isInvalid { // there is nobody to correct it: what can be used goes on, the rest becomes words
		if rest, ok := without(form, invalid); ok {
			receipt, err = h.Intake.Submit(r.Context(), rest, from)
		}
	}
	if again, ok := errors.AsType[*intake.Invalid](err); ok {
		h.keep(w, r, p, raw, answer{Detail: "The fields were found, but what stands in them cannot be used.", Missing: missing, Faults: faults(again)})
		return
	}
	if err != nil {
		h.later(w, r, err)
		return
	}
	// Elementor and Webflow take any other 2xx for a failure.
	say(w, answer{code: http.StatusOK, ID: receipt.ID, Status: "queued", Missing: missing, Faults: faults(invalid)})
}

// keep takes the whole text in for a person to read; nobody is written to,
// since nobody knows whose address stands where.
func (h *handler) keep(w http.ResponseWriter, r *http.Request, p payload, raw []byte, a answer) {
	sum := sha256.Sum256(raw)
	receipt, err := h.Intake.Submit(r.Context(), intake.Form{Message: p.text(), Loose: true},
		intake.Origin{IdempotencyKey: "unmapped " + hex.EncodeToString(sum[:])}) // builders repeat what was answered 422
	if err != nil {
		h.later(w, r, err)
		return
	}
	h.Log.WarnContext(r.Context(), "form not understood; a person must read it", "id", receipt.ID, "why", a.Detail)
	a.code, a.ID, a.Kept, a.Keys = http.StatusUnprocessableEntity, receipt.ID, true, p.keys()
	a.Detail += " It was kept for the staff to read, and nobody was written to. See docs/connect.md."
	say(w, a)
}

func (h *handler) later(w http.ResponseWriter, r *http.Request, err error) {
	h.Log.ErrorContext(r.Context(), "form not taken in", "err", err)
	w.Header().Set("Retry-After", "60")
	say(w, answer{code: http.StatusServiceUnavailable, Detail: "Nothing was taken in. Send it again in a minute."})
}

func (h *handler) forbid(w http.ResponseWriter) {
	say(w, answer{code: http.StatusForbidden, Detail: "The key is missing or wrong: show FOLLOWUP_FORMS_KEY in the header Authorization, behind Bearer, or behind ?key= in the address. Nothing was taken in."})
}

// showsKey reports whether the request shows the key.
func (h *handler) showsKey(r *http.Request) bool {
	shown := r.URL.Query().Get("key")
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		shown = strings.TrimSpace(bearer)
	}
	return h.Key != "" && subtle.ConstantTimeCompare([]byte(shown), []byte(h.Key)) == 1
}

// answer is what a builder is told: a problem as RFC 9457 writes it, or where
// the submission went. It names fields and holds no value of any.
type answer struct {
	code    int
	Type    string   `json:"type,omitempty"`
	Title   string   `json:"title,omitempty"`
	Status  any      `json:"status"` // the code again, or "queued"
	Detail  string   `json:"detail,omitempty"`
	ID      string   `json:"id,omitempty"`
	Kept    bool     `json:"kept,omitempty"`
	Missing []string `json:"missing,omitempty"` // fields of ours whose source is not in the payload
	Faults  []fault  `json:"errors,omitempty"`
	Keys    []string `json:"keys,omitempty"` // what was in the payload
}

type fault struct {
	Field string `json:"field"`
	Code  string `json:"code"`
}

func faults(e *intake.Invalid) []fault {
	if e == nil {
		return nil
	}
	var all []fault
	for _, f := range e.Faults {
		all = append(all, fault{f.Field, f.Code})
	}
	return all
}

func say(w http.ResponseWriter, a answer) {
	kind := "application/json"
	if a.code >= 400 {
		kind, a.Type, a.Title, a.Status = "application/problem+json", "about:blank", http.StatusText(a.code), a.code
	}
	body, _ := json.Marshal(a) // texts and numbers: cannot fail
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(a.code)
	_, _ = w.Write(append(body, '\n'))
}

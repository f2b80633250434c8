package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/joydevie/followup/internal/intake"
)

// maxBody is the most that a form may weigh.
const maxBody = 64 << 10

// fields is what arrived, by name on the wire. Of a name that comes twice in a
// form the last counts: a page may put a hidden "no" before its box.
type fields map[string]string

func (f fields) form() intake.Form {
	return intake.Form{
		Name: f["name"], Email: f["email"], Phone: f["phone"], Message: f["message"],
		ConsentSMS: f["consent_sms"], ConsentEmail: f["consent_email"], Preferred: f["preferred_channel"],
		Language: f["language"], TimeZone: f["time_zone"], Page: f["page"], Wording: f["consent_version"],
		Token: f["form_token"], Trap: f["website"],
	}
}

// unread says why a body could not be read, and what to answer.
type unread struct {
	status int
	kind   string // words of the page
	json   string // key of the words for a client that sent JSON; "" has none of its own
}

func (e *unread) Error() string { return "contact form: " + e.kind }

var (
	errTooLarge  = &unread{http.StatusRequestEntityTooLarge, "too_large", ""}
	errMediaType = &unread{http.StatusUnsupportedMediaType, "media_type", ""}
	errBadBody   = &unread{http.StatusBadRequest, "bad_request", ""}
	errBadJSON   = &unread{http.StatusBadRequest, "bad_request", "problem.json"}
	errDuplicate = &unread{http.StatusBadRequest, "bad_request", "problem.duplicate"}
)

// faultType is our own code beside those of intake: a JSON value of a kind that
// the field cannot hold.
const faultType = "type"

// read takes the fields out of a request, whatever it is written in. The error
// is *unread.
func read(w http.ResponseWriter, r *http.Request) (fields, error) {
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	parse, ok := map[string]func([]byte) (fields, error){
		"application/x-www-form-urlencoded": parseForm,
		"application/json":                  parseJSON,
		"multipart/form-data":               func(b []byte) (fields, error) { return parseMultipart(b, params["boundary"]) },
	}[kind]
	if !ok {
		return nil, errMediaType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		return nil, errTooLarge
	}
	if err != nil {
		return nil, errBadBody
	}
	return parse(body)
}

// parseForm never fails: an escape that is none is text, because somebody who
// writes to a clinic should not be turned away over a percent sign.
func parseForm(body []byte) (fields, error) {
	f := fields{}
	for pair := range strings.SplitSeq(string(body), "&") {
		key, value, _ := strings.Cut(pair, "=")
		f[unescape(key)] = unescape(value)
	}
	return f, nil
}

func unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return strings.ReplaceAll(s, "+", " ")
}

func parseMultipart(body []byte, boundary string) (fields, error) {
	if boundary == "" {
		return nil, errBadBody
	}
	f, parts := fields{}, multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return nil, errBadBody
		}
		if part.FileName() != "" { // the form takes no files
			continue
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, errBadBody
		}
		f[part.FormName()] = string(value)
	}
}

// parseJSON reads one object. Ticks may be true, false or a number; all else
// that we know is text or null; what we do not know is not looked at.
func parseJSON(body []byte) (fields, error) {
	if !json.Valid(body) {
		return nil, errBadJSON
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return nil, errBadJSON
	}
	f, seen := fields{}, map[string]bool{}
	for dec.More() {
		key, err := dec.Token()
		name, ok := key.(string)
		var value json.RawMessage
		if err != nil || !ok || dec.Decode(&value) != nil {
			return nil, errBadJSON
		}
		if seen[name] && slices.Contains(known[:], name) {
			return nil, errDuplicate
		}
		seen[name] = true
		if f[name], ok = jsonText(value, strings.HasPrefix(name, "consent_")); !ok {
			f[name] = wrongKind
		}
	}
	return f, nil
}

// wrongKind stands for a JSON value of a kind that its field cannot hold. It is
// not UTF-8, so that intake finds fault with it beside all other faults.
const wrongKind = "\xffkind"

// kinds names the faults that are of that kind.
func (f fields) kinds(invalid *intake.Invalid) {
	for i, fault := range invalid.Faults {
		if f[fault.Field] == wrongKind {
			invalid.Faults[i].Code = faultType
		}
	}
}

// known are the fields of the form, in its order.
var known = [...]string{"name", "email", "phone", "message", "preferred_channel", "consent_email", "consent_sms", "language", "time_zone", "page", "consent_version"}

func jsonText(value json.RawMessage, tick bool) (string, bool) {
	switch c := value[0]; {
	case c == '"' && !utf8.Valid(value):
		// Decoding would replace what is broken; intake must see it.
		return string(value[1 : len(value)-1]), true
	case c == '"':
		var s string
		return s, json.Unmarshal(value, &s) == nil
	case c == 'n':
		return "", true
	case c == '{' || c == '[':
		return "", false
	default:
		return string(value), tick
	}
}

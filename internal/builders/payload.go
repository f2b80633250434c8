package builders

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strconv"
	"strings"
)

// payload is what was posted, flat and in its order: nested keys are joined by
// dots, and a list of plain values is one text with commas.
type payload []field

type field struct{ key, text string }

// maxDepth is deeper than any form is nested; what goes deeper stays JSON text.
const maxDepth = 16

// parse reads a body by what it is, since not every builder says so truly. A
// body that is neither JSON nor a form is one text without a key.
func parse(contentType string, raw []byte) payload {
	kind, params, _ := mime.ParseMediaType(contentType)
	raw = bytes.ToValidUTF8(raw, []byte("\ufffd"))
	switch trimmed := bytes.TrimSpace(raw); {
	case kind == "multipart/form-data":
		if p, ok := parseMultipart(raw, params["boundary"]); ok {
			return p
		}
	case json.Valid(trimmed):
		return flatten(nil, "", trimmed, 0)
	case kind == "application/x-www-form-urlencoded" || !bytes.ContainsAny(trimmed, " \n{<") && bytes.ContainsRune(trimmed, '='):
		return parseForm(string(trimmed))
	}
	return payload{{"", string(raw)}}
}

// flatten adds what stands in a JSON value that is valid.
func flatten(p payload, key string, raw json.RawMessage, depth int) payload {
	raw = bytes.TrimSpace(raw)
	if depth < maxDepth && raw[0] == '{' {
		dec := json.NewDecoder(bytes.NewReader(raw))
		_, _ = dec.Token()
		for dec.More() {
			name, _ := dec.Token()
			var value json.RawMessage
			_ = dec.Decode(&value)
			inner, _ := name.(string)
			p = flatten(p, nested(key, inner), value, depth+1)
		}
		return p
	}
	if depth < maxDepth && raw[0] == '[' {
		var items []json.RawMessage
		_ = json.Unmarshal(raw, &items)
		if texts, ok := plain(items); ok {
			return append(p, field{key, strings.Join(texts, ", ")})
		}
		for i, item := range items {
			p = flatten(p, nested(key, strconv.Itoa(i)), item, depth+1)
		}
		return p
	}
	return append(p, field{key, scalar(raw)})
}

func plain(items []json.RawMessage) (texts []string, ok bool) {
	for _, item := range items {
		if item[0] == '{' || item[0] == '[' {
			return nil, false
		}
		texts = append(texts, scalar(item))
	}
	return texts, true
}

// scalar is the text of a JSON value; null is none.
func scalar(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text // null leaves it empty
	}
	return string(raw)
}

func nested(outer, inner string) string {
	if outer == "" {
		return inner
	}
	return outer + "." + inner
}

// parseForm reads a form as PHP writes it: a[b][c] is a.b.c, and a[] adds to a
// list. Of a name that comes twice the last counts.
func parseForm(body string) payload {
	var p payload
	for pair := range strings.SplitSeq(body, "&") {
		if pair != "" {
			key, value, _ := strings.Cut(pair, "=")
			p = p.with(unescape(key), unescape(value))
		}
	}
	return p
}

func unescape(s string) string {
	u, err := url.QueryUnescape(s)
	if err != nil { // an escape that is none is text
		u = strings.ReplaceAll(s, "+", " ")
	}
	return strings.ToValidUTF8(u, "\ufffd")
}

func parseMultipart(raw []byte, boundary string) (payload, bool) {
	var p payload
	for parts := multipart.NewReader(bytes.NewReader(raw), boundary); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return p, true
		}
		if err != nil {
			return nil, false
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, false
		}
		if part.FileName() == "" { // nobody reads a file here
			p = p.with(part.FormName(), string(value))
		}
	}
}

// with adds a field of a form.
func (p payload) with(key, text string) payload {
	key, list := strings.CutSuffix(key, "[]")
	key = strings.ReplaceAll(strings.ReplaceAll(key, "]", ""), "[", ".")
	for i := range p {
		if p[i].key == key {
			if list {
				text = p[i].text + ", " + text
			}
			p[i].text = text
			return p
		}
	}
	return append(p, field{key, text})
}

// get is the text under a key, "" when there is none.
func (p payload) get(key string) string {
	for _, f := range p {
		if f.key == key {
			return f.text
		}
	}
	return ""
}

func (p payload) has(key string) bool {
	for _, f := range p {
		if f.key == key {
			return true
		}
	}
	return false
}

func (p payload) empty() bool { return p.text() == "" }

// text is all of it, as a person reads it.
func (p payload) text() string {
	var lines []string
	for _, f := range p {
		switch text := strings.TrimSpace(f.text); {
		case text == "":
		case f.key == "":
			lines = append(lines, text)
		default:
			lines = append(lines, f.key+": "+text)
		}
	}
	return strings.Join(lines, "\n")
}

// keys are the names of the fields, for the one who writes the mapping. A text
// that came without a key has none, and names that are no names are cut.
func (p payload) keys() []string {
	var all []string
	for _, f := range p {
		if f.key != "" && len(all) < 200 {
			all = append(all, f.key[:min(len(f.key), 100)])
		}
	}
	return all
}

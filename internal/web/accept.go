package web

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/joydevie/followup/internal/contact"
)

// language is the one that a page is shown in: the one asked for with ?lang=,
// else the browser's first that we have, else English.
func language(r *http.Request) contact.Language {
	if l, ok := contact.ParseLanguage(r.URL.Query().Get("lang")); ok {
		return l
	}
	best, bestQ := contact.English, 0.0
	for _, o := range offers(r.Header.Values("Accept-Language")) {
		if l, ok := contact.ParseLanguage(o.value); ok && o.q > bestQ {
			best, bestQ = l, o.q
		}
	}
	return best
}

// wantsJSON reports whether an answer should be JSON: the body was, or Accept
// puts it before HTML. Where both are as welcome, the one that is named wins
// over the one that only a wildcard lets in.
func wantsJSON(r *http.Request) bool {
	if mediaType(r) == "application/json" {
		return true
	}
	accept := offers(r.Header.Values("Accept"))
	json, jsonNamed := welcome(accept, "application/json", "application/problem+json", "application/*")
	html, htmlNamed := welcome(accept, "text/html", "application/xhtml+xml", "text/*")
	return json > html || json == html && jsonNamed && !htmlNamed
}

// welcome is the weight of a kind that has two names: theirs if they are
// listed, else that of the closest wildcard.
func welcome(accept []offer, name, name2, wildcard string) (q float64, named bool) {
	weights := map[string]float64{}
	for _, o := range accept {
		weights[o.value] = max(weights[o.value], o.q)
		named = named || o.value == name || o.value == name2
	}
	if named {
		return max(weights[name], weights[name2]), true
	}
	if q, ok := weights[wildcard]; ok {
		return q, false
	}
	return weights["*/*"], false
}

// mediaType is the type of the body, "" when none is named.
func mediaType(r *http.Request) string {
	name, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return name
}

// offer is one entry of an Accept header, in lower case.
type offer struct {
	value string
	q     float64
}

// offers reads a list such as "text/html, */*;q=0.8", in its order. A weight
// that is none counts as 0.
func offers(headers []string) []offer {
	var all []offer
	for item := range strings.SplitSeq(strings.ToLower(strings.Join(headers, ",")), ",") {
		value, params, _ := strings.Cut(item, ";")
		o := offer{strings.TrimSpace(value), 1}
		for param := range strings.SplitSeq(params, ";") {
			if text, ok := strings.CutPrefix(strings.TrimSpace(param), "q="); ok {
				q, err := strconv.ParseFloat(text, 64)
				if err != nil || !(q >= 0 && q <= 1) {
					q = 0
				}
				o.q = q
			}
		}
		all = append(all, o)
	}
	return all
}

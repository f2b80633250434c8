package templates

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// wordRule refuses words in some parts of a message. Words are stems, matched
// from the beginning of a word, in lower case and without accents.
type wordRule struct {
	name  string
	why   string // also the cure: what to write instead
	parts []string
	stems []string
}

var inView = []string{"subject", "preheader", "sms"} // what a lock screen shows
var inAll = []string{"subject", "preheader", "sms", "body"}

func wordRules() []wordRule {
	return []wordRule{
		{name: "privacy-drug", why: "a lock screen tells whoever holds the phone, and carriers refuse texts that name a drug; name it in the body alone", parts: inView, stems: []string{
			"ketamin", "esketamin", "cetamin", "ketalar", "spravato", "infusi", "dose", "dosis", "dosing", "dosage",
			"medicine", "medication", "medicamento", "medicina", "drug", "farmac", "droga",
		}},
		{name: "privacy-condition", why: "a lock screen tells whoever holds the phone; keep conditions to the body", parts: inView, stems: []string{
			"depress", "depresi", "deprimid", "suicid", "anxi", "ansied", "ptsd", "tept", "trauma", "bipolar",
			"psych", "psiq", "psic", "diagnos", "mental", "therap", "terap", "treatment", "tratamiento", "symptom",
			"sintoma", "pain", "dolor",
		}},
		{name: "privacy-alarm", why: "it frightens, and tells too much on a lock screen; say when a person answers", parts: inView, stems: []string{
			"crisis", "urgen", "emergenc", "self-harm", "autoles", "overdos", "sobredos",
		}},
		{name: "pressing", why: "nobody is pressed here; say what is on offer and leave it there", parts: inAll, stems: []string{
			"last chance", "act now", "act fast", "limited", "don't miss", "do not miss", "hurry", "only today",
			"today only", "final notice", "expires", "before it's too late", "running out", "spots left", "why wait",
			"don't wait",
			"ultima oportunidad", "actua ya", "actua ahora", "limitad", "no te lo pierdas", "no te pierdas",
			"date prisa", "apresurate", "solo hoy", "ultimo aviso", "caduca", "antes de que sea tarde", "se agota",
			"ultimos lugares", "no esperes",
		}},
		{name: "promise", why: "nobody can promise what it does for a person; say what some people notice and that others do not", parts: inAll, stems: []string{
			"cure", "guarantee", "miracle", "breakthrough", "proven", "will help you", "life-changing", "you will feel better",
			"cura ", "curar", "garanti", "milagro", "revolucionari", "te cambiara la vida", "te sentiras mejor", "comprobad",
		}},
		{name: "guilt", why: "silence is an answer too; write nothing that blames", parts: inAll, stems: []string{
			"you haven't", "you have not", "still haven't", "we noticed you", "did you forget", "no has respondido",
			"aun no has", "todavia no has", "te olvidaste",
		}},
		{name: "exclamation", why: "it shouts; end with a full stop", parts: inAll, stems: []string{`!`, `¡`}},
	}
}

// find gives the first of the stems that stands in a folded text, "" if none
// does.
func (r wordRule) find(text string) string {
	for _, stem := range r.stems {
		for from := 0; ; {
			i := strings.Index(text[from:], stem)
			if i < 0 {
				break
			}
			i += from
			if i == 0 || !wordByte(stem[0]) || !wordByte(text[i-1]) {
				return stem
			}
			from = i + 1
		}
	}
	return ""
}

// harmless are names of places, folded, that begin like a word that tells.
var harmless = regexp.MustCompile(`\b(` + strings.Join([]string{
	`paint(s|ed|ing|ings|er|ers|ersville|sville|rock|bank|brush|ball)?`, `painesville`, `paines?`, `painswick`, `paincourt(ville)?`,
	`dolores,`, `dolores (street|st|avenue|ave|road|rd|drive|dr|park|heights|terrace|county|river|huerta|hidalgo)`, `(calle|mission) dolores`,
	`dolorosa`, `dolorita`, `dosewallips`, `drug ?store`, `treatment plant`,
	`medicine (bow|creek|crow|hat|lake|lodge|mountain|park|river|rock|springs|tail|tree|wheel)`,
}, "|") + `)(\W|$)`)

// Telling gives the first word, or the beginning of it, for which the name of a
// place may stand in a body and nowhere that a lock screen shows; "" if there is
// none. Names of places that only sound so are none.
func (s *Set) Telling(line string) string {
	line = harmless.ReplaceAllString(fold(line), " ")
	for _, r := range wordRules() {
		if slices.Contains(r.parts, "body") {
			continue // it is of no use anywhere, and tells nothing
		}
		if found := r.find(line); found != "" {
			return found
		}
	}
	return ""
}

func wordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_'
}

// fold makes a text comparable: lower case, no accents, plain apostrophes,
// single spaces.
func fold(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case r == '’':
			return '\''
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
	return strings.Join(strings.Fields(s), " ")
}

// part is one part of a message, as the rules see it.
type part struct {
	name  string
	words string // folded, without tags
	place place
}

func (w *wording) parts(r Rendered) []part {
	f := w.src.front
	parts := []part{{name: "body", words: fold(r.Text), place: place{w.src.file, len(w.src.head) + 2}}}
	for i, text := range []string{f.Subject, f.Preheader, f.SMS} {
		parts = append(parts, part{lineNames[i], fold(anyTag.ReplaceAllString(text, " ")), place{w.src.file, w.src.keyLine(lineNames[i])}})
	}
	return parts
}

// lintWording holds one message in one language to the rules. Faults go to its
// source.
func lintWording(w *wording) {
	lintShape(w)
	lintFields(w)
	if len(w.src.faults) > 0 {
		return
	}
	r, err := w.render(w.sample)
	if errors.Is(err, ErrEmail) {
		w.report(ruleSample, w.src.keyLine("sample"), err.Error(), "give the sample every value that the message needs")
		return
	}
	if found := beyondGSM(anyTag.ReplaceAllString(w.src.front.SMS, "")); found != "" {
		w.report(ruleAlphabet, w.src.keyLine("sms"), found+" makes the SMS UCS-2, of 70 places instead of 160", "write it without á í ó ú, curly quotes, dashes and emoji")
	} else if err != nil {
		w.report(ruleSize, w.src.keyLine("sms"), err.Error(), "shorten it")
	}
	w.size = len(r.HTML)
	parts := w.parts(r)
	for _, rule := range wordRules() {
		for _, p := range parts {
			found := rule.find(p.words)
			if found == "" || !slices.Contains(rule.parts, p.name) {
				continue
			}
			at := p.place
			if p.name == "body" {
				at = w.find(rule, at)
			}
			w.src.faults = append(w.src.faults, Fault{at.file, at.line, rule.name, fmt.Sprintf("%q in the %s", found, p.name), rule.why})
		}
	}
	for _, rule := range rules() {
		if what, key := rule.check(w, r); what != "" {
			w.report(rule.name, w.src.keyLine(key), what, rule.cure)
		}
	}
}

// find gives the line of the body on which a word stands, or at where it is
// spread over two.
func (w *wording) find(rule wordRule, at place) place {
	for _, l := range w.src.body {
		if rule.find(fold(l.text)) != "" {
			return l.at
		}
	}
	return at
}

// report notes a fault of the message. Where its file is built in and a part
// that it takes in is not, the part is to blame: the built-in words are checked.
func (w *wording) report(rule string, line int, what, cure string) {
	at := place{w.src.file, line}
	if !w.src.over(at.file) {
		for _, partial := range slices.Sorted(maps.Values(w.src.partials)) {
			if w.src.over(partial) {
				at = place{partial, 1}
				what = w.src.name + ": " + what
				break
			}
		}
	}
	w.src.faults = append(w.src.faults, Fault{at.file, at.line, rule, what, cure})
}

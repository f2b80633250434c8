// Package safety reads what people write for what must not be missed. The
// reply screen tells what a text message asks of the service: to stop, to
// start again, for help, or something that a person has to read. Its rules are
// data, replies.tsv, each with its reason. It imports nothing of ours, asks
// nobody and keeps nothing.
package safety

// Kind is what a reply asks of the service.
type Kind string

// The kinds. Whatever is unclear is Other: it opts nobody out, and a person
// reads it.
const (
	OptOut Kind = "optout" // no more automated texts (47 CFR 64.1200(a)(10))
	OptIn  Kind = "optin"  // START or UNSTOP, and nothing else
	Help   Kind = "help"   // who writes here, and whom to call
	Other  Kind = "other"  // for a person to read
)

// Flag is what staff should know of a reply beside its kind.
type Flag string

// The flags.
const (
	Appointment Flag = "appointment" // may have meant the appointment
	Detach      Flag = "detach"      // the number is not that of the person we know
	Confirm     Flag = "confirm"     // yes, to a question that we asked
	Answer      Flag = "answer"      // asked in a language in which the provider does not answer: we do
)

// Reply is what the screen found.
type Reply struct {
	Kind Kind
	Rule string // name of the rule that decided: a code, nothing of the text
	Flag Flag   // "" for none
	Lang string // language of the rule: "en", "es" or "fr"
	Bare bool   // nothing was written but the keyword
}

// The rules for what no rule of the data decides.
const (
	ruleEmpty   = "empty"   // nothing readable: a picture, an emoji
	ruleUnclear = "unclear" // it has a word that may mean stop, in no way that is known
	ruleMessage = "message" // none of that: somebody writes something
)

// Screen is the compiled rules. It never changes, so any number of goroutines
// may use it.
type Screen struct {
	version  string
	words    map[string]int     // every word of the rules
	keywords map[string]keyword // a whole reply, words joined by spaces
	courtesy map[int]bool       // may stand around a keyword
	alarming map[int]bool       // words of the keywords
	signs    map[rune]keyword
	masks    index // looked for first; what they match means nothing further
	wishes   index // sentences that opt out
	notes    index // looked for last; they only name what is left
}

// Version names the rules, for the record of a decision.
func (s *Screen) Version() string { return s.version }

// Read says what a reply asks for. Case, accents, punctuation, emoji and
// repeated letters do not matter. It takes time in proportion to the text and
// never panics, whatever the text holds.
func (s *Screen) Read(text string) Reply {
	tokens := tokenize(text)
	if len(tokens) == 0 {
		return s.sign(text)
	}
	ids := make([]int, len(tokens))
	for i, t := range tokens {
		ids[i] = -1
		if id, ok := s.words[t]; ok {
			ids[i] = id
		}
	}
	if r, ok := s.keyword(tokens, ids); ok {
		return r
	}
	used := make([]bool, len(ids))
	masked := s.masks.mark(ids, used)
	if wish := s.wishes.find(ids, used); wish != nil {
		return Reply{Kind: OptOut, Rule: wish.rule, Flag: wish.flag, Lang: wish.lang}
	}
	if masked == nil {
		masked = s.notes.find(ids, used)
	}
	if masked != nil {
		return Reply{Kind: Other, Rule: masked.rule, Lang: masked.lang}
	}
	for i, id := range ids {
		if !used[i] && s.alarming[id] {
			return Reply{Kind: Other, Rule: ruleUnclear}
		}
	}
	return Reply{Kind: Other, Rule: ruleMessage}
}

// keyword reads a reply that is a keyword, maybe several times, and polite
// words around it. Of an opt-out and anything else the opt-out counts.
func (s *Screen) keyword(tokens []string, ids []int) (Reply, bool) {
	first, last := 0, len(ids)
	if k, ok := s.keywords[join(tokens)]; ok {
		return k.reply(true), true
	}
	for first < last && s.courtesy[ids[first]] {
		first++
	}
	for last > first && s.courtesy[ids[last-1]] {
		last--
	}
	var found *keyword
	for rest := tokens[first:last]; len(rest) > 0; {
		k, n := s.longest(rest)
		if n == 0 {
			return Reply{}, false
		}
		if found == nil || k.kind == OptOut && (found.kind != OptOut || found.flag != "" && k.flag == "") {
			found = &k
		} else if found.kind != OptOut && k.kind != found.kind {
			return Reply{}, false // "help start": nobody knows
		}
		rest = rest[n:]
	}
	if found == nil {
		return Reply{}, false
	}
	return found.reply(true), true
}

// longest finds the keyword that the tokens begin with, and of how many it is.
func (s *Screen) longest(tokens []string) (keyword, int) {
	for n := min(len(tokens), maxKeyword); n > 0; n-- {
		if k, ok := s.keywords[join(tokens[:n])]; ok {
			return k, n
		}
	}
	return keyword{}, 0
}

// sign reads a reply without a word in it.
func (s *Screen) sign(text string) Reply {
	for _, r := range text {
		if k, ok := s.signs[r]; ok {
			return k.reply(true)
		}
	}
	return Reply{Kind: Other, Rule: ruleEmpty}
}

package safety

import (
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

//go:embed replies.tsv
var replyRules string

// maxKeyword is how many words a keyword has at most.
const maxKeyword = 4

// keyword is a whole reply.
type keyword struct {
	rule, lang string
	kind       Kind
	flag       Flag
}

func (k keyword) reply(bare bool) Reply {
	return Reply{Kind: k.kind, Rule: k.rule, Flag: k.flag, Lang: k.lang, Bare: bare}
}

// Replies compiles the rules that the program carries. An error is a mistake
// in them, and names the line.
func Replies() (*Screen, error) { return compile(replyRules) }

// compile reads rules: lines of columns parted by tabs, the last one a reason.
//
//	version   NAME
//	set       NAME     WORDS                  for use as @NAME in what follows
//	courtesy  LANG     WORDS                  may stand around a keyword
//	keyword   LANG     RULE KIND FLAG WORDS   whole replies, parted by commas
//	sign      RULE     KIND SIGNS             a reply without a word
//	mask      LANG     RULE PATTERN           is none of what it looks like
//	wish      LANG     RULE FLAG PATTERN      opts out
//	note      LANG     RULE PATTERN           names what is left for a person to read
//
// A pattern is a run of words. a|b is either, [a|b] may be missing, [a|b]3 may
// come up to three times, *3 is up to three words of any kind, < and > are the
// beginning and the end of the reply. Sets may contain sets; the set alarming
// names the words that make a reply unclear which no rule explains.
func compile(text string) (*Screen, error) {
	s := &Screen{
		words: map[string]int{}, keywords: map[string]keyword{}, courtesy: map[int]bool{}, alarming: map[int]bool{},
		signs: map[rune]keyword{}, masks: index{}, wishes: index{}, notes: index{},
	}
	c := compiler{Screen: s, sets: map[string][]string{}}
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimRight(line, "\r"); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := c.line(strings.Split(line, "\t")); err != nil {
			return nil, fmt.Errorf("replies.tsv:%d: %w", i+1, err)
		}
	}
	if s.version == "" {
		return nil, errors.New("replies.tsv: no version")
	}
	for _, w := range c.sets["alarming"] {
		s.alarming[c.word(w)] = true
	}
	return s, nil
}

type compiler struct {
	*Screen
	sets map[string][]string
}

// columns is how many each kind of line has, the reason included.
var columns = map[string]int{"version": 2, "set": 4, "courtesy": 4, "keyword": 7, "sign": 5, "mask": 5, "note": 5, "wish": 6}

func (c *compiler) line(f []string) error {
	want, ok := columns[f[0]]
	if !ok {
		return fmt.Errorf("no rule is called %q", f[0])
	}
	if len(f) != want {
		return fmt.Errorf("%s has %d columns, not %d", f[0], len(f), want)
	}
	for _, column := range f {
		if strings.TrimSpace(column) == "" {
			return fmt.Errorf("a column of %s is empty: write - for none", f[0])
		}
	}
	if at := map[string]int{"keyword": 2, "sign": 1, "mask": 2, "note": 2, "wish": 2}[f[0]]; at > 0 && !isRuleName(f[at]) {
		return fmt.Errorf("rule %q: small letters and dashes alone", f[at])
	}
	switch f[0] {
	case "version":
		c.version = f[1]
	case "set":
		words, err := c.expand(strings.Fields(f[2]))
		c.sets[f[1]] = words
		return err
	case "courtesy":
		for _, w := range strings.Fields(f[2]) {
			c.courtesy[c.word(w)] = true
		}
	case "keyword":
		return c.keywordLine(f)
	case "sign":
		kind, err := parseKind(f[2])
		for _, r := range f[3] {
			if r != ' ' {
				c.signs[r] = keyword{rule: f[1], kind: kind}
			}
		}
		return err
	case "mask", "note":
		p, err := c.pattern(f[3])
		if err != nil {
			return err
		}
		p.lang, p.rule = f[1], f[2]
		map[string]index{"mask": c.masks, "note": c.notes}[f[0]].add(p)
	case "wish":
		p, err := c.pattern(f[4])
		if err != nil {
			return err
		}
		p.lang, p.rule = f[1], f[2]
		p.flag, err = parseFlag(f[3])
		c.wishes.add(p)
		return err
	}
	return nil
}

func (c *compiler) keywordLine(f []string) error {
	kind, err := parseKind(f[3])
	if err != nil {
		return err
	}
	flag, err := parseFlag(f[4])
	if err != nil {
		return err
	}
	for phrase := range strings.SplitSeq(f[5], ",") {
		words := strings.Fields(phrase)
		if len(words) == 0 || len(words) > maxKeyword {
			return fmt.Errorf("a keyword has 1 to %d words", maxKeyword)
		}
		for _, w := range words {
			c.word(w)
		}
		name := join(words)
		if name != join(tokenize(name)) {
			return fmt.Errorf("keyword %q is not written as replies are read", name)
		}
		if _, twice := c.keywords[name]; twice {
			return fmt.Errorf("keyword %q stands there twice", name)
		}
		c.keywords[name] = keyword{rule: f[2], lang: f[1], kind: kind, flag: flag}
	}
	return nil
}

func (c *compiler) word(w string) int {
	id, ok := c.words[w]
	if !ok {
		id = len(c.words)
		c.words[w] = id
	}
	return id
}

// expand puts the words of sets in the place of their names.
func (c *compiler) expand(words []string) ([]string, error) {
	var all []string
	for _, w := range words {
		name, isSet := strings.CutPrefix(w, "@")
		if !isSet {
			if w != join(tokenize(w)) {
				return nil, fmt.Errorf("%q is not written as replies are read", w)
			}
			all = append(all, w)
			continue
		}
		set, ok := c.sets[name]
		if !ok {
			return nil, fmt.Errorf("no set @%s before this line", name)
		}
		all = append(all, set...)
	}
	return all, nil
}

func (c *compiler) pattern(text string) (*pattern, error) {
	p := &pattern{}
	for _, part := range strings.Fields(text) {
		switch part {
		case "<":
			p.start = true
			continue
		case ">":
			p.end = true
			continue
		}
		s := step{}
		if inner, ok := strings.CutPrefix(part, "["); ok {
			names, count, closed := strings.Cut(inner, "]")
			if !closed {
				return nil, fmt.Errorf("%q is not closed", part)
			}
			part, s.optional = names, 1
			if count != "" {
				n, err := strconv.Atoi(count)
				if err != nil || n < 1 {
					return nil, fmt.Errorf("%q: how often?", inner)
				}
				s.optional = n
			}
		} else if n, ok := strings.CutPrefix(part, "*"); ok {
			count, err := strconv.Atoi(n)
			if err != nil || count < 1 {
				return nil, fmt.Errorf("%q: how many words?", part)
			}
			p.steps = append(p.steps, step{optional: count})
			continue
		}
		words, err := c.expand(strings.Split(part, "|"))
		if err != nil {
			return nil, err
		}
		s.words = map[int]bool{}
		for _, w := range words {
			s.words[c.word(w)] = true
		}
		p.steps = append(p.steps, s)
	}
	if len(p.steps) == 0 || p.steps[0].words == nil || p.steps[0].optional > 0 {
		return nil, fmt.Errorf("a pattern begins with a word that must be there")
	}
	return p, nil
}

func parseKind(s string) (Kind, error) {
	switch k := Kind(s); k {
	case OptOut, OptIn, Help, Other:
		return k, nil
	default:
		return "", fmt.Errorf("no kind is called %q", s)
	}
}

func parseFlag(s string) (Flag, error) {
	switch f := Flag(s); f {
	case Appointment, Detach, Confirm, Answer:
		return f, nil
	case "-":
		return "", nil
	default:
		return "", fmt.Errorf("no flag is called %q", s)
	}
}

// isRuleName keeps the names of rules fit for logs and keys.
func isRuleName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz-") == ""
}

package templates

import (
	"regexp"
	"strings"
)

// tag is one {{…}} in a source: a value, or the head or foot of a section.
type tag struct {
	kind byte // 0 value, '#' section, '^' inverted section, '/' end
	of   field
}

var anyTag = regexp.MustCompile(`\{\{([#^/]?)\s*([A-Za-z0-9_]+)\s*\}\}`)

// A tag in the text that is parsed as Markdown is one private-use character.
// It is a letter to Markdown, whatever the value; and since the value comes in
// after parsing, no value can be markup.
const (
	firstTag = '\ue000'
	lastTag  = '\uf8ff'
)

// tags reads the tags of a message and remembers them.
type tags struct {
	known map[string]field
	seen  []tag
}

// replace puts a character in the place of each tag of text. bad is called for
// what is no tag, with the cure.
func (t *tags) replace(text string, bad func(what, cure string)) string {
	out := anyTag.ReplaceAllStringFunc(text, func(m string) string {
		parts := anyTag.FindStringSubmatch(m)
		f, ok := t.known[parts[2]]
		if !ok {
			bad("the unknown field "+m, "use one of "+t.names())
			return ""
		}
		if len(t.seen) > lastTag-firstTag {
			bad("more tags than a message can hold", "shorten it")
			return ""
		}
		k := byte(0)
		if parts[1] != "" {
			k = parts[1][0]
		}
		t.seen = append(t.seen, tag{k, f})
		return string(rune(firstTag + len(t.seen) - 1))
	})
	if strings.Contains(out, "{{") || strings.Contains(out, "}}") || strings.Contains(text, "{{{") || strings.Contains(text, "}}}") {
		bad("braces that are no tag", "write {{field}}, {{#field}}…{{/field}}, {{^field}}…{{/field}}, or {{> partial}} on a line of its own")
	}
	return out
}

// at gives the tag that a character stands for.
func (t *tags) at(r rune) (tag, bool) {
	if r < firstTag || int(r-firstTag) >= len(t.seen) {
		return tag{}, false
	}
	return t.seen[r-firstTag], true
}

// only gives the tag of which s consists.
func (t *tags) only(s string) (tag, bool) {
	r := []rune(strings.TrimSpace(s))
	if len(r) != 1 {
		return tag{}, false
	}
	return t.at(r[0])
}

func (t *tags) names() string {
	var names []string
	for _, f := range dataFields() {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

// sections follows which sections are open, for all programs written at once.
type sections struct {
	open  []tag
	floor int // sections below belong to an element around this one
}

// problem says why a tag may not stand here, and what to do; "" if it may.
func (s *sections) problem(t tag) (what, cure string) {
	switch t.kind {
	case '/':
		if len(s.open) <= s.floor {
			return "{{/" + t.of.name + "}} ends no section that began in the same paragraph, list or quotation",
				"begin and end a section in the same one, or put both tags on lines of their own"
		}
		if o := s.open[len(s.open)-1]; o.of != t.of {
			return "{{/" + t.of.name + "}} where {{/" + o.of.name + "}} is due", "end the inner section first"
		}
	case 0:
		for _, o := range s.open {
			if o.kind == '^' && o.of == t.of {
				return "{{" + t.of.name + "}} where it is known to be empty", "use it inside {{#" + t.of.name + "}}"
			}
		}
	}
	return "", ""
}

func (s *sections) take(t tag) {
	switch t.kind {
	case '#', '^':
		s.open = append(s.open, t)
	case '/':
		s.open = s.open[:len(s.open)-1]
	}
}

// write adds the tag to a program.
func (t tag) write(b *builder) {
	switch t.kind {
	case 0:
		b.value(t.of)
	case '/':
		b.end()
	default:
		b.begin(t.of, t.kind == '^')
	}
}

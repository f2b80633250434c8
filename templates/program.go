package templates

import (
	"bytes"
	"html"
	"strings"
	"unicode/utf8"
)

// A program is a message compiled: a flat list of steps that append to a
// buffer. It holds no state, so one program serves any number of goroutines.
type program []step

type step struct {
	do    action
	field uint8  // of value, when, unless: index in Data
	skip  int    // of when, unless: how many steps the section holds
	text  string // of literal
	block *block // of flush
}

type action uint8

const (
	literal action = iota // append text
	value                 // append the field
	when                  // skip the section when the field is empty
	unless                // skip the section when it is not
	flush                 // text part only: lay out what came since the last flush
)

// block is how one paragraph of the text part is laid out.
type block struct {
	first, rest string // what its first and its other lines begin with
	under       byte   // 0, or the character that underlines it
	tight       bool   // no empty line before it
}

// missing is the error for a value that a message cannot do without.
type missing struct{ field string }

func (m missing) Error() string {
	return m.field + " is empty, and the message needs it"
}

// appendHTML runs p into dst with every value escaped, line breaks as <br>.
func (p program) appendHTML(dst []byte, v *values, fields []field) ([]byte, error) {
	for i := 0; i < len(p); i++ {
		switch s := &p[i]; s.do {
		case literal:
			dst = append(dst, s.text...)
		case value:
			x := v[s.field]
			if x == "" {
				return dst, missing{fields[s.field].name}
			}
			x = html.EscapeString(x)
			if fields[s.field].lines {
				x = strings.ReplaceAll(x, "\n", "<br>\n")
			}
			dst = append(dst, x...)
		default:
			i += s.jump(v)
		}
	}
	return dst, nil
}

// appendText runs p into dst as paragraphs wrapped at width columns.
func (p program) appendText(dst []byte, v *values, fields []field) ([]byte, error) {
	var room [1024]byte
	para := room[:0]
	var last *block
	for i := 0; i < len(p); i++ {
		switch s := &p[i]; s.do {
		case literal:
			para = append(para, s.text...)
		case value:
			x := v[s.field]
			if x == "" {
				return dst, missing{fields[s.field].name}
			}
			para = append(para, x...)
		case flush:
			if len(bytes.TrimSpace(para)) > 0 {
				if last != nil && !s.block.tight {
					dst = append(append(dst, between(last.rest, s.block.rest)...), '\n')
				}
				dst = s.block.lay(dst, para)
				last = s.block
			}
			para = para[:0]
		default:
			i += s.jump(v)
		}
	}
	return dst, nil
}

// line runs p as one line: a subject, a preheader, an SMS.
func (p program) line(v *values, fields []field) (string, error) {
	if len(p) == 0 {
		return "", nil
	}
	var room [512]byte
	dst := room[:0]
	for i := 0; i < len(p); i++ {
		switch s := &p[i]; s.do {
		case literal:
			dst = append(dst, s.text...)
		case value:
			x := v[s.field]
			if x == "" {
				return "", missing{fields[s.field].name}
			}
			dst = append(dst, x...)
		default:
			i += s.jump(v)
		}
	}
	return cleanLine(string(dst)), nil
}

// jump says how many steps a section's head passes over.
func (s *step) jump(v *values) int {
	if empty := v[s.field] == ""; empty == (s.do == when) {
		return s.skip
	}
	return 0
}

// between is the empty line between two blocks, which stays inside a quotation
// that both belong to.
func between(a, b string) string {
	if strings.HasPrefix(a, quoted) && strings.HasPrefix(b, quoted) {
		return strings.TrimSpace(quoted)
	}
	return ""
}

const (
	width  = 72   // columns; RFC 5322 section 2.1.1 advises 78 at most, and a reply adds some
	quoted = "> " // what a quotation's lines begin with
)

// lay appends one paragraph, wrapped at spaces. Line breaks in para are kept;
// a word longer than a line, such as an address, is not broken.
func (b *block) lay(dst, para []byte) []byte {
	prefix, start := b.first, len(dst)
	for line := range bytes.SplitSeq(para, []byte{'\n'}) {
		column := 0
		for word := range bytes.FieldsSeq(line) {
			n := utf8.RuneCount(word)
			switch {
			case column == 0:
				dst = append(dst, prefix...)
				column = utf8.RuneCountInString(prefix)
				prefix = b.rest
			case column+1+n > width:
				dst = append(append(dst, '\n'), prefix...)
				column = utf8.RuneCountInString(prefix)
			default:
				dst = append(dst, ' ')
				column++
			}
			dst = append(dst, word...)
			column += n
		}
		if column == 0 {
			dst = append(dst, strings.TrimRight(prefix, " ")...)
			prefix = b.rest
		}
		dst = append(dst, '\n')
	}
	if b.under != 0 {
		n := min(utf8.RuneCount(dst[start:])-1, width)
		for range n {
			dst = append(dst, b.under)
		}
		dst = append(dst, '\n')
	}
	return dst
}

// builder writes a program.
type builder struct {
	p    program
	open []int // heads of the sections not yet closed
}

func (b *builder) literal(s string) {
	if n := len(b.p); n > 0 && b.p[n-1].do == literal && !b.ends(n) {
		b.p[n-1].text += s
	} else if s != "" {
		b.p = append(b.p, step{do: literal, text: s})
	}
}

// ends says whether a section ends before step n, so that text which follows
// it must not be joined with the text within.
func (b *builder) ends(n int) bool {
	for i, s := range b.p {
		if (s.do == when || s.do == unless) && s.skip > 0 && i+s.skip+1 == n {
			return true
		}
	}
	return false
}

func (b *builder) value(f field) { b.p = append(b.p, step{do: value, field: uint8(f.at)}) }

func (b *builder) begin(f field, inverted bool) {
	do := when
	if inverted {
		do = unless
	}
	b.open = append(b.open, len(b.p))
	b.p = append(b.p, step{do: do, field: uint8(f.at)})
}

func (b *builder) end() {
	head := b.open[len(b.open)-1]
	b.open = b.open[:len(b.open)-1]
	b.p[head].skip = len(b.p) - head - 1
}

func (b *builder) flush(x block) { b.p = append(b.p, step{do: flush, block: &x}) }

// splice appends a finished program. Jumps are relative, so it runs anywhere.
func (b *builder) splice(p program) { b.p = append(b.p, p...) }

package templates

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"pgregory.net/rapid"
)

// hostile values are what people and machines type into forms.
func hostile() []string {
	seeds := []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `</td></tr></table>`, `"><a href="https://evil.example">x</a>`, `' onmouseover='x`,
		`<!--`, `-->`, `<![endif]-->`, `]]>`, `</title>`, `</style><style>*{display:none}`, `&lt;b&gt;`, `&#60;b&#62;`, `&amp`, `%3Cscript%3E`, `<a`, `a>b`, "`code`",
		`[click](https://evil.example)`, `![x](https://evil.example/x.png)`, `<https://evil.example>`, `https://evil.example`, `www.evil.example`, `javascript:alert(1)`,
		`# heading`, `## heading`, `- item`, `1. item`, `> quote`, `---`, `***`, `===`, `**bold**`, `_em_`, `~~gone~~`, "    code", "```\ncode\n```", `| a | b |`, `[x]: https://evil.example`,
		`{{.}}`, `{{.Message}}`, `{{#x}}`, `{{/x}}`, `{{^x}}`, `{{{x}}}`, `{{> help}}`, `{{postal}}`, `{{#postal}}`, `{{/first_name}}`, `{{!c}}`, `${x}`, `<%= x %>`, `%s%n%d`, `{% x %}`,
		"a\r\nBcc: evil@evil.example", "a\nSubject: x", "a\r\n\r\n<b>x", "a\x00b", "\x1b[31mred", "a\tb", "a\vb\fc", "\x7f", "a\u0085b", "a\u2028b\u2029c",
		"\u202eevil\u202c", "\u2066x\u2069", "\u200bz\u200cz\u200dz", "\ufeffx", "\u00adx", "\u061cx", "\u180ex", "\u3164x", "\u115fx", "\U000e0041x", "x\ufe0f", "\ue000\ue001\ue002", "\uf8ff",
		"\xff\xfe", "a\xc3(", "\xed\xa0\x80", "é́́́́", "😀", "👩‍👩‍👧", "日本語", "עברית", "العربية", "Zoë", "O'Brien", "O’Brien", "Anne-Marie", "ﬁ", "ＡＢＣ",
		"= 1+1", "+1", "@x", `=HYPERLINK("https://evil.example")`, `'; DROP TABLE x;--`, `../../etc/passwd`, `\`, `\\`, `\{`, `"`, `'`, `<`, `>`, `&`, ".",
		strings.Repeat("a", 10_000), strings.Repeat("a ", 5_000), strings.Repeat("<b>", 3_000), strings.Repeat("{{x}}", 2_000), strings.Repeat("\u202e", 3_000) + "x", strings.Repeat("\n", 2_000) + "x",
	}
	all := slices.Clone(seeds)
	for i, s := range seeds[:len(seeds)-6] { // and in company
		all = append(all, "Ann "+s+" "+seeds[(i*7+3)%(len(seeds)-6)])
	}
	return all
}

// fill gives every field of d, but for URLs and those the sample leaves empty,
// the value x.
func fill(d Data, x string) Data {
	v := reflect.ValueOf(&d).Elem()
	for _, f := range dataFields() {
		if !f.url && v.Field(f.at).String() != "" {
			v.Field(f.at).SetString(x)
		}
	}
	return d
}

// skeleton is what a value must never change: every element, attribute and
// comment, without the words.
func skeleton(t testing.TB, document string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for n := range root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			if n.Data == "br" {
				continue // a line break of the message
			}
			s := n.Data
			for _, a := range n.Attr {
				if a.Key == "aria-label" {
					a.Val = "" // the subject
				}
				s += " " + a.Key + "=" + a.Val
			}
			all = append(all, s)
		case html.CommentNode:
			all = append(all, "comment "+n.Data)
		}
	}
	return all
}

func holdsNoControls(s, but string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.Is(unicode.C, r) && !strings.ContainsRune(but, r)
	})
}

func checkHostile(t testing.TB, s *Set, name, language string, d Data, want []string, x string) {
	t.Helper()
	r, err := s.Render(name, language, fill(d, x))
	if errors.Is(err, ErrEmail) {
		t.Fatalf("%q: %v", x, err)
	}
	if got := skeleton(t, r.HTML); !slices.Equal(got, want) {
		t.Fatalf("%q changed the HTML", x)
	}
	if !holdsNoControls(r.Subject, "") || !holdsNoControls(r.Preheader, "") || !holdsNoControls(r.SMS, "") {
		t.Fatalf("%q brought a control character into a line", x)
	}
	if !holdsNoControls(r.Text, "\n") || !holdsNoControls(r.HTML, "\n") {
		t.Fatalf("%q brought a control character into a body", x)
	}
	if n, encoding := Segments(r.SMS); n > maxSegments || encoding != encodingGSM {
		t.Fatalf("%q made an SMS of %d segments of %s", x, n, encoding)
	}
}

func TestNoValueBecomesMarkup(t *testing.T) {
	t.Parallel()
	if n := len(hostile()); n < 190 {
		t.Errorf("only %d hostile values", n)
	}
	each(t, func(t *testing.T, s *Set, name, language string, d Data) {
		want := skeleton(t, render(t, s, name, language, d).HTML)
		for _, x := range hostile() {
			if cleanLine(x) == "" {
				continue // as if there were none; that is another document
			}
			if len(x) > 1000 && language != "en" {
				continue // a long value takes long to look through, and no other way
			}
			checkHostile(t, s, name, language, d, want, x)
		}
	})
}

func TestNoRandomValueBecomesMarkup(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *Set, name, language string, d Data) {
		want := skeleton(t, render(t, s, name, language, d).HTML)
		short := slices.DeleteFunc(hostile(), func(x string) bool { return len(x) > 1000 }) // the long ones are slow, and tried above
		piece := rapid.OneOf(rapid.SampledFrom(short), rapid.String(), rapid.StringMatching(`[<>&"'{}#/\[\]()!*_~|\r\n -]{1,20}`))
		rapid.Check(t, func(rt *rapid.T) {
			x := piece.Draw(rt, "a") + piece.Draw(rt, "b")
			if cleanLine(x) != "" {
				checkHostile(t, s, name, language, d, want, x)
			}
		})
	})
}

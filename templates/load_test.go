package templates

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// Every rule has an example in testdata/lint that breaks it, laid over the
// messages of the program.
func TestEveryRuleFindsItsExample(t *testing.T) {
	t.Parallel()
	for _, rule := range Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join("testdata", "lint", rule.Name)
			s, err := LoadFolder(dir)
			if err == nil { // then it is one about the clinic's values
				err = s.Check(clinicOf(t, dir), []string{"joydevie.example"})
			}
			faults, ok := errors.AsType[Faults](err)
			if !ok {
				t.Fatalf("the rule is silent: %v", err)
			}
			found := false
			for _, f := range faults { // nothing else is wrong with it
				found = found || f.Rule == rule.Name
				if f.Rule != rule.Name && f.Rule != ruleLanguages {
					t.Errorf("also: %v", f)
				}
				if !strings.HasPrefix(f.File, dir) && rule.Name != ruleClinic && rule.Name != ruleOwnLink || f.Line < 1 || f.What == "" || f.Cure == "" {
					t.Errorf("not enough to go by: %v", f)
				}
			}
			if !found || rule.Why == "" {
				t.Errorf("the rule is silent: %v", err)
			}
		})
	}
}

// clinicOf reads the values of a clinic beside an example.
func clinicOf(t *testing.T, dir string) (d Data) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "README.clinic.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func message1(body string) fstest.MapFS {
	return fstest.MapFS{"messages/x.en.md": {Data: []byte("---\nclass: reply\nsubject: Hello\npreheader: A person answers.\nsample: {sender: JoyDeVie}\n---\n" + body)}}
}

func TestAFaultIsSaidWithItsPlaceAndItsCure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ what, body, want string }{
		{"HTML around words", "One.\n\nTwo <b>three</b>.", "messages/x.en.md:9: HTML; "},
		{"HTML as a block", "One.\n\n<div>\nx\n</div>", "messages/x.en.md:9: HTML; "},
		{"a comment", "One.\n\n<!-- x -->", "messages/x.en.md:9: HTML; "},
		{"an image", "One.\n\n![x](https://x.example/x.png)", "messages/x.en.md:9: an image; "},
		{"code", "One.\nTwo `three`.", "messages/x.en.md:8: code; "},
		{"indented code", "One.\n\n    two", "messages/x.en.md:9: a block of code; "},
		{"fenced code", "```\none\n```", "messages/x.en.md:7: a block of code; "},
		{"an address as a link", "<https://x.example>", "messages/x.en.md:7: an address as a link; "},
		{"a bare address", "See https://x.example now.", "messages/x.en.md:7: an address among the words; "},
		{"a link to elsewhere", "One [two](https://x.example) three.", "messages/x.en.md:7: a link to somewhere else; "},
		{"a button to elsewhere", "One.\n\n[two](javascript:x)", "messages/x.en.md:9: a link to somewhere else; "},
		{"a link to another number", "[two](tel:900)", "messages/x.en.md:7: a link to somewhere else; "},
		{"a link to a value that is no URL", "[two]({{sender}})", "messages/x.en.md:7: a link to somewhere else; "},
		{"a link to half a value", "[two](https://{{sender}}/)", "messages/x.en.md:7: a link to somewhere else; "},
		{"a link with a title", `[two](tel:911 "three")`, "messages/x.en.md:7: a link with a title; "},
		{"a link without words", "One [](tel:911).", "messages/x.en.md:7: a link without words; "},
		{"a link by reference", "[two][x]\n\n[x]: https://x.example", "messages/x.en.md:7: a link to somewhere else; "},
		{"a URL among the words", "One {{booking_url}}.", "messages/x.en.md:7: {{booking_url}} among the words; "},
		{"an unknown field", "One.\n\nDear {{firstname}},", "messages/x.en.md:9: the unknown field {{firstname}}; "},
		{"Go's own tags", "Dear {{.FirstName}},", "messages/x.en.md:7: braces that are no tag; "},
		{"three braces", "Dear {{{first_name}}},", "messages/x.en.md:7: braces that are no tag; "},
		{"an open section", "Dear {{#first_name}}you,\n\nTwo.", "messages/x.en.md:7: {{#first_name}} is not ended"},
		{"an open block", "{{#first_name}}\n\nTwo.", "{{#first_name}} is not ended"},
		{"an end alone", "Dear {{/first_name}}you,", "messages/x.en.md:7: {{/first_name}} ends no section"},
		{"sections that cross", "{{#first_name}}a{{#clinic}}b{{/first_name}}c{{/clinic}}", "messages/x.en.md:7: {{/first_name}} where {{/clinic}} is due; "},
		{"a section across bold", "{{#first_name}}a **b{{/first_name}} c**", "ends no section"},
		{"a section across a list", "- one {{#first_name}}\n- two {{/first_name}}", "messages/x.en.md:7: {{#first_name}} is not ended"},
		{"a value that is empty", "{{^first_name}}{{first_name}}{{/first_name}}", "messages/x.en.md:7: {{first_name}} where it is known to be empty; "},
		{"a partial in a line", "One {{> help}}", "messages/x.en.md:7: braces that are no tag; "},
		{"a partial that does not exist", "One.\n\n{{> nonesuch}}", "messages/x.en.md:9: cannot read layout/nonesuch.en.md; "},
		{"a third level", "### One", "messages/x.en.md:7: a heading of level ###; "},
		{"two lines of dashes", "One.\n\n---\n\nTwo.\n\n---\n", "messages/x.en.md:13: a line of dashes"},
		{"a character by number", "One &#xE000; two.", "messages/x.en.md:7: a character written as a number; "},
		{"a private character", "One \ue000 two.", "messages/x.en.md:7: the invisible character U+E000; "},
		{"an invisible character", "One.\n\nTwo\u200b.", "messages/x.en.md:9: the invisible character U+200B; "},
		{"the message outside a quotation", "One {{message}}.", "messages/x.en.md:7: {{message}} outside a quotation; "},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			_, err := LoadOver(message1(c.body))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAFaultOfTheHeadIsSaid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ what, source, want string }{
		{"no front matter", "Hello.", "messages/x.en.md:1: no front matter; "},
		{"an endless front matter", "---\nclass: reply\n", "messages/x.en.md:1: no front matter; "},
		{"an unknown key", "---\nclass: reply\nsubjekt: x\n---\nHello.", `messages/x.en.md:3: front matter: unknown field "subjekt"; `},
		{"braces without quotes", "---\nclass: reply\nsubject: {{item}}: x\n---\nHello.", "messages/x.en.md:3: front matter: "},
		{"a tag that is none", "---\nclass: reply\nsubject: \"{{x}}\"\npreheader: x\n---\nHello.", "messages/x.en.md:3: the unknown field {{x}} in subject; "},
		{"an open section", "---\nclass: reply\nsubject: \"{{#item}}\"\npreheader: x\n---\nHello.", "messages/x.en.md:3: {{#item}} without its end in subject; "},
		{"not UTF-8", "---\nclass: \xff\n---\n", "messages/x.en.md:1: not UTF-8; "},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			_, err := LoadOver(fstest.MapFS{"messages/x.en.md": {Data: []byte(c.source)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAllFaultsAreSaidAtOnce(t *testing.T) {
	t.Parallel()
	_, err := LoadOver(message1("<b>one</b>\n\n`two`\n\n{{three}}"))
	for _, want := range []string{":7: HTML", ":9: code", ":11: the unknown field"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
}

func TestAFolderReplacesWordsAndAddsMessages(t *testing.T) {
	t.Parallel()
	spanish := strings.Replace(string(message1("")["messages/x.en.md"].Data), "Hello", "Hola", 1)
	over := message1("# Hello\r\n\r\nA & B \\* &lt;c&gt;\\\r\n**two** *three*\r\n\r\n1. four\r\n2. five\r\n\r\n---\r\n\r\n- six\r\n")
	over["messages/x.es.md"] = &fstest.MapFile{Data: []byte(spanish + "Hola.")}
	s, err := LoadOver(over)
	if err != nil {
		t.Fatal(err)
	}
	d, _ := s.Sample("x", "en")
	r := render(t, s, "x", "en", d)
	if want := "Hello\n=====\n\nA & B * <c>\ntwo three\n\n1. four\n2. five\n\n" + strings.Repeat("-", 72) + "\n\n- six\n"; r.Text != want {
		t.Errorf("got\n%s", r.Text)
	}
	if want := "A &amp; B * &lt;c&gt;<br>\n<strong>two</strong> <em>three</em></p>"; !strings.Contains(r.HTML, want) {
		t.Errorf("no %s in\n%s", want, r.HTML)
	}
	if s.Class("x") != "reply" || s.HasSMS("x") || strings.Join(s.Fields("x"), " ") != "sender" || len(s.Names()) != len(loaded(t).Names())+1 {
		t.Errorf("got %s, %v, %v", s.Class("x"), s.Fields("x"), s.Names())
	}
}

func TestEveryFieldOfDataHasANameAndAPlace(t *testing.T) {
	t.Parallel()
	fields := dataFields()
	if len(fields) > maxFields {
		t.Fatalf("Data has %d fields; raise maxFields", len(fields))
	}
	seen := map[string]bool{}
	for _, f := range fields {
		if f.name == "" || seen[f.name] || !anyTag.MatchString("{{"+f.name+"}}") {
			t.Errorf("a field called %q", f.name)
		}
		seen[f.name] = true
	}
}

// Whatever an editor saves, loading ends, and what it accepts can be rendered.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"messages/followup-1.en.md", "messages/staff-note.en.md"} {
		b, err := messageFiles.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		_, body, _ := strings.Cut(string(b)[4:], "\n---\n")
		f.Add(body)
	}
	layout, err := messageFiles.ReadFile("layout/email.html")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("{{#first_name}}\n> - **x {{/first_name}}** [y]({{booking_url}})\n---\n")
	f.Fuzz(func(t *testing.T, body string) {
		w, _ := compileWording(layered{message1(body), messageFiles}, "messages/x.en.md", string(layout))
		if len(w.src.faults) > 0 {
			return
		}
		var r Rendered
		if err := w.email(&r, new(values), &Data{Sender: "JoyDeVie"}); err == nil {
			skeleton(t, r.HTML)
		}
	})
}

// Package templates holds every word that people read from the service, in
// messages and on pages, and renders them.
//
// A message is one file a language, messages/NAME.LANG.md: front matter with
// the class, the subject, the preheader, the SMS and sample values; then the
// body in Markdown. From it come the subject, the text part, the HTML part and
// the SMS. Values stand in {{field}}; what depends on a value stands in
// {{#field}}…{{/field}} or, where there is none, in {{^field}}…{{/field}}.
// {{> name}} on a line of its own takes in layout/name.LANG.md. A paragraph
// that is one link is a button; what follows a line of dashes is small print.
//
// All of it is parsed and checked by [Load]. Afterwards a value can become
// neither markup nor a link nor a template, since nothing is parsed any more.
package templates

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"slices"
)

//go:embed messages/*.md layout
var messageFiles embed.FS

// ErrEmail and ErrSMS say which part of a message could not be rendered.
var (
	ErrEmail = errors.New("email")
	ErrSMS   = errors.New("sms")
)

// Set is every message, compiled. It never changes, so any number of
// goroutines may use it.
type Set struct {
	messages map[string]*message
	named    func(file string) string // what a fault calls a file
}

type message struct {
	class    string
	fields   []string
	wordings map[string]*wording // by language
}

// wording is one message in one language.
type wording struct {
	src  *source
	line [len(lineNames)]program // by the order of lineNames
	html program
	text program

	table   []field // all of Data
	inEmail []field
	inSMS   []field
	dests   map[string]bool // where its links go: a literal, or the name of a field
	sample  Data
	version string
	size    int // of the sample's HTML: a start for the buffer
}

// lineNames are the parts that are one line, by their keys in the front matter.
var lineNames = [...]string{"subject", "preheader", "sms"}

const (
	subjectLine = iota
	preheaderLine
	smsLine
)

// languages that every message speaks.
var languages = []string{"en", "es"}

// Load parses and checks the messages that the program carries. The error is
// Faults, with everything that was found.
func Load() (*Set, error) { return LoadOver(nil) }

// LoadOver does as Load, but a file that over has in its messages/ or layout/
// replaces the program's own, and a message that it adds is added. The same
// rules hold for both. A nil over has nothing.
func LoadOver(over fs.FS) (*Set, error) {
	return loadNamed(over, func(file string) string { return file })
}

func loadNamed(over fs.FS, named func(string) string) (*Set, error) {
	files := layered{messageFiles}
	if over != nil {
		files = layered{over, messageFiles}
	}
	layout, err := fs.ReadFile(files, layoutFile)
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	set := &Set{messages: map[string]*message{}, named: named}
	var faults Faults
	for _, file := range files.messages() {
		w, class := compileWording(files, file, string(layout))
		if len(w.src.faults) == 0 {
			lintWording(w)
		}
		faults = append(faults, w.src.faults...)
		m := set.messages[w.src.name]
		if m == nil {
			m = &message{class: class, wordings: map[string]*wording{}}
			set.messages[w.src.name] = m
		}
		m.wordings[w.src.language] = w
	}
	for _, name := range set.Names() {
		m := set.messages[name]
		faults = append(faults, lintLanguages(name, m)...)
		used := map[string]bool{}
		for _, w := range m.wordings {
			for _, f := range slices.Concat(w.inEmail, w.inSMS) {
				used[f.name] = true
			}
		}
		m.fields = slices.Sorted(maps.Keys(used))
	}
	for i := range faults {
		faults[i].File = named(faults[i].File)
	}
	if err := faults.sorted(); err != nil {
		return nil, err
	}
	return set, nil
}

// compileWording reads and compiles one file. The faults are in its source.
func compileWording(files fs.FS, file, layout string) (*wording, string) {
	src := readSource(files, file)
	w := &wording{src: src, table: dataFields()}
	if len(src.faults) > 0 {
		return w, src.front.Class
	}
	known := map[string]field{}
	for _, f := range w.table {
		known[f.name] = f
	}
	c := compiler{src: src, tags: tags{known: known}, dests: map[string]bool{}, used: map[string]field{}}
	c.compile()
	sms := map[string]field{}
	for i, text := range [...]string{src.front.Subject, src.front.Preheader, src.front.SMS} {
		used := c.used
		if i == smsLine {
			used = sms
		}
		w.line[i] = compileLine(src, lineNames[i], text, known, used)
	}
	w.text, w.dests = c.text.p, c.dests
	html, line, err := page(layout, known, src.language, map[string]program{
		"subject": w.line[subjectLine].escaped(), "preheader": w.line[preheaderLine].escaped(),
		"main": c.main.p, "small": c.small.p,
	})
	if err != nil {
		src.failAt(place{layoutFile, line}, err.Error(), "use lang, quiet, subject, preheader, main, small or a field")
	}
	w.html = html
	for _, s := range html { // the layout may use fields of its own
		if s.do == value {
			c.used[w.table[s.field].name] = w.table[s.field]
		}
	}
	w.inEmail, w.inSMS = inOrder(c.used), inOrder(sms)
	sum := sha256.Sum256(append(src.bytes, layout...))
	w.version = hex.EncodeToString(sum[:])[:8]
	w.takeSample(known)
	return w, src.front.Class
}

func inOrder(used map[string]field) []field {
	return slices.SortedFunc(maps.Values(used), func(a, b field) int { return a.at - b.at })
}

// compileLine compiles a subject, a preheader or an SMS.
func compileLine(src *source, key, text string, known, used map[string]field) program {
	t, b, open := tags{known: known}, builder{}, sections{}
	bad := func(what, cure string) { src.fail(src.keyLine(key), what+" in "+key, cure) }
	text = cleanLine(text)
	marked := t.replace(text, bad)
	start := 0
	for i, r := range marked {
		x, ok := t.at(r)
		if !ok {
			continue
		}
		b.literal(marked[start:i])
		start = i + len(string(r))
		if what, cure := open.problem(x); what != "" {
			bad(what, cure)
			continue
		}
		open.take(x)
		used[x.of.name] = x.of
		x.write(&b)
	}
	b.literal(marked[start:])
	for _, o := range open.open {
		bad("{{#"+o.of.name+"}} without its end", "add {{/"+o.of.name+"}}")
	}
	return b.p
}

// takeSample fills the sample from the front matter.
func (w *wording) takeSample(known map[string]field) {
	v := reflect.ValueOf(&w.sample).Elem()
	for _, name := range slices.Sorted(maps.Keys(w.src.front.Sample)) {
		if f, ok := known[name]; ok {
			v.Field(f.at).SetString(w.src.front.Sample[name])
		}
	}
}

const layoutFile = "layout/email.html"

// layered is several file systems in one: the first that has a file gives it.
type layered []fs.FS

func (l layered) Open(name string) (fs.File, error) {
	for _, files := range l {
		if f, err := files.Open(name); err == nil {
			return f, nil
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// overridden gives what tells the files of an override from the program's own.
func overridden(files fs.FS) func(file string) bool {
	return func(file string) bool {
		l, ok := files.(layered)
		if !ok || len(l) < 2 {
			return false
		}
		_, err := fs.Stat(l[0], file)
		return err == nil
	}
}

// messages lists the paths of every message, sorted.
func (l layered) messages() []string {
	var all []string
	for _, files := range l {
		entries, err := fs.ReadDir(files, "messages")
		if err != nil {
			continue // a layer without messages replaces none
		}
		for _, e := range entries {
			if path.Ext(e.Name()) == ".md" {
				all = append(all, "messages/"+e.Name())
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

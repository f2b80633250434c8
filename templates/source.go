package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// place is where a line of a composed body comes from.
type place struct {
	file string
	line int
}

// source is one file of messages/, split but not understood.
type source struct {
	file           string // messages/NAME.LANG.md
	name, language string
	front          front
	head           []string // lines of the front matter
	body           []bodyLine
	faults         Faults
	over           func(file string) bool // whether the file comes from an override
	bytes          []byte                 // of the file and the partials it takes in, for the version
	partials       map[string]string      // name → file
}

type bodyLine struct {
	text string
	at   place
}

// front is what stands between the lines of dashes at the head of a source.
type front struct {
	Class     string            `yaml:"class"`
	Subject   string            `yaml:"subject"`
	Preheader string            `yaml:"preheader"`
	SMS       string            `yaml:"sms"`
	Attach    string            `yaml:"attach"` // "appointment": its calendar file goes with the email
	Sample    map[string]string `yaml:"sample"`
}

// Classes of message. The class decides what a message needs, and what it must
// not say.
const (
	classConfirmation = "confirmation"
	classFollowUp     = "followup"
	classReminder     = "reminder"
	classReply        = "reply"
	classStaff        = "staff"
)

// attachAppointment is what an email may carry.
const attachAppointment = "appointment"

var partialTag = regexp.MustCompile(`^\{\{>\s*([a-z0-9-]+)\s*\}\}$`)
var sectionTag = regexp.MustCompile(`^\{\{[#^/]\s*[a-z0-9_]+\s*\}\}$`)

// readSource reads one message and takes its partials in.
func readSource(files fs.FS, file string) *source {
	s := &source{file: file, partials: map[string]string{}, over: overridden(files)}
	base := strings.TrimSuffix(path.Base(file), ".md")
	s.name, s.language, _ = strings.Cut(base, ".")
	text, ok := s.read(files, file, 1)
	if !ok {
		return s
	}
	lines := strings.Split(text, "\n")
	end := -1
	for i, l := range lines {
		if i > 0 && strings.TrimRight(l, " ") == "---" {
			end = i
			break
		}
	}
	if strings.TrimRight(lines[0], " ") != "---" || end < 0 {
		s.fail(1, "no front matter", "begin with a line ---, then class, subject, preheader, sms and sample, then a line ---")
		return s
	}
	s.head = lines[:end]
	s.readFront(strings.Join(lines[1:end], "\n"))
	s.compose(files, lines[end+1:], place{file, end + 2}, false)
	return s
}

// readFront decodes the front matter; a key that means nothing is a mistake.
func (s *source) readFront(text string) {
	err := yaml.UnmarshalWithOptions([]byte(text), &s.front, yaml.Strict())
	if err == nil {
		return
	}
	line, what := 1, err.Error()
	if y, ok := errors.AsType[yaml.Error](err); ok {
		what = y.GetMessage()
		if t := y.GetToken(); t != nil && t.Position != nil {
			line = t.Position.Line + 1
		}
	}
	s.fail(line, "front matter: "+what, "write KEY: VALUE, with quotes around a value that begins with {{ or holds a colon")
}

// compose appends lines to the body, with each partial in the place of its
// tag. A section tag on a line of its own becomes a block of its own.
func (s *source) compose(files fs.FS, lines []string, from place, inPartial bool) {
	add := func(text string, at place) { s.body = append(s.body, bodyLine{text, at}) }
	for i, l := range lines {
		at := place{from.file, from.line + i}
		trimmed := strings.TrimSpace(l)
		if m := partialTag.FindStringSubmatch(trimmed); m != nil {
			if inPartial {
				s.failAt(at, "a partial inside a partial", "put "+trimmed+" into the message itself")
				continue
			}
			file := "layout/" + m[1] + "." + s.language + ".md"
			text, ok := s.read(files, file, at.line)
			if !ok {
				continue
			}
			s.partials[m[1]] = file
			add("", at)
			s.compose(files, strings.Split(text, "\n"), place{file, 1}, true)
			add("", at)
			continue
		}
		if sectionTag.MatchString(trimmed) {
			add("", at)
			add(trimmed, at)
			add("", at)
			continue
		}
		add(l, at)
	}
}

// read gives a file's text with LF line ends, and refuses what no editor
// should have put there.
func (s *source) read(files fs.FS, file string, line int) (string, bool) {
	b, err := fs.ReadFile(files, file)
	if err != nil {
		s.fail(line, "cannot read "+file, "add it to the folder layout/, one file a language")
		return "", false
	}
	s.bytes = append(append(append(s.bytes, file...), 0), b...)
	if !utf8.Valid(b) {
		s.failAt(place{file, 1}, "not UTF-8", "save it as UTF-8")
		return "", false
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(b), "\ufeff"), "\r\n", "\n")
	for i, l := range strings.Split(text, "\n") {
		for _, r := range l {
			if unicode.Is(unicode.C, r) {
				s.failAt(place{file, i + 1}, fmt.Sprintf("the invisible character %U", r), "delete it and type the words again")
				return "", false
			}
		}
	}
	return text, true
}

func (s *source) fail(line int, what, cure string) { s.failAt(place{s.file, line}, what, cure) }

func (s *source) failAt(at place, what, cure string) {
	s.faults = append(s.faults, Fault{at.file, at.line, ruleSyntax, what, cure})
}

// keyLine is the line of a key in the front matter, 1 where it is absent.
func (s *source) keyLine(key string) int {
	for i, l := range s.head {
		if strings.HasPrefix(strings.TrimSpace(l), key+":") {
			return i + 1
		}
	}
	return 1
}

package preview_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/smtp"
	"github.com/joydevie/followup/internal/preview"
	"github.com/joydevie/followup/internal/smtptest"
	"github.com/joydevie/followup/templates"
)

// letter is an email as it arrives.
type letter struct {
	preview.Message
	raw []byte // LF line ends
}

func (l letter) String() string { return l.Name + "." + l.Language }

// every writes every message in every language.
func every(t testing.TB) []preview.Message {
	t.Helper()
	set, err := templates.Load()
	if err != nil {
		t.Fatal(err)
	}
	var all []preview.Message
	for _, name := range set.Names() {
		for _, language := range set.Languages() {
			m, err := preview.Sample(set, name, language)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, m)
		}
	}
	return all
}

// email is the message as it is handed to its channel.
func email(m preview.Message) channel.Message {
	e := channel.Message{
		ID: "sample." + m.Name + "." + m.Language, To: "ann@example.com", Subject: m.Subject, Text: m.Text, HTML: m.HTML, ReplyTo: "desk@joydevie.example",
	}
	if m.Class == "followup" {
		e.Unsubscribe = m.Data.UnsubscribeURL
	}
	if m.Calendar != nil {
		e.Files = []channel.File{{Name: "appointment.ics", Type: "text/calendar; charset=utf-8; method=PUBLISH", Body: m.Calendar}}
	}
	return e
}

// posted sends every message through the real channel to a server of its own.
func posted(t *testing.T) []letter {
	t.Helper()
	srv := smtptest.Start(t, smtptest.Options{})
	s, err := smtp.New(srv.URL, smtp.Options{From: "hello@joydevie.example", FromName: "JoyDeVie", Roots: srv.Roots})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var letters []letter
	for _, m := range every(t) {
		if out := s.Send(t.Context(), email(m)); out.State != channel.Accepted {
			t.Fatalf("%s: %v %v", m.Name, out.State, out.Err)
		}
		all := srv.Messages()
		letters = append(letters, letter{m, all[len(all)-1].Raw})
	}
	return letters
}

// program finds a tool that `make deps` installs.
func program(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(filepath.Join("..", "..", "bin", name)); err == nil {
		path, _ = filepath.Abs(path)
		return path
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: run `make deps`", name)
	}
	return path
}

// The headers that keep a letter from being answered by machines, and let its
// reader out with one click (RFC 3834, RFC 8058).
func TestEveryLetterHasItsHeaders(t *testing.T) {
	t.Parallel()
	for _, l := range posted(t) {
		head, _, _ := strings.Cut(string(l.raw), "\n\n")
		for _, want := range []string{"Auto-Submitted: auto-generated", "Message-ID: <sample.", "Date: ", "MIME-Version: 1.0"} {
			if !strings.Contains(head, want) {
				t.Errorf("%s has no %s", l, want)
			}
		}
		if one := strings.Contains(head, "List-Unsubscribe-Post: List-Unsubscribe=One-Click"); one != (l.Class == "followup") {
			t.Errorf("%s: one click out is %v", l, one)
		}
	}
}

package contact_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/contact"
)

func TestWordsAreComparedWithoutCaseAndAccents(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"José  María":           "jose maria",
		"ANNE-MARIE O’Neill":    "anne marie oneill",
		"Øyvind Straße, Łukasz": "oyvind strasse lukasz",
		"Ann ann ANN":           "ann",
		"J. R. R. Tolkien":      "j r tolkien",
		"田中 太郎":                 "田中 太郎",
		"Nguyễn\u00a0Thị":       "nguyen thi",
		"!?":                    "", "": "",
		"a b c d e f g h": "a b c d e f",
	} {
		if got := strings.Join(contact.Words(contact.Private(typed)), " "); got != want {
			t.Errorf("%q has %q, want %q", typed, got, want)
		}
	}
}

func TestInitialsTellNobodysName(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"Ann Lee": "A. L.", "ann": "A.", "Ann Mary Lee": "A. L.", "élodie 4 durand": "É. D.", "": "–", "4711": "–",
	} {
		if got := contact.Initials(contact.Private(typed)); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add("José María")
	f.Add("\xff\u0301ß'")
	f.Fuzz(func(t *testing.T, s string) {
		words := contact.Words(contact.Private(s))
		if again := contact.Words(contact.Private(strings.Join(words, " "))); !slices.Equal(again, words) {
			t.Fatalf("%q: %q becomes %q", s, words, again)
		}
	})
}

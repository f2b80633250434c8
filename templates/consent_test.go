package templates_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/joydevie/followup/templates"
)

func TestConsentWordsThatWerePublishedNeverChange(t *testing.T) {
	t.Parallel()
	// Each line is part of the proof of somebody's consent. A change of words
	// is a new file and a new line.
	for _, c := range []struct{ version, lang, hash string }{
		{"2026-11-24.1", "en", "06d560206c6fdd3bfcee34561d5a75cc"},
		{"2026-11-24.1", "es", "323beefdcd0f5d95991d07ad65690478"},
	} {
		w := templates.ConsentByVersion(c.version, c.lang, "Example Clinic")
		if w.Hash != c.hash {
			t.Errorf("%s in %s: the words have changed: hash %s", c.version, c.lang, w.Hash)
		}
	}
}

func TestConsentWordsNameTheClinicAndTheWayOut(t *testing.T) {
	t.Parallel()
	for lang, must := range map[string][]string{
		"en": {"automated", "Msg & data rates may apply", "STOP", "HELP", "need not agree"},
		"es": {"automáticos", "tarifas", "STOP", "AYUDA", "No tengo que aceptar"},
	} {
		w := templates.ConsentWording(lang, "A & B {{clinic}}")
		for _, words := range append(must, "A & B") {
			if !strings.Contains(w.SMS, words) {
				t.Errorf("%s: the box for texts lacks %q", lang, words)
			}
		}
		if !strings.Contains(w.Email, "A & B") || w.Version == "" || len(w.Hash) != 32 {
			t.Errorf("%s: %+v", lang, w)
		}
	}
	if w := templates.ConsentWording("en", "A"); w.Hash == templates.ConsentWording("en", "B").Hash {
		t.Error("the hash does not cover the clinic's name")
	}
	if w := templates.ConsentByVersion("1999-01-01.1", "en", "A"); w != (templates.Wording{}) {
		t.Errorf("an unknown version has words: %+v", w)
	}
	if fmt.Sprint(templates.ConsentWording("fr", "A")) != fmt.Sprint(templates.ConsentWording("en", "A")) {
		t.Error("a language without words does not read English")
	}
}

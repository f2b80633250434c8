package templates

import "testing"

func TestEveryMessageIsEasyToRead(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *Set, name, language string, d Data) {
		score, easy, scale := readability(render(t, s, name, language, d).Text, language)
		t.Logf("%s %.1f", scale, score)
		if !easy {
			t.Errorf("%s %.1f", scale, score)
		}
	})
}

func TestHardTextsAreFound(t *testing.T) {
	t.Parallel()
	for language, text := range map[string]string{
		"en": "The administration of this intervention necessitates comprehensive evaluation by qualified practitioners, notwithstanding individual preferences regarding scheduling.",
		"es": "La administración de esta intervención requiere una evaluación exhaustiva por profesionales debidamente cualificados, independientemente de las preferencias individuales de programación.",
	} {
		if score, easy, scale := readability(text, language); easy {
			t.Errorf("%s: %s %.1f passes", language, scale, score)
		}
	}
}

func TestSyllablesAreCountedWellEnough(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]int{"the": 1, "message": 2, "people": 2, "ketamine": 3, "answered": 2, "started": 2, "you": 1, "any": 2} {
		if got := englishSyllables(word); got != want {
			t.Errorf("%s: %d syllables, want %d", word, got, want)
		}
	}
	for word, want := range map[string]int{"ayuda": 3, "peligro": 3, "quiero": 2, "miércoles": 3, "día": 2, "hoy": 1, "respuesta": 3, "alguien": 2, "leer": 2} {
		if got := spanishSyllables(word); got != want {
			t.Errorf("%s: %d syllables, want %d", word, got, want)
		}
	}
}

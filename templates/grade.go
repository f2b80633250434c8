package templates

import (
	"regexp"
	"strings"
	"unicode"
)

// readability measures how many years of school a text asks for. English is
// measured by the Flesch–Kincaid grade, easy at 8 or below; Spanish by the
// scale of Fernández Huerta, where 60 and more is the eighth grade or easier.
// Both are rough; they find long sentences, not hard ideas.
func readability(text, language string) (score float64, easy bool, scale string) {
	sentences, words, syllables := 0, 0, 0
	count := englishSyllables
	if language == "es" {
		count = spanishSyllables
	}
	for _, s := range sentencesOf(text) {
		inSentence := 0
		for _, word := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '’' }) {
			inSentence++
			syllables += count(strings.ToLower(word))
		}
		if inSentence > 0 {
			sentences++
			words += inSentence
		}
	}
	if words == 0 {
		return 0, true, ""
	}
	perSentence, perWord := float64(words)/float64(sentences), float64(syllables)/float64(words)
	if language == "es" {
		score = 206.84 - 60*perWord - 1.02*perSentence
		return score, score >= 60, "Fernández Huerta"
	}
	score = 0.39*perSentence + 11.8*perWord - 15.59
	return score, score <= 8, "Flesch–Kincaid grade"
}

var (
	addresses  = regexp.MustCompile(`\(?https?://\S+`)
	dayHalves  = strings.NewReplacer("a.m.", "am", "p.m.", "pm", "a. m.", "am", "p. m.", "pm")
	paragraphs = regexp.MustCompile(`\n\s*\n|\n\s*(?:-|\d+\.) |\n[=-]+\n`)
	stops      = regexp.MustCompile(`[.?!]+(?:\s|$)`)
)

// sentencesOf splits a text part: each paragraph, heading and item of a list
// ends a sentence, as does a full stop.
func sentencesOf(text string) []string {
	text = dayHalves.Replace(addresses.ReplaceAllString(text, ""))
	return stops.Split(paragraphs.ReplaceAllString(text, ". "), -1)
}

// englishSyllables counts groups of vowels, without a silent e at the end.
func englishSyllables(word string) int {
	n, before := 0, false
	for _, r := range word {
		vowel := strings.ContainsRune("aeiouy", r)
		if vowel && !before {
			n++
		}
		before = vowel
	}
	silent := strings.HasSuffix(word, "e") && !strings.HasSuffix(word, "le") ||
		strings.HasSuffix(word, "ed") && !strings.HasSuffix(word, "ted") && !strings.HasSuffix(word, "ded")
	if silent && n > 1 {
		n--
	}
	return max(n, 1)
}

// spanishSyllables counts vowels, where i and u beside another vowel belong to
// it, and the u of que, qui, gue, gui is silent.
func spanishSyllables(word string) int {
	n, before := 0, rune(0)
	letters := []rune(strings.NewReplacer("qu", "q", "gue", "ge", "gui", "gi").Replace(word))
	for i, r := range letters {
		if r == 'y' && i == len(letters)-1 {
			r = 'i'
		}
		if !strings.ContainsRune("aeiouáéíóúü", r) {
			before = 0
			continue
		}
		weak := strings.ContainsRune("iuü", r)
		if before == 0 || !weak && !strings.ContainsRune("iuü", before) {
			n++
		}
		before = r
	}
	return max(n, 1)
}

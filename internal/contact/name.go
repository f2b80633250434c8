package contact

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxFirstName bounds what a message may repeat, in characters.
const maxFirstName = 40

// FirstName is the one thing typed by a visitor that a message may repeat, so
// it is strict: the first word of name if it holds only letters, marks,
// hyphens and apostrophes and has at most 40 characters, else "". A name that
// is an address, a link or an advertisement therefore never leaves the house.
func FirstName(name Private) string {
	if !utf8.ValidString(string(name)) {
		return ""
	}
	words := strings.Fields(norm.NFC.String(string(name)))
	if len(words) == 0 {
		return ""
	}
	first := words[0]
	letters := 0
	for i, r := range first {
		switch {
		case unicode.IsLetter(r):
			letters++
		case (unicode.IsMark(r) || r == '-' || r == '\'' || r == '’') && i > 0:
		default:
			return ""
		}
	}
	if letters == 0 || utf8.RuneCountInString(first) > maxFirstName {
		return ""
	}
	return first
}

// mostWords bounds by how many words of a name a person is found.
const mostWords = 6

// Words gives the words of a name as they are compared: each once, in lower
// case, without accents, apostrophes and other signs. "Anne-Marie O'Neill" is
// anne, marie and oneill; a name without letters and digits has none.
func Words(name Private) []string {
	var words []string
	folded := strings.Map(foldRune, norm.NFKD.String(plainer.Replace(strings.ToLower(string(name)))))
	for word := range strings.FieldsSeq(folded) {
		if len(words) < mostWords && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

// foldRune keeps letters and digits, drops what is written onto them, and makes
// a space of all else.
func foldRune(r rune) rune {
	switch {
	case unicode.IsLetter(r), unicode.IsDigit(r):
		return unicode.ToLower(r)
	case unicode.IsMark(r), r == '\'', r == '’', r == 'ʼ', r == '`', r == '´':
		return -1
	default:
		return ' '
	}
}

// plainer writes the letters that do not come apart into a letter and an
// accent, and the accents that stand alone for an apostrophe.
var plainer = strings.NewReplacer(
	"ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ħ", "h", "ı", "i", "´", "'", "`", "'",
)

// Initials are how a person is named where others may look: "A. L." for "Ann
// Lee". They are those of the first and the last word that begin with a letter;
// "–" when there is none.
func Initials(name Private) string {
	var initials []string
	for word := range strings.FieldsSeq(norm.NFC.String(string(name))) {
		r, _ := utf8.DecodeRuneInString(word)
		if unicode.IsLetter(r) {
			initials = append(initials, string(unicode.ToUpper(r))+".")
		}
	}
	switch len(initials) {
	case 0:
		return "–"
	case 1:
		return initials[0]
	default:
		return initials[0] + " " + initials[len(initials)-1]
	}
}

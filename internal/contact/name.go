package contact

import (
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

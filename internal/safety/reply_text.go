package safety

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxTokens bounds the work on one reply. Twilio passes on at most 1600
// characters (https://www.twilio.com/docs/glossary/what-sms-character-limit),
// which are 800 words at the very most.
const maxTokens = 1000

// apostrophes join what they stand in: "don't" is one word. The acute accent
// must go before normalisation makes a space of it.
const apostrophes = "'’‘`´ʼʻʹ′＇\u02c8"

// tokenize gives the words of a text as the rules know them: lower case,
// without accents, compatibility forms (ＳＴＯＰ, 𝗦𝗧𝗢𝗣) as plain letters,
// invisible characters gone, three or more equal letters as one. Whatever is
// neither letter nor digit parts words. Letters that stand alone, three or more
// in a row, are one word: "S.T.O.P.".
func tokenize(text string) []string {
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune(apostrophes, r) {
			return -1
		}
		return r
	}, text)
	var tokens []string
	var word []rune
	flush := func() {
		if len(word) > 0 && len(tokens) < maxTokens {
			tokens = append(tokens, squeeze(word))
		}
		word = word[:0]
	}
	for _, r := range norm.NFKD.String(text) {
		switch {
		case r == '\u0345': // a mark whose capital is a letter
			word = append(word, 'ι')
		case unicode.In(r, unicode.M, unicode.Cf), strings.ContainsRune(apostrophes, r):
		case unicode.IsLetter(r):
			word = append(word, plain(r))
		case unicode.IsDigit(r):
			word = append(word, r)
		default:
			flush()
		}
	}
	flush()
	return spelled(tokens)
}

// plain is the letter in lower case, the same for both its cases.
func plain(r rune) rune {
	if r == 'ı' { // its capital is I
		return 'i'
	}
	return unicode.ToLower(unicode.ToUpper(r))
}

// squeeze makes "stoooop" a word: no word of the rules has a letter three
// times in a row.
func squeeze(word []rune) string {
	var b strings.Builder
	for i := 0; i < len(word); {
		end := i + 1
		for end < len(word) && word[end] == word[i] {
			end++
		}
		n := end - i
		if n > 2 {
			n = 1
		}
		for range n {
			b.WriteRune(word[i])
		}
		i = end
	}
	return b.String()
}

// spelled joins words that were written letter by letter.
func spelled(tokens []string) []string {
	single := func(s string) bool { return len([]rune(s)) == 1 && !unicode.IsDigit([]rune(s)[0]) }
	out := tokens[:0:0]
	for i := 0; i < len(tokens); {
		end := i
		for end < len(tokens) && single(tokens[end]) {
			end++
		}
		if end-i >= 3 {
			out = append(out, strings.Join(tokens[i:end], ""))
			i = end
			continue
		}
		out = append(out, tokens[i])
		i++
	}
	return out
}

func join(tokens []string) string { return strings.Join(tokens, " ") }

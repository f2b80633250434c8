package templates

import "strings"

// The alphabet of GSM 03.38 (3GPP TS 23.038, 6.2.1): what an SMS may hold
// without becoming UCS-2, which more than halves it. Of the accented letters
// of Spanish it has é, ñ, ü and Ñ, but neither á, í, ó nor ú.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€" // each takes two places: an escape goes before it
)

// Encodings of an SMS, as Segments names them.
const (
	encodingGSM  = "GSM-7"
	encodingUCS2 = "UCS-2"
)

// maxSegments bounds an SMS: a longer one costs more and is cut or dropped by
// some carriers.
const maxSegments = 2

// Segments says into how many parts a text is cut on its way, and in which
// encoding it goes: GSM-7, of 160 places, or 153 each where there are several;
// or UCS-2, of 70 UTF-16 units, or 67 each. A character of two places is never
// cut in two. The empty text has no segments; a byte that is not UTF-8 counts
// as one unknown character.
func Segments(text string) (n int, encoding string) {
	size, one, many := gsmPlaces, 160, 153
	encoding = encodingGSM
	if strings.ContainsFunc(text, func(r rune) bool { return gsmPlaces(r) == 0 }) {
		size, one, many = utf16Units, 70, 67
		encoding = encodingUCS2
	}
	total, segments, filled := 0, 0, many
	for _, r := range text {
		p := size(r)
		total += p
		if filled+p > many {
			segments++
			filled = 0
		}
		filled += p
	}
	if total <= one {
		return min(total, 1), encoding
	}
	return segments, encoding
}

// Places is how many places a text takes: in GSM-7, where 160 make a segment
// or 153 of several, one or two a character; in UCS-2 its UTF-16 units.
func Places(text string) int {
	size := gsmPlaces
	if _, encoding := Segments(text); encoding == encodingUCS2 {
		size = utf16Units
	}
	n := 0
	for _, r := range text {
		n += size(r)
	}
	return n
}

// gsmPlaces is how many places a character takes in GSM-7, 0 if it has none.
func gsmPlaces(r rune) int {
	switch {
	case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == ' ':
		return 1
	case strings.ContainsRune(gsmBasic, r):
		return 1
	case strings.ContainsRune(gsmExtended, r):
		return 2
	}
	return 0
}

func utf16Units(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

package templates

import (
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"
)

func TestSegmentsAreCountedAsNetworksDo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, text string
		n          int
		encoding   string
	}{
		{"nothing", "", 0, "GSM-7"},
		{"one letter", "a", 1, "GSM-7"},
		{"the last that fits in one", strings.Repeat("a", 160), 1, "GSM-7"},
		{"one more", strings.Repeat("a", 161), 2, "GSM-7"},
		{"the last that fits in two", strings.Repeat("a", 306), 2, "GSM-7"},
		{"one more than two", strings.Repeat("a", 307), 3, "GSM-7"},
		{"signs of two places", strings.Repeat("€", 80), 1, "GSM-7"},
		{"one such sign more", strings.Repeat("€", 81), 2, "GSM-7"},
		{"a pair that would be cut", strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), 3, "GSM-7"},
		{"a pair that would not", strings.Repeat("a", 151) + "€" + strings.Repeat("a", 153), 2, "GSM-7"},
		{"the accents that GSM has", "éñüÑ¿¡", 1, "GSM-7"},
		{"one that it lacks", "á", 1, "UCS-2"},
		{"seventy", strings.Repeat("á", 70), 1, "UCS-2"},
		{"one more than seventy", strings.Repeat("á", 71), 2, "UCS-2"},
		{"a curly quote among many", strings.Repeat("a", 134) + "’", 3, "UCS-2"},
		{"emoji", strings.Repeat("😀", 35), 1, "UCS-2"},
		{"an emoji that would be cut", strings.Repeat("a", 66) + "😀" + strings.Repeat("a", 66), 3, "UCS-2"},
		{"a byte that is no UTF-8", "\xff", 1, "UCS-2"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			if n, encoding := Segments(c.text); n != c.n || encoding != c.encoding {
				t.Errorf("got %d %s, want %d %s", n, encoding, c.n, c.encoding)
			}
		})
	}
}

func TestSegmentsHoldTheWholeText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("aZ9 é€[^😀á’\n"))).Draw(rt, "text")
		text += strings.Repeat(rapid.SampledFrom([]string{"a", "€", "á", "😀"}).Draw(rt, "fill"), rapid.IntRange(0, 400).Draw(rt, "times"))
		n, encoding := Segments(text)
		total, one, many := 0, 160, 153
		for _, r := range text {
			total += gsmPlaces(r)
		}
		if encoding == "UCS-2" {
			total, one, many = len(utf16.Encode([]rune(text))), 70, 67
		}
		switch {
		case total == 0 && n != 0, total > 0 && total <= one && n != 1:
			rt.Fatalf("%d places in %d segments", total, n)
		case total > one && (n < (total+many-1)/many || n > (total+many-2)/(many-1)):
			// Each segment but the last is full, or one place short before a pair.
			rt.Fatalf("%d places in %d segments of %d", total, n, many)
		}
		if more, _ := Segments(text + "a"); more < n {
			rt.Fatalf("a longer text takes %d segments, not %d", more, n)
		}
	})
}

func TestTheLongestValuesStillFitIntoTwoSegments(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *Set, name, language string, d Data) {
		d.Sender = strings.Repeat("S", 30)
		d.ClinicPhone = "+1 (303) 555-0100 ext. 1234"
		d.AnswerBySMS = map[string]string{"en": "Wed 12:30 pm", "es": "mie medianoche"}[language]
		if d.BookingURL != "" {
			d.BookingURL = "https://" + strings.Repeat("b", 80) + ".example"
		}
		render(t, s, name, language, d)
	})
}

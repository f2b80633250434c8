package templates

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

// WCAG 2.2, 1.4.3: text needs a contrast of 4.5 to 1, in both schemes.
func TestTextStandsOutInBothSchemes(t *testing.T) {
	t.Parallel()
	layout, err := messageFiles.ReadFile("layout/email.html")
	if err != nil {
		t.Fatal(err)
	}
	styles := string(layout) + body + linkMiddle + buttonMiddle + buttonStyle.open + panelStyle.open
	for _, c := range []struct{ what, ink, paper string }{
		{"words", "#1f2a2e", "#ffffff"}, {"words in a panel", "#1f2a2e", "#e7f0ee"}, {"small print", "#55646a", "#faf7f2"},
		{"the name", "#1d5b5e", "#faf7f2"}, {"a link", "#1d5b5e", "#ffffff"}, {"a link in a panel", "#1d5b5e", "#e7f0ee"}, {"a button", "#ffffff", "#1d5b5e"},
		{"words at night", "#ecf0ef", "#1a2427"}, {"words in a panel at night", "#ecf0ef", "#1d3032"}, {"small print at night", "#a9b8bb", "#12191b"},
		{"the name at night", "#7cc4bf", "#12191b"}, {"a link at night", "#7cc4bf", "#1a2427"}, {"a link in a panel at night", "#7cc4bf", "#1d3032"}, {"a button at night", "#0d1f20", "#7cc4bf"},
	} {
		if !strings.Contains(styles, c.ink) || !strings.Contains(styles, c.paper) {
			t.Errorf("%s: the colours are no longer in use", c.what)
		}
		light, dark := luminance(t, c.ink), luminance(t, c.paper)
		if ratio := (max(light, dark) + .05) / (min(light, dark) + .05); ratio < 4.5 {
			t.Errorf("%s: contrast %.1f", c.what, ratio)
		}
	}
}

// luminance is the relative luminance of a colour such as #1d5b5e.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	rgb, err := strconv.ParseUint(colour[1:], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for shift, weight := range map[int]float64{16: .2126, 8: .7152, 0: .0722} {
		c := float64(rgb>>shift&0xff) / 255
		if c <= .04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

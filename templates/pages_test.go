package templates_test

import (
	"bytes"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/templates"
)

func loadPages(t *testing.T) *templates.Pages {
	t.Helper()
	p, err := templates.LoadPages()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryPageRendersInEveryLanguage(t *testing.T) {
	t.Parallel()
	loadPages(t) // renders every sample in both, and compares the words
}

func TestAPageIsRenderedWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	p := loadPages(t)
	var out bytes.Buffer
	if err := p.Render(&out, templates.PageNote, "en", templates.NotePage{Action: "no such action"}); err == nil || out.Len() > 0 {
		t.Errorf("an action without words: %v, and %d bytes written", err, out.Len())
	}
	if err := p.Render(&out, templates.PageNote, "en", templates.MissingPage{}); err == nil {
		t.Error("the data of another page was taken")
	}
}

func TestWhatIsTypedStaysText(t *testing.T) {
	t.Parallel()
	p := loadPages(t)
	var out bytes.Buffer
	typed := templates.PageTyped{Name: `"><script>x</script>`, Message: "</textarea><b>{{.}}", Page: `"onload=`}
	if err := p.Render(&out, templates.PageContact, "es", templates.ContactPage{Typed: typed}); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script>x", "</textarea><b>", `""onload`} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
}

func TestAMomentIsSaidAsPeopleSayIt(t *testing.T) {
	t.Parallel()
	p := loadPages(t)
	denver, err := time.LoadLocation("America/Denver")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 24, 23, 30, 0, 0, denver)
	for _, c := range []struct {
		t      time.Time
		en, es string
	}{
		{time.Date(2026, 11, 24, 23, 59, 0, 0, denver), "today, Tuesday, 11:59 p.m., Denver time", "hoy, martes, a las 11:59 p.m., hora de Denver"},
		{time.Date(2026, 11, 25, 10, 0, 0, 0, denver), "tomorrow, Wednesday, 10 a.m., Denver time", "mañana, miércoles, a las 10 a.m., hora de Denver"},
		{time.Date(2026, 11, 27, 13, 0, 0, 0, denver), "Friday, November 27, 1 p.m., Denver time", "el viernes 27 de noviembre a la 1 p.m., hora de Denver"},
		{time.Date(2026, 12, 1, 12, 0, 0, 0, denver), "Tuesday, December 1, noon, Denver time", "el martes 1 de diciembre al mediodía, hora de Denver"},
		{time.Date(2026, 12, 1, 8, 5, 0, 0, time.UTC), "Tuesday, December 1, 8:05 a.m.", "el martes 1 de diciembre a las 8:05 a.m."},
	} {
		if got := p.When("en", c.t, now); got != c.en {
			t.Errorf("got %q, want %q", got, c.en)
		}
		if got := p.When("es", c.t, now); got != c.es {
			t.Errorf("got %q, want %q", got, c.es)
		}
	}
}

func TestTextAndControlsStandOutInBothSchemes(t *testing.T) {
	t.Parallel()
	css, _ := loadPages(t).Asset("look.css")
	light, rest, ok := strings.Cut(string(css.Body), "@media (prefers-color-scheme: dark)")
	dark, _, ok2 := strings.Cut(rest, "\n}\n")
	if !ok || !ok2 {
		t.Fatal("look.css has no dark scheme")
	}
	for scheme, text := range map[string]string{"light": light, "dark": dark} {
		tokens := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6})\b`).FindAllStringSubmatch(text, -1) {
			tokens[m[1]] = m[2]
		}
		for _, pair := range []struct {
			front, behind string
			min           float64
		}{
			{"ink", "paper", 4.5}, {"ink", "card", 4.5}, {"ink", "wash", 4.5},
			{"soft", "paper", 4.5}, {"soft", "card", 4.5}, {"soft", "wash", 4.5},
			{"brand", "paper", 4.5}, {"brand", "card", 4.5}, {"brand", "wash", 4.5}, {"brand-ink", "brand", 4.5},
			{"alert", "paper", 4.5}, {"alert", "alert-wash", 4.5},
			{"edge", "paper", 3}, {"edge", "card", 3}, // the border that shows where a field is
			{"focus", "paper", 3}, {"focus", "card", 3}, {"focus", "wash", 3}, {"focus", "alert-wash", 3},
		} {
			if got := contrast(t, tokens[pair.front], tokens[pair.behind]); got < pair.min {
				t.Errorf("%s: %s on %s is %.2f:1, want %.1f:1", scheme, pair.front, pair.behind, got, pair.min)
			}
		}
	}
}

// contrast is the contrast ratio of WCAG 2.2.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	luminance := func(hex string) float64 {
		n, err := strconv.ParseUint(hex, 16, 32)
		if err != nil {
			t.Fatalf("not a colour: %q", hex)
		}
		part := func(c uint64) float64 {
			s := float64(c&0xff) / 255
			if s <= 0.04045 {
				return s / 12.92
			}
			return math.Pow((s+0.055)/1.055, 2.4)
		}
		return 0.2126*part(n>>16) + 0.7152*part(n>>8) + 0.0722*part(n)
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

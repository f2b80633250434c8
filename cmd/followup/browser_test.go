package main

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/joydevie/followup/internal/web/browser"
)

// shots is the folder for the README's pictures; "" takes none.
var shots = flag.String("shots", "", "write screenshots into this folder")

// A person on a phone fills in the form; the whole sequence arrives, once, in
// the language chosen; the outbox shows it as it comes.
func TestAFormInABrowserLeadsToTheWholeSequence(t *testing.T) {
	t.Parallel()
	p := launch(t, nil, "dev", "--listen", "127.0.0.1:0", "--speed", "20000", "--send-window", "always")
	base := p.port("public")
	chrome := browser.Start(t)
	box := browser.Open(t, chrome, base+"/outbox", 1200, "light")
	form := browser.Open(t, chrome, base+"/contact?lang=es", 390, "light")
	for selector, text := range map[string]string{
		"#name": "Ana Díaz", "#email": "ana@example.com", "#phone": "(303) 555-0142", "#message": "¿Es para mí?",
	} {
		form.Do(chromedp.SendKeys(chromedp.CSS(selector), text))
	}
	form.Do(chromedp.Click(chromedp.CSS("#consent_email")), chromedp.Click(chromedp.CSS("#consent_sms")))
	picture(t, form, "form-es.png")
	form.Do(chromedp.Click(chromedp.CSS("form button")))
	form.Wait(`location.pathname === "/contact/thanks" && document.readyState === "complete"`)
	picture(t, form, "thanks-es.png")

	want := []string{"confirmation email", "confirmation sms", "followup-1 email", "followup-2 email", "followup-3 email"}
	eventually(t, "the whole sequence", func() bool { return len(received(outboxOf(t, base), "ana@example.com", "+13035550142")) >= len(want) })
	got := received(outboxOf(t, base), "ana@example.com", "+13035550142")
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	for _, m := range outboxOf(t, base) {
		if m.Template != "staff-note" && m.Language != "es" {
			t.Errorf("%s is in %q", m.Template, m.Language)
		}
	}
	// The page has been open all the time, and has brought itself up to date.
	box.Wait(`document.querySelectorAll("li.msg").length === 6`)
	box.Do(chromedp.EmulateViewport(1200, 1700)) // a body loads, and is painted, only when in view
	box.Wait(`performance.getEntriesByType("resource").filter(e => e.name.endsWith("/html")).length === 5`)
	picture(t, box, "outbox.png")

	english := browser.Open(t, chrome, base+"/contact", 390, "light")
	picture(t, english, "form.png")
	dark := browser.Open(t, chrome, base+"/contact", 390, "dark")
	picture(t, dark, "form-dark.png")
}

// picture takes a screenshot if somebody wants it.
func picture(t *testing.T, tab browser.Tab, name string) {
	t.Helper()
	if *shots == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*shots, name), tab.Picture(), 0o644); err != nil {
		t.Fatal(err)
	}
}

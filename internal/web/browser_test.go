package web_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/web/browser"
	"github.com/joydevie/followup/templates"
)

// tabTo presses Tab until the element is reached, as somebody does who has no
// mouse.
func tabTo(t *testing.T, tab browser.Tab, selector string) {
	t.Helper()
	for range 40 {
		if browser.Ask[bool](tab, fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
			return
		}
		tab.Press(kb.Tab)
	}
	t.Fatalf("40 times Tab do not lead to %s", selector)
}

func TestTheFormInABrowser(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)

	for _, lang := range []string{"en", "es"} {
		t.Run("is filled in and sent by keyboard alone, in "+lang, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			srv := httptest.NewServer(w.handler(t))
			t.Cleanup(srv.Close)
			tab := browser.Open(t, chromium, srv.URL+"/contact?page=/blog&lang="+lang, 1200, "light")
			for _, field := range []struct{ selector, keys string }{
				{`a[href="tel:988"]`, ""}, {`a[href="sms:988"]`, ""}, {`a[href="tel:911"]`, ""},
				{"#name", "Ann"}, {"#email", "ann@example.com"}, {"#phone", "303 555 0142"}, {"#message", "Hello"},
				{"input[type=radio]", " "}, {"#consent_email", ""}, {"#consent_sms", " "}, {"form button", kb.Enter},
			} {
				tabTo(t, tab, field.selector)
				tab.Press(field.keys)
			}
			tab.Wait(`location.pathname === "/contact/thanks" && document.readyState === "complete"`)
			if got := browser.Ask[string](tab, `document.documentElement.lang`); got != lang {
				t.Errorf("the thank-you page is in %q", got)
			}
			zone := browser.Ask[string](tab, `Intl.DateTimeFormat().resolvedOptions().timeZone`)
			want := intake.Form{Name: "Ann", Email: "ann@example.com", Phone: "303 555 0142", Message: "Hello", ConsentSMS: "yes",
				Preferred: "email", Language: lang, TimeZone: zone, Page: "/blog", Wording: templates.ConsentWording(lang, "").Version}
			if len(w.got) != 1 || w.got[0] != want {
				t.Errorf("took in %q, want %q", w.got, want)
			}
		})

		t.Run("leads from a mistake to its field, in "+lang, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			srv := httptest.NewServer(w.handler(t))
			t.Cleanup(srv.Close)
			tab := browser.Open(t, chromium, srv.URL+"/contact?lang="+lang, 320, "dark")
			for _, field := range []struct{ selector, keys string }{{"#email", "ann@@example.com"}, {"#phone", "555"}, {"#message", "long words"}, {"form button", kb.Enter}} {
				tabTo(t, tab, field.selector)
				tab.Press(field.keys)
			}
			tab.Wait(`document.querySelectorAll("[aria-invalid=true]").length === 2 && document.activeElement.matches(".errors")`)
			tab.Press(kb.Tab)
			tab.Follow()
			tab.Wait(`document.activeElement.id === "email"`)
			if got := browser.Ask[string](tab, `document.querySelector("#message").value + "|" + document.activeElement.value`); got != "long words|ann@@example.com" {
				t.Errorf("what was typed became %q", got)
			}
			said := browser.Ask[string](tab, `document.activeElement.getAttribute("aria-describedby").split(" ").map(id => document.getElementById(id).textContent).join(" ")`)
			if !strings.Contains(said, "@.") && !strings.Contains(said, "@ sign") {
				t.Errorf("the field is described by %q", said)
			}
		})
	}
}

func TestEveryPageServesPeopleAsTheyAre(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	w := setup(t)
	w.Links = &links{}
	w.FormToken = func(string) string { return "token" }
	w.Clinic.BookingURL = "https://joydevie.example/book"
	up := httptest.NewServer(w.handler(t))
	t.Cleanup(up.Close)
	down := setup(t)
	down.Intake = submitFunc(func(context.Context, intake.Form, intake.Origin) (intake.Receipt, error) {
		return intake.Receipt{}, errStore
	})
	broken := httptest.NewServer(down.handler(t))
	t.Cleanup(broken.Close)
	press := `document.querySelector("form").submit()`
	for name, page := range map[string]struct{ url, do, then string }{
		"the form":              {up.URL + "/contact?lang=LANG", "", ""},
		"the form with errors":  {up.URL + "/contact?lang=LANG", `document.querySelector("#phone").value = "555"; document.querySelector("#email").value = "a@@b"; ` + press, ".errors"},
		"the form, store away":  {broken.URL + "/contact?lang=LANG", press, ".errors"},
		"thanks":                {up.URL + "/contact/thanks?lang=LANG&sent=1&email=1&sms=1&call=1", "", ""},
		"thanks, nothing comes": {up.URL + "/contact/thanks?lang=LANG&sent=1&call=1", "", ""},
		"a note":                {up.URL + "/n/good?lang=LANG", "", ""},
		"a note, done":          {up.URL + "/n/good?lang=LANG", press, "h1[autofocus]"},
		"unsubscribe":           {up.URL + "/u/good?lang=LANG", "", ""},
		"unsubscribe, done":     {up.URL + "/u/good?lang=LANG", press, "h1[autofocus]"},
		"a bad link":            {up.URL + "/u/bad?lang=LANG", "", ""},
		"nowhere":               {up.URL + "/nowhere?lang=LANG", "", ""},
		"a link, store away":    {up.URL + "/u/broken?lang=LANG", "", ""},
	} {
		for _, view := range []struct {
			lang   string
			width  int64
			scheme string
		}{{"en", 1200, "light"}, {"es", 320, "dark"}} {
			t.Run(fmt.Sprintf("%s/%s/%d", name, view.lang, view.width), func(t *testing.T) {
				t.Parallel()
				tab := browser.Open(t, chromium, strings.ReplaceAll(page.url, "LANG", view.lang), view.width, view.scheme)
				if page.do != "" {
					browser.Ask[*int](tab, page.do+"; null")
					tab.Wait(fmt.Sprintf(`document.readyState === "complete" && !!document.querySelector(%q)`, page.then))
				}
				if wide := browser.Ask[int](tab, `document.documentElement.scrollWidth`); wide > int(view.width) {
					t.Errorf("the page is %d px wide on a screen of %d (SC 1.4.10)", wide, view.width)
				}
				small := browser.Ask[string](tab, `[...document.querySelectorAll("a, button, input:not([type=hidden]), textarea")]
					.filter(e => !e.closest(".trap")).filter(e => { const r = (e.closest("label") || e).getBoundingClientRect(), most = e.closest(".help") ? 44 : 24; return r.width < most || r.height < most })
					.filter(e => !e.closest("p:not(.links), li:not(.help li)")).map(e => e.outerHTML).join("\n")`)
				if small != "" {
					t.Errorf("too small to hit (SC 2.5.8): %s", small)
				}
				weight := browser.Ask[int](tab, `performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource")).reduce((sum, e) => sum + e.decodedBodySize, 0)`)
				if weight == 0 || weight > 100_000 {
					t.Errorf("the page weighs %d bytes with all it loads", weight)
				}
				elsewhere := browser.Ask[string](tab, `performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.startsWith(location.origin) && !n.startsWith("data:")).join(" ")`)
				if elsewhere != "" {
					t.Errorf("the page loads %s", elsewhere)
				}
				tab.Axe()
			})
		}
	}
}

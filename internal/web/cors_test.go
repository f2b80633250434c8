package web_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/web"
	"github.com/joydevie/followup/internal/web/browser"
	"github.com/joydevie/followup/templates"
)

func TestOnlyOurSitesMayPostFromABrowser(t *testing.T) {
	t.Parallel()
	const ours, other, urlencoded = "https://www.joydevie.example", "https://elsewhere.example", "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		method  string
		headers []string
		status  int
		allowed bool // the browser is told that the page may read the answer
	}{
		"our site asks first":             {"OPTIONS", []string{"Origin", ours, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type"}, 204, true},
		"another site asks first":         {"OPTIONS", []string{"Origin", other, "Access-Control-Request-Method", "POST"}, 403, false},
		"nobody asks first":               {"OPTIONS", []string{"Access-Control-Request-Method", "POST"}, 403, false},
		"what allows what":                {"OPTIONS", []string{"Origin", ours}, 405, true},
		"our site, by script":             {"POST", []string{"Origin", ours, "Sec-Fetch-Site", "same-site", "Accept", "application/json"}, 202, true},
		"our site, without a script":      {"POST", []string{"Origin", ours, "Sec-Fetch-Site", "cross-site", "Accept", "text/html"}, 303, true},
		"another site, by script":         {"POST", []string{"Origin", other, "Sec-Fetch-Site", "cross-site", "Accept", "application/json"}, 403, false},
		"another site, without a script":  {"POST", []string{"Origin", other, "Accept", "text/html"}, 403, false},
		"another site, nameless":          {"POST", []string{"Origin", "null", "Sec-Fetch-Site", "cross-site"}, 403, false},
		"one that sounds like ours":       {"POST", []string{"Origin", ours + ".evil.example"}, 403, false},
		"our own page":                    {"POST", []string{"Origin", "http://example.com", "Accept", "text/html"}, 303, false},
		"our own page, behind a proxy":    {"POST", []string{"Origin", "https://contact.joydevie.example", "Sec-Fetch-Site", "same-origin", "Accept", "text/html"}, 303, false},
		"no browser":                      {"POST", []string{"Accept", "application/json"}, 202, false},
		"an empty form from our site":     {"POST", []string{"Origin", ours, "Accept", "application/json", "X-Empty", "1"}, 422, true},
		"the form's page from another":    {"GET", []string{"Origin", other}, 200, false},
		"our site asks for another thing": {"OPTIONS", []string{"Origin", ours, "Access-Control-Request-Method", "DELETE"}, 204, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.Origins = []string{ours}
			body := "email=ann%40example.com"
			if strings.Contains(strings.Join(c.headers, " "), "X-Empty") {
				body = ""
			}
			out := w.ask(t, c.method, "/contact", body, append(c.headers, "Content-Type", urlencoded)...)
			h := out.Header()
			if out.Code != c.status || !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin") {
				t.Errorf("%d, Vary %q: %s", out.Code, h.Values("Vary"), out.Body)
			}
			if got := h.Get("Access-Control-Allow-Origin"); (got == ours) != c.allowed || !c.allowed && got != "" {
				t.Errorf("allows %q", got)
			}
			if h.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("asks for cookies")
			}
			if methods := h.Get("Access-Control-Allow-Methods"); c.status == 204 && methods != "POST" || c.status != 204 && methods != "" {
				t.Errorf("methods %q", methods)
			}
			if (len(w.got) == 1) != (out.Code == 202 || out.Code == 303) {
				t.Errorf("took in %d", len(w.got))
			}
			if c.status == 403 && !strings.Contains(w.log.String(), "name it in origins") {
				t.Errorf("the log does not say what to do: %s", w.log.String())
			}
		})
	}
	t.Run("nothing else is open", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		w.Origins, w.Links = []string{ours}, &links{}
		for _, path := range []string{"/u/good", "/n/good", "/contact/thanks", "/static/form.js"} {
			if out := w.ask(t, "OPTIONS", path, "", "Origin", ours, "Access-Control-Request-Method", "POST"); out.Header().Get("Access-Control-Allow-Origin") != "" || out.Code != 405 {
				t.Errorf("%s: %d %v", path, out.Code, out.Header())
			}
		}
	})
	t.Run("an origin that is none", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		w.Origins = []string{"joydevie.example"}
		if _, err := web.New(w.Config); err == nil {
			t.Error("was taken")
		}
	})
}

// snippet is the form that docs/connect.md gives to developers, on a page of
// theirs that posts to base.
func snippet(t *testing.T, base string) []byte {
	t.Helper()
	docs, err := os.ReadFile("../../docs/connect.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(docs, []byte("```html\n"))
	form, _, ok := bytes.Cut(rest, []byte("```"))
	if !ok {
		t.Fatal("docs/connect.md has no form")
	}
	page := `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Ask us</title><style>input[type=checkbox] { width: 24px; height: 24px } a { line-height: 1.7 }</style><main><h1>Ask us</h1>`
	return append([]byte(page), bytes.ReplaceAll(form, []byte("https://contact.joydevie.example"), []byte(base))...)
}

// The words beside the boxes of the snippet are those of its version.
func TestTheSnippetShowsTheWordsOfItsVersionUnticked(t *testing.T) {
	t.Parallel()
	page := string(snippet(t, "https://contact.joydevie.example"))
	words := templates.ConsentWording("en", "JoyDeVie Infusions")
	for _, want := range []string{`name="consent_version" value="` + words.Version + `"`, "<span>" + words.Email + "</span>", "<span>" + strings.ReplaceAll(words.SMS, "&", "&amp;") + "</span>"} {
		if !strings.Contains(page, want) {
			t.Errorf("lacks %s", want)
		}
	}
	if strings.Contains(page, "checked") || strings.Contains(page, "src=") {
		t.Error("a box is ticked, or something is loaded")
	}
}

func TestTheSnippetOnTheClinicsOwnSite(t *testing.T) {
	t.Parallel()
	chromium := browser.Start(t)
	// site serves the snippet from an origin of its own, and the form service.
	site := func(t *testing.T, allowed bool) (w *world, url string) {
		w = setup(t)
		var base string
		clinic := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			out.Header().Set("Content-Type", "text/html")
			_, _ = out.Write(snippet(t, base))
		}))
		t.Cleanup(clinic.Close)
		url = strings.Replace(clinic.URL, "127.0.0.1", "localhost", 1)
		if allowed {
			w.Origins = []string{url}
		}
		service := httptest.NewServer(w.handler(t))
		t.Cleanup(service.Close)
		base = service.URL
		return w, url + "/ask"
	}
	fill := func(tab browser.Tab) {
		tab.Do(chromedp.SendKeys(chromedp.CSS("#fu-name"), "Ann"), chromedp.SendKeys(chromedp.CSS("#fu-email"), "ann@example.com"),
			chromedp.Click(chromedp.CSS("[name=consent_email]")))
	}
	want := func(t *testing.T, w *world, f intake.Form) {
		t.Helper()
		f.Name, f.Email, f.ConsentEmail, f.Language, f.Wording = "Ann", "ann@example.com", "yes", "en", templates.ConsentWording("en", "").Version
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.got) != 1 || w.got[0] != f {
			t.Errorf("took in %q, want %q", w.got, f)
		}
	}

	t.Run("posts and gets the answer", func(t *testing.T) {
		t.Parallel()
		w, url := site(t, true)
		tab := browser.Open(t, chromium, url, 390, "light")
		tab.Axe()
		fill(tab)
		zone := browser.Ask[string](tab, `Intl.DateTimeFormat().resolvedOptions().timeZone`)
		tab.Do(chromedp.Click(chromedp.CSS("button")))
		tab.Wait(`document.querySelector("[role=status]").textContent.startsWith("Thank you.")`)
		want(t, w, intake.Form{Page: "/ask", TimeZone: zone})
	})
	t.Run("shows what is wrong", func(t *testing.T) {
		t.Parallel()
		w, url := site(t, true)
		tab := browser.Open(t, chromium, url, 390, "light")
		tab.Do(chromedp.Click(chromedp.CSS("button")))
		tab.Wait(`document.querySelector("[role=status]").textContent.includes("email") && document.activeElement.matches("[role=status]")`)
		if len(w.got) > 0 {
			t.Error("took it in")
		}
	})
	t.Run("works without its script", func(t *testing.T) {
		t.Parallel()
		w, url := site(t, true)
		tab := browser.Open(t, chromium, url, 390, "light")
		fill(tab)
		browser.Ask[*int](tab, `document.getElementById("followup").page.value = document.getElementById("followup").time_zone.value = "", document.getElementById("followup").submit(), null`)
		tab.Wait(`location.pathname === "/contact/thanks" && document.readyState === "complete"`)
		want(t, w, intake.Form{})
	})
	t.Run("sends JSON as well, once it has asked", func(t *testing.T) {
		t.Parallel()
		w, url := site(t, true)
		tab := browser.Open(t, chromium, url, 390, "light")
		got := browser.Ask[string](tab, `fetch(document.getElementById("followup").action, {method: "POST", headers: {"Content-Type": "application/json", "Idempotency-Key": "k1"},
			body: JSON.stringify({name: "Ann", email: "ann@example.com", consent_email: true, language: "en", consent_version: "`+templates.ConsentWording("en", "").Version+`"})}).then(a => a.json()).then(a => a.status)`)
		if got != "queued" || len(w.from) != 1 || w.from[0].IdempotencyKey != "k1" {
			t.Errorf("%q, %+v", got, w.from)
		}
	})
	t.Run("is refused on a site that nobody named", func(t *testing.T) {
		t.Parallel()
		w, url := site(t, false)
		tab := browser.Open(t, chromium, url, 390, "light")
		said := browser.Ask[string](tab, `fetch(document.getElementById("followup").action, {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"}).then(() => "answered", e => e.name)`)
		if said != "TypeError" {
			t.Errorf("a script there got %q", said)
		}
		fill(tab)
		tab.Do(chromedp.Click(chromedp.CSS("button")))
		tab.Wait(`location.pathname === "/contact" && document.readyState === "complete" && document.body.textContent.includes("a page that we do not know")`)
		if len(w.got) > 0 {
			t.Error("took it in")
		}
	})
}

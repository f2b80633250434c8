package preview_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/joydevie/followup/internal/preview"
	"github.com/joydevie/followup/internal/web/browser"
	"github.com/joydevie/followup/templates"
)

var shots = flag.String("shots", "", "photograph every email into this folder")

func serveWords(t *testing.T) string {
	t.Helper()
	words, err := templates.NewLive(templates.Load)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/preview", preview.Handler(words))
	mux.Handle("/preview/", preview.Handler(words))
	mux.HandleFunc("GET /static/look.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join("..", "..", "templates", "pages", "look.css"))
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL
}

// Every email fits the narrowest screen. With -shots it is photographed, too,
// on a phone and on a desk, by day and by night.
func TestEveryLetterFitsItsScreen(t *testing.T) {
	t.Parallel()
	base, all := serveWords(t), every(t)
	if *shots == "" {
		tab := browser.Open(t, browser.Start(t), base+"/preview/help/en/html", 320, "light")
		for _, m := range all {
			look(t, tab, base, m, 320, "light")
		}
		return
	}
	for _, width := range []int64{320, 600} {
		for _, scheme := range []string{"light", "dark"} {
			for _, language := range []string{"en", "es"} { // a browser each: taking pictures takes time
				tab := browser.Open(t, browser.Start(t), base+"/preview/help/en/html", width, scheme)
				for _, m := range all {
					if m.Language == language {
						look(t, tab, base, m, width, scheme)
					}
				}
			}
		}
	}
	for _, scheme := range []string{"light", "dark"} {
		page := browser.Open(t, browser.Start(t), base+"/preview/booked/en", 1280, scheme)
		page.Do(chromedp.EmulateViewport(1280, 2500), chromedp.Reload())                   // frames below the window are not painted
		browser.Ask[bool](page, `new Promise(done => setTimeout(() => done(true), 3000))`) // and those in it a while after they loaded
		photograph(t, page, filepath.Join(*shots, "page-"+scheme+".png"))
	}
}

func look(t *testing.T, tab browser.Tab, base string, m preview.Message, width int64, scheme string) {
	t.Helper()
	tab.Do(chromedp.Navigate(fmt.Sprintf("%s/preview/%s/%s/html", base, m.Name, m.Language)))
	if wide := browser.Ask[int](tab, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
		t.Errorf("%s.%s is %d pixels wider than a screen of %d", m.Name, m.Language, wide, width)
	}
	if *shots != "" {
		photograph(t, tab, filepath.Join(*shots, fmt.Sprintf("%s-%s-%d-%s.png", m.Name, m.Language, width, scheme)))
	}
}

func photograph(t *testing.T, tab browser.Tab, file string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, tab.Picture(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The page of a development run can be used by everybody.
func TestThePreviewStandsInNobodysWay(t *testing.T) {
	t.Parallel()
	base, chrome := serveWords(t), browser.Start(t)
	for _, width := range []int64{320, 1280} {
		tab := browser.Open(t, chrome, base+"/preview/booked/es", width, "light")
		if wide := browser.Ask[int](tab, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
			t.Errorf("the page is %d pixels wider than %d", wide, width)
		}
		tab.Axe()
	}
}

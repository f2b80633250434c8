package templates

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"reflect"
)

//go:embed pages/*.html pages/*.yaml pages/look.css pages/form.js
var pageFiles embed.FS

// Pages renders every page in every language. It never changes once loaded.
type Pages struct {
	pages  map[string]*template.Template // by page + "." + language
	kinds  map[string]reflect.Type       // by page: what Render takes
	words  map[string]map[string]string  // by language, then by key
	assets map[string]PageAsset
}

// PageAsset is a file that pages load.
type PageAsset struct {
	Type string
	Body []byte
	Hash string // short, of the body; Href has it, so that a cache may keep the file for good
}

// LoadPages reads the pages and their words from the binary and renders each
// once: a page with a fault, a missing word or a language that lacks one is an
// error here and never later.
func LoadPages() (*Pages, error) {
	p := &Pages{
		pages:  map[string]*template.Template{},
		kinds:  map[string]reflect.Type{},
		words:  map[string]map[string]string{},
		assets: map[string]PageAsset{},
	}
	for name, kind := range map[string]string{"look.css": "text/css; charset=utf-8", "form.js": "text/javascript; charset=utf-8"} {
		body, err := pageFiles.ReadFile("pages/" + name)
		if err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
		sum := sha256.Sum256(body)
		p.assets[name] = PageAsset{Type: kind, Body: body, Hash: hex.EncodeToString(sum[:6])}
	}
	for _, lang := range []string{"en", "es"} {
		words, err := readPageWords("pages/" + lang + ".yaml")
		if err != nil {
			return nil, err
		}
		p.words[lang] = words
	}
	if err := samePageWords(p.words["en"], p.words["es"]); err != nil {
		return nil, err
	}
	for page, samples := range pageSamples() {
		p.kinds[page] = reflect.TypeOf(samples[0])
		for lang := range p.words {
			funcs := template.FuncMap{"href": p.Href, "t": func(key string, pairs ...string) (string, error) { return p.say(lang, key, pairs...) }}
			t, err := template.New("layout.html").Funcs(funcs).ParseFS(pageFiles, "pages/layout.html", "pages/parts.html", "pages/"+page+".html")
			if err != nil {
				return nil, fmt.Errorf("pages: %w", err)
			}
			p.pages[page+"."+lang] = t
			for _, sample := range samples {
				if err := p.Render(io.Discard, page, lang, sample); err != nil {
					return nil, err
				}
			}
		}
	}
	return p, nil
}

// Render writes a page, whole or not at all: w is untouched when it returns an
// error. What is neither "en" nor "es" reads English.
func (p *Pages) Render(w io.Writer, page, lang string, data any) error {
	if want, ok := p.kinds[page]; !ok || reflect.TypeOf(data) != want {
		return fmt.Errorf("pages: no page %q of %T", page, data)
	}
	t, ok := p.pages[page+"."+lang]
	if !ok {
		t = p.pages[page+".en"]
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return fmt.Errorf("page %s: %w", page, err)
	}
	_, err := out.WriteTo(w)
	return err
}

// Asset gives a file that pages load, such as "look.css".
func (p *Pages) Asset(name string) (PageAsset, bool) {
	a, ok := p.assets[name]
	return a, ok
}

// Href is the address of an asset, with the hash of its content.
func (p *Pages) Href(name string) (string, error) {
	a, ok := p.assets[name]
	if !ok {
		return "", fmt.Errorf("pages: no file %q", name)
	}
	return "/static/" + name + "?v=" + a.Hash, nil
}

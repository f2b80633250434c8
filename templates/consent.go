package templates

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed consent/*.yaml
var consentFiles embed.FS

// Wording is what stands beside the two consent boxes, word for word. It
// belongs into the proof of every consent.
type Wording struct {
	Version string // such as "2026-11-24.1"; "" when no such version was published
	Email   string // beside consent_email
	SMS     string // beside consent_sms
	Hash    string // SHA-256, its first 128 bits in lower-case hex, over version, language and the words as shown
}

// ConsentWording gives the newest words in a language, with the clinic's name
// in them. What is neither "en" nor "es" reads English.
func ConsentWording(lang, clinic string) Wording {
	all := consentVersions()
	return all[len(all)-1].wording(lang, clinic)
}

// ConsentByVersion gives the words of a published version: those that a page
// showed which was opened before the words changed. An unknown version is the
// zero Wording.
func ConsentByVersion(version, lang, clinic string) Wording {
	for _, v := range consentVersions() {
		if v.Version == version {
			return v.wording(lang, clinic)
		}
	}
	return Wording{}
}

// ConsentWordings gives the words of every published version in every language,
// with the clinic's name in them.
func ConsentWordings(clinic string) []Wording {
	var all []Wording
	for _, v := range consentVersions() {
		for _, lang := range []string{"en", "es"} {
			all = append(all, v.wording(lang, clinic))
		}
	}
	return all
}

type consentVersion struct {
	Version string       `yaml:"version"`
	En      consentBoxes `yaml:"en"`
	Es      consentBoxes `yaml:"es"`
}

type consentBoxes struct {
	Email string `yaml:"email"`
	SMS   string `yaml:"sms"`
}

func (v consentVersion) wording(lang, clinic string) Wording {
	boxes := v.En
	if lang == "es" {
		boxes = v.Es
	} else {
		lang = "en"
	}
	w := Wording{
		Version: v.Version,
		Email:   strings.ReplaceAll(boxes.Email, "{{clinic}}", clinic),
		SMS:     strings.ReplaceAll(boxes.SMS, "{{clinic}}", clinic),
	}
	// NUL cannot stand in the words, so that no two wordings share their bytes.
	sum := sha256.Sum256([]byte(strings.Join([]string{w.Version, lang, w.Email, w.SMS}, "\x00")))
	w.Hash = hex.EncodeToString(sum[:16])
	return w
}

// consentVersions are the published versions, oldest first. The files are part
// of the binary, so that what a test has read once cannot fail in production.
var consentVersions = sync.OnceValue(func() []consentVersion {
	all, err := readConsent(consentFiles)
	if err != nil {
		panic(err)
	}
	return all
})

// readConsent reads and checks every version in the folder.
func readConsent(files fs.FS) ([]consentVersion, error) {
	names, err := fs.Glob(files, "consent/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("consent: %w", err)
	}
	var all []consentVersion
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("consent: %w", err)
		}
		var v consentVersion
		if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if name != "consent/"+v.Version+".yaml" {
			return nil, fmt.Errorf("%s: holds version %q: the file must be named after it", name, v.Version)
		}
		for _, words := range []string{v.En.Email, v.En.SMS, v.Es.Email, v.Es.SMS} {
			if !strings.Contains(words, "{{clinic}}") || strings.ContainsAny(words, "\x00\n") {
				return nil, fmt.Errorf("%s: every box must be one line that names {{clinic}}: %q", name, words)
			}
		}
		all = append(all, v)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("consent: no version")
	}
	slices.SortFunc(all, func(a, b consentVersion) int { return compareVersions(a.Version, b.Version) })
	return all, nil
}

// compareVersions orders "2026-11-24.2" before "2026-11-24.10".
func compareVersions(a, b string) int {
	dayA, nA, _ := strings.Cut(a, ".")
	dayB, nB, _ := strings.Cut(b, ".")
	if c := strings.Compare(dayA, dayB); c != 0 {
		return c
	}
	countA, _ := strconv.Atoi(nA)
	countB, _ := strconv.Atoi(nB)
	return countA - countB
}

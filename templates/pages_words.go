package templates

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Say gives the sentence for a key, with pairs of name and value filled in. An
// unknown key is "": every key that a page uses was tried at load.
func (p *Pages) Say(lang, key string, pairs ...string) string {
	s, _ := p.say(lang, key, pairs...)
	return s
}

// Fault gives the sentence for a field that cannot be used. A code without a
// sentence of its own asks to check the field.
func (p *Pages) Fault(lang, field, code string) string {
	label := p.Say(lang, "field."+field)
	if label == "" {
		label = field
	}
	if s := p.Say(lang, "fault."+code, "field", label); s != "" {
		return s
	}
	return p.Say(lang, "fault.other", "field", label)
}

func (p *Pages) say(lang, key string, pairs ...string) (string, error) {
	words, ok := p.words[lang]
	if !ok {
		words = p.words["en"]
	}
	s, ok := words[key]
	if !ok {
		return "", fmt.Errorf("pages: no words for %q", key)
	}
	if len(pairs) == 0 {
		return s, nil
	}
	filled := make([]string, len(pairs))
	for i := range pairs {
		filled[i] = pairs[i]
		if i%2 == 0 {
			filled[i] = "{" + pairs[i] + "}"
		}
	}
	return strings.NewReplacer(filled...).Replace(s), nil
}

// When says a moment as people do, seen from now: "tomorrow, Wednesday,
// 10 a.m., Denver time". The zone is that of t.
func (p *Pages) When(lang string, t, now time.Time) string {
	weekday := p.Say(lang, fmt.Sprintf("time.weekday.%d", t.Weekday()))
	month := p.Say(lang, fmt.Sprintf("time.month.%d", t.Month()-1))
	key, today := "time.later", now.In(t.Location())
	switch t.Format(time.DateOnly) {
	case today.Format(time.DateOnly):
		key = "time.today"
	case today.AddDate(0, 0, 1).Format(time.DateOnly):
		key = "time.tomorrow"
	}
	s := p.Say(lang, key, "weekday", weekday, "month", month, "day", fmt.Sprint(t.Day()), "clock", p.clock(lang, t))
	_, city, ok := strings.Cut(t.Location().String(), "/")
	if !ok { // "UTC" and "Local" are no place
		return s
	}
	city = city[strings.LastIndex(city, "/")+1:]
	return p.Say(lang, "time.zone", "when", s, "city", strings.ReplaceAll(city, "_", " "))
}

func (p *Pages) clock(lang string, t time.Time) string {
	hour, layout, key := t.Hour()%12, "3", "time.am"
	if t.Hour() >= 12 {
		key = "time.pm"
	}
	if hour == 1 { // Spanish: "a la 1", but "a las 2"
		key += "_one"
	}
	if t.Minute() != 0 {
		layout = "3:04"
	} else if t.Hour() == 12 {
		key = "time.noon"
	}
	return p.Say(lang, key, "hour", t.Format(layout))
}

// readPageWords reads a words file; nested keys are joined by dots.
func readPageWords(name string) (map[string]string, error) {
	text, err := pageFiles.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	words := map[string]string{}
	return words, flattenWords(words, name, "", tree)
}

func flattenWords(into map[string]string, file, path string, node any) error {
	switch v := node.(type) {
	case map[string]any:
		for k, child := range v {
			if err := flattenWords(into, file, strings.TrimPrefix(path+"."+k, "."), child); err != nil {
				return err
			}
		}
	case []any:
		for i, child := range v {
			if err := flattenWords(into, file, fmt.Sprintf("%s.%d", path, i), child); err != nil {
				return err
			}
		}
	case string:
		into[path] = v
	default:
		return fmt.Errorf("%s: %s: is %T, want words (quote it)", file, path, v)
	}
	return nil
}

// samePageWords reports every key that one language lacks, and every sentence
// whose {names} differ.
func samePageWords(en, es map[string]string) error {
	braces := regexp.MustCompile(`\{[a-z_]+\}`)
	names := func(s string) string {
		found := braces.FindAllString(s, -1)
		slices.Sort(found)
		return strings.Join(slices.Compact(found), " ")
	}
	var errs []error
	both := maps.Clone(en)
	maps.Copy(both, es)
	for _, key := range slices.Sorted(maps.Keys(both)) {
		a, inEn := en[key]
		b, inEs := es[key]
		switch {
		case !inEn || !inEs:
			errs = append(errs, fmt.Errorf("pages: %s: must stand in both languages", key))
		case names(a) != names(b):
			errs = append(errs, fmt.Errorf("pages: %s: names %q in English, %q in Spanish", key, names(a), names(b)))
		}
	}
	return errors.Join(errs...)
}

package config

import (
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Retention is how long what people leave is kept.
type Retention struct {
	Text         time.Duration // what they wrote in free words
	Contact      time.Duration // everything else about them, after something last happened
	Proof        time.Duration // what proves their consent, under keyed hashes
	Suppressions time.Duration // what blocks an address, under keyed hashes
}

const (
	day  = 24 * time.Hour
	year = 366 * day
)

var usualRetention = Retention{Text: 90 * day, Contact: year, Proof: 6 * year, Suppressions: 10 * year}

// setRetention reads the pairs. What is left out stays as it is.
func (d *document) setRetention(key string, node ast.Node, r *Retention) {
	fields := map[string]*time.Duration{"text": &r.Text, "contact": &r.Contact, "proof": &r.Proof, "suppressions": &r.Suppressions}
	d.each(key, node, "write for example retention: {text: 90d}", func(what string, node ast.Node) {
		field, ok := fields[what]
		if !ok {
			d.fault(key, quote(what)+" is nothing that is kept", meant(what, []string{"text", "contact", "proof", "suppressions"}, "write text, contact, proof or suppressions"))
			return
		}
		text, _ := scalar(node)
		after, ok := parseKeep(text)
		if !ok {
			d.fault(key, what+": "+quote(text)+" is no time to keep something", "write days or years, such as 90d or 6y")
			return
		}
		*field = after
	})
}

// parseKeep reads "90d" or "6y".
func parseKeep(text string) (time.Duration, bool) {
	after, ok := parseTime(text, map[string]time.Duration{"d": day, "y": year})
	return after, ok && after <= 100*year
}

// checkRetention: what proves and what blocks must outlast what it is about,
// and what the law asks for.
func (d *document) checkRetention(key string, r Retention) {
	for _, c := range []struct {
		wrong         bool
		problem, cure string
	}{
		{r.Contact < r.Text, "what people wrote would be kept longer than who wrote it", "keep text no longer than contact"},
		{r.Proof < max(r.Contact, 4*year), "proof would go before it may be asked for", "keep proof for 4y at least (28 U.S.C. 1658), and as long as contact"},
		{r.Suppressions < max(r.Contact, 5*year), "a wish to be left alone would be forgotten", "keep suppressions for 5y at least (47 CFR 64.1200(d)(6)), and as long as contact"},
	} {
		if c.wrong {
			d.fault(key, c.problem, c.cure)
		}
	}
}

// setWindows reads the two levels of pairs; what they mean is the matter of
// whoever knows calendars.
func (d *document) setWindows(key string, node ast.Node, windows *map[string]map[string]string) {
	*windows = map[string]map[string]string{}
	d.each(key, node, `write for example windows: {reminders: {mon-sat: "8:00-20:00"}}`, func(class string, node ast.Node) {
		days, ok := mapping(node)
		if !ok {
			d.fault(key, class+": must be pairs", `write for example `+class+`: {mon-fri: "10:00-18:00"}`)
			return
		}
		(*windows)[class] = days
	})
}

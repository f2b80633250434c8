package config

import (
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// Pace is what the providers of the channels take.
type Pace struct{ Email, SMS Rate }

// Rate is how many messages a channel takes; zero sets no limit.
type Rate struct{ PerSecond, PerDay int }

// usualPace is what small relays and one US long code take (Twilio: one segment
// a second; https://www.twilio.com/docs/api/errors/21611).
var usualPace = Pace{Email: Rate{10, 10_000}, SMS: Rate{1, 2000}}

// The most that anybody's provider takes; above it something else was meant.
const (
	mostPerSecond = 10_000
	mostPerDay    = 100_000_000
)

// setPace reads the two levels of pairs. What is left out stays as it is.
func (d *document) setPace(key string, node ast.Node, pace *Pace) {
	const example = "write for example " + "pace: {email: {per_second: 10, per_day: 10000}}"
	d.each(key, node, example, func(channel string, node ast.Node) {
		rate, ok := map[string]*Rate{"email": &pace.Email, "sms": &pace.SMS}[channel]
		if !ok {
			d.fault(key, quote(channel)+" is no channel", meant(channel, []string{"email", "sms"}, "write email or sms"))
			return
		}
		d.each(key, node, example, func(unit string, node ast.Node) {
			field, most := &rate.PerSecond, mostPerSecond
			switch unit {
			case "per_second":
			case "per_day":
				field, most = &rate.PerDay, mostPerDay
			default:
				d.fault(key, quote(unit)+" is no pace", meant(unit, []string{"per_second", "per_day"}, "write per_second or per_day"))
				return
			}
			text, _ := scalar(node)
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 || n > most {
				d.fault(key, channel+": "+unit+": "+quote(text)+" is no whole number from 0 to "+strconv.Itoa(most), "write how many messages, or 0 for no limit")
				return
			}
			*field = n
		})
	})
}

// each calls do for every pair of a mapping.
func (d *document) each(key string, node ast.Node, cure string, do func(name string, value ast.Node)) {
	pairs, ok := pairs(node)
	if !ok {
		d.fault(key, "must be pairs", cure)
		return
	}
	seen := map[string]bool{}
	for _, pair := range pairs {
		name := pair.Key.GetToken().Value
		if seen[name] {
			d.fault(key, quote(name)+" stands there a second time", "keep one of the two")
		}
		seen[name] = true
		do(name, pair.Value)
	}
}

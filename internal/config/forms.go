package config

import (
	"maps"
	"net/url"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// Form says of each field of ours in which fields of a site builder's form it
// arrives, and what else must be known of that form; FormKeys lists the names.
type Form map[string][]string

// FormKeys are what a form may say. The first line are fields of the contact
// form, the second what a browser would have told us; ticked are the words that
// mean that a box was ticked, consent_version is the version of the words
// beside the boxes, and id is the builder's own number of the post.
var FormKeys = []string{
	"name", "email", "phone", "message", "consent_email", "consent_sms", "preferred_channel",
	"language", "time_zone", "page", "ip", "user_agent",
	"ticked", "consent_version", "id",
}

func forms(n ast.Node) (map[string]Form, bool) {
	outer, ok := pairs(n)
	if !ok {
		return nil, false
	}
	all := map[string]Form{}
	for _, pair := range outer {
		name := pair.Key.GetToken().Value
		inner, ok := pairs(pair.Value)
		if _, twice := all[name]; !ok || twice {
			return nil, false
		}
		all[name] = Form{}
		for _, pair := range inner {
			key := pair.Key.GetToken().Value
			sources, ok := list(pair.Value)
			if !ok {
				var one string
				one, ok = scalar(pair.Value)
				sources = []string{one}
			}
			if _, twice := all[name][key]; !ok || twice {
				return nil, false
			}
			all[name][key] = sources
		}
	}
	return all, true
}

var formName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

func (d *document) checkForms(key string, all map[string]Form) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		form, at := all[name], key+"."+name
		fault := func(problem, cure string) { d.at(d.lines[key], at+problem, cure) }
		if !formName.MatchString(name) {
			d.fault(key, quote(name)+" cannot stand in an address", "name the form with small letters, digits and hyphens, such as website")
			continue
		}
		for _, field := range slices.Sorted(maps.Keys(form)) {
			if !slices.Contains(FormKeys, field) {
				fault(": "+quote(field)+" is unknown", meant(field, FormKeys, "remove it, or see docs/connect.md for what there is"))
			} else if len(form[field]) == 0 || slices.Contains(form[field], "") {
				fault("."+field+": names no field", "write the name that the builder gives its field")
			}
		}
		if form["email"] == nil && form["phone"] == nil {
			fault(": nobody could be answered", "say which field is the email or the phone")
		}
		if (form["consent_email"] != nil || form["consent_sms"] != nil) && len(form["consent_version"]) != 1 {
			fault(": a tick proves nothing without the words beside it", "write consent_version: and the version that the form shows")
		}
	}
}

// checkOrigin: only what a browser writes in Origin (RFC 6454, section 7) can
// ever be equal to it.
func (d *document) checkOrigin(key, text string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || text != u.Scheme+"://"+u.Host:
		d.fault(key, quote(withoutUser(text))+" is no origin", "write the scheme and the host alone, such as https://www.joydevie.example")
	case u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())):
		d.fault(key, quote(text)+" is not https", "what people write must not be read on the way: use https")
	}
}

// checkFormsKey: forms that nobody could post to would be lost without a word.
func (c *Config) checkFormsKey(command string, faults *Faults) {
	if len(c.Clinic.Forms) > 0 && c.FormsKey == "" && c.WebflowSecret == "" && (command == Run || command == Serve) {
		faults.addNew("FOLLOWUP_FORMS_KEY", "missing: the clinic's file has forms, and nobody could post to them", "make one with `openssl rand -hex 32`, keep it in a file and name that in FOLLOWUP_FORMS_KEY_FILE")
	}
}

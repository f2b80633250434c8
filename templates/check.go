package templates

import (
	"errors"
	"net/url"
	"reflect"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Check holds every message to the values that a clinic gives: each is written
// with them in the place of its sample's, and a link in a text must lead to one
// of the clinic's own domains. A value that is "" keeps the sample. The error
// is Faults.
func (s *Set) Check(clinic Data, own []string) error {
	domains := map[string]bool{}
	for _, host := range own {
		domains[domain(host)] = true
	}
	var faults Faults
	for _, name := range s.Names() {
		for _, language := range languages {
			w, ok := s.messages[name].wordings[language]
			if !ok {
				continue
			}
			fault := func(rule, key, what, cure string) {
				faults = append(faults, Fault{s.named(w.src.file), w.src.keyLine(key), rule, what, cure})
			}
			d := laid(clinic, w.sample)
			if _, err := w.render(d); err != nil {
				key := "class"
				if errors.Is(err, ErrSMS) {
					key = "sms"
				}
				fault(ruleClinic, key, err.Error(), "mend that value in the clinic's file, or the message")
			}
			for _, f := range w.inSMS {
				link := reflect.ValueOf(clinic).Field(f.at).String()
				if !f.url || link == "" || len(own) == 0 {
					continue
				}
				if u, err := url.Parse(link); err == nil && !loopback(u.Hostname()) && !domains[domain(u.Hostname())] {
					fault(ruleOwnLink, "sms", "{{"+f.name+"}} leads to "+u.Hostname(), "give an address on your own domain, such as a page there that leads on; or take the link out of the SMS")
				}
			}
		}
	}
	return faults.sorted()
}

// laid is the sample with the values of over that are not "".
func laid(over, sample Data) Data {
	from, to := reflect.ValueOf(over), reflect.ValueOf(&sample).Elem()
	for i := range from.NumField() {
		if from.Field(i).String() != "" && to.Field(i).String() != "" {
			to.Field(i).SetString(from.Field(i).String())
		}
	}
	return sample
}

// domain is what belongs to one owner: of desk.joydevie.example it is
// joydevie.example.
func domain(host string) string {
	host = strings.ToLower(host)
	if d, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return d
	}
	return host
}

package builders

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/joydevie/followup/internal/intake"
)

// Mapping says in which fields of a builder's payload each field of ours
// arrives, as config.FormKeys lists them. A source is a key of the payload,
// with dots where it is nested.
type Mapping map[string][]string

// ticks are the words that builders send for a box that was ticked, unless the
// mapping has others: 1 (Contact Form 7, Gravity Forms), on (Elementor), true
// (Webflow), and those of our own form.
var ticks = []string{"1", "on", "true", "yes"}

// form puts the payload into the contact form's fields. What the builder does
// not say stays empty: its own address is not the visitor's.
func (m Mapping) form(p payload) (intake.Form, intake.Origin) {
	f := intake.Form{
		Name: strings.Join(m.values(p, "name"), " "), Email: m.first(p, "email"), Phone: m.first(p, "phone"), Message: m.message(p),
		TimeZone: m.first(p, "time_zone"), Page: m.first(p, "page"), Language: m.first(p, "language"),
	}
	if len(m["language"]) == 1 && f.Language == "" { // a form in one language has no field for it
		f.Language = m["language"][0]
	}
	switch via := strings.ToLower(m.first(p, "preferred_channel")); via {
	case "email", "sms", "phone":
		f.Preferred = via
	case "":
	default:
		f.Message = strings.TrimSpace(f.Message + "\n\npreferred_channel: " + via)
	}
	if len(m["consent_version"]) == 1 {
		f.ConsentEmail, f.ConsentSMS, f.Wording = m.tick(p, "consent_email"), m.tick(p, "consent_sms"), m["consent_version"][0]
	}
	from := intake.Origin{UserAgent: m.first(p, "user_agent")}
	from.IP, _ = netip.ParseAddr(m.first(p, "ip"))
	return f, from
}

// values are what stands in the sources of a field, without what is empty.
func (m Mapping) values(p payload, field string) []string {
	var all []string
	for _, source := range m[field] {
		if text := strings.TrimSpace(p.get(source)); text != "" {
			all = append(all, text)
		}
	}
	return all
}

func (m Mapping) first(p payload, field string) string {
	if all := m.values(p, field); len(all) > 0 {
		return all[0]
	}
	return ""
}

// message is the one text, or of several each behind the name of its field.
func (m Mapping) message(p payload) string {
	if len(m["message"]) == 1 {
		return m.first(p, "message")
	}
	var all []string
	for _, source := range m["message"] {
		if text := strings.TrimSpace(p.get(source)); text != "" {
			all = append(all, source+": "+text)
		}
	}
	return strings.Join(all, "\n\n")
}

// tick is "yes" only for words that are known to mean it: a consent is never
// guessed.
func (m Mapping) tick(p payload, field string) string {
	words := ticks
	if len(m["ticked"]) > 0 {
		words = m["ticked"]
	}
	said := m.first(p, field)
	if said != "" && slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, said) }) {
		return "yes"
	}
	return ""
}

// missing lists the fields that a person types and none of whose sources is in
// the payload at all. Boxes are not among them: builders leave those out that
// were not ticked.
func (m Mapping) missing(p payload) []string {
	var fields []string
	for _, field := range []string{"name", "email", "phone", "message"} {
		if sources := m[field]; len(sources) > 0 && !slices.ContainsFunc(sources, p.has) {
			fields = append(fields, field)
		}
	}
	return fields
}

// without takes the fields at fault out of a form and writes what stood in them
// under the message. It is false when nobody could be answered then, or the
// message itself is at fault.
func without(f intake.Form, e *intake.Invalid) (intake.Form, bool) {
	for _, fault := range e.Faults {
		field, ok := map[string]*string{
			"name": &f.Name, "email": &f.Email, "phone": &f.Phone, "preferred_channel": &f.Preferred,
			"consent_email": &f.ConsentEmail, "consent_sms": &f.ConsentSMS,
		}[fault.Field]
		if !ok {
			return f, false
		}
		if *field != "" {
			f.Message = strings.TrimSpace(f.Message + "\n\n" + fault.Field + ": " + *field)
		}
		*field = ""
	}
	return f, f.Email != "" || f.Phone != ""
}

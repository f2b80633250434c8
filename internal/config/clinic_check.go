package config

import (
	"maps"
	"net/mail"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// check looks at what the clinic's values mean, each on its own. A key that is
// already to blame is left alone.
func (d *document) check(c *Clinic) {
	faulty := map[int]bool{}
	for _, f := range d.faults {
		faulty[f.Line] = true
	}
	for field, value := range reflect.ValueOf(c).Elem().Fields() {
		key := field.Tag.Get("yaml")
		switch at, set := d.lines[key]; {
		case set && faulty[at]:
		case value.IsZero() || (value.Kind() == reflect.Slice || value.Kind() == reflect.Map) && value.Len() == 0:
			if field.Tag.Get("optional") == "" {
				d.fault(key, "missing", "write for example "+key+": "+sample(field))
			}
		default:
			d.checkField(key, c)
		}
	}
	if c.ReplyTo == "" {
		c.ReplyTo = c.From
	}
}

func (d *document) checkField(key string, c *Clinic) {
	switch key {
	case "name":
		d.checkLine(key, c.Name, 80)
	case "sender_name":
		d.checkSender(key, c.SenderName)
	case "from":
		d.checkEmail(key, c.From)
		d.checkTelling(key, c.From, "use a neutral address: it stands in the list of whoever shares the reader's mailbox")
	case "reply_to":
		d.checkEmail(key, c.ReplyTo)
	case "phone":
		if !e164.MatchString(c.Phone) {
			d.fault(key, quote(c.Phone)+" is no number with its country", `write it like "+13035550100"`)
		}
	case "postal":
		d.checkLine(key, c.Postal, 200)
	case "zone":
		if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "Local" {
			d.fault(key, quote(c.Zone)+" is no time zone", "write its IANA name, such as America/Denver")
		}
	case "staff":
		for _, address := range c.Staff {
			d.checkEmail(key, address)
		}
	case "staff_phones":
		for _, number := range c.StaffPhone {
			if !e164.MatchString(number) {
				d.fault(key, quote(number)+" is no number with its country", `write it like "+13035550100"`)
			}
		}
	case "dkim_selector":
		if !selector.MatchString(c.DKIM) {
			d.fault(key, quote(c.DKIM)+" is no selector", "write what stands before ._domainkey in the DNS, such as mail")
		}
	case "agreements":
		d.checkAgreements(key, c.Agreements)
	case "retention":
		d.checkRetention(key, c.Retention)
	case "followups":
		d.checkFollowUps(key, c.FollowUps)
	case "reminders":
		d.checkReminders(key, c.Reminders)
	case "undo_wait":
		if c.UndoWait < 10*time.Second || c.UndoWait > 10*time.Minute {
			d.fault(key, c.UndoWait.String()+" is too short to change one's mind, or so long that nobody waits for it", "write from 10s to 10m")
		}
	case "list_wait":
		if c.ListWait < 10*time.Second || c.ListWait > time.Hour {
			d.fault(key, c.ListWait.String()+" is too short to change one's mind, or longer than anybody waits", "write from 10s to 1h")
		}
	case "booking_url":
		d.checkURL(key, c.BookingURL)
	case "privacy_url":
		d.checkURL(key, c.PrivacyURL)
	case "terms_url":
		d.checkURL(key, c.TermsURL)
	case "origins":
		for _, origin := range c.Origins {
			d.checkOrigin(key, origin)
		}
	case "forms":
		d.checkForms(key, c.Forms)
	}
}

// selector is a name in the DNS (RFC 6376 section 3.1).
var selector = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)

// checkAgreements: the day on which a vendor signed, by its short name.
func (d *document) checkAgreements(key string, signed map[string]string) {
	for _, vendor := range slices.Sorted(maps.Keys(signed)) {
		day, err := time.Parse(time.DateOnly, signed[vendor])
		switch {
		case vendor != "smtp" && vendor != "twilio":
			d.fault(key, quote(vendor)+" is no vendor that followup knows", "write smtp or twilio")
		case err != nil || day.After(time.Now()):
			d.fault(key, quote(signed[vendor])+" is no day that has been", "write the day of the signature like "+vendor+": 2026-01-31")
		}
	}
}

// checkLine: the text stands in headers and footers, where a control character
// would begin a line of its own.
func (d *document) checkLine(key, text string, most int) {
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		d.fault(key, "holds a line break or another character that cannot be printed", "write it on one line")
	case utf8.RuneCountInString(text) > most:
		d.fault(key, "too long", "keep it short, so that it fits a line on a phone")
	}
}

// senderName has only what the GSM-7 alphabet holds (3GPP TS 23.038): one
// letter beyond it turns a text into UCS-2 and doubles its length.
var senderName = regexp.MustCompile(`^[A-Za-z0-9ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùü ]+$`)

func (d *document) checkSender(key, text string) {
	switch {
	case utf8.RuneCountInString(text) > 20:
		d.fault(key, quote(text)+" is longer than 20 letters", "shorten it: every text begins with it")
	case !senderName.MatchString(text):
		d.fault(key, quote(text)+" holds more than letters, digits and spaces", "leave signs and accents such as á out: they double the length of a text")
	}
	d.checkTelling(key, text, "use a neutral name: it stands on the lock screen")
}

func (d *document) checkEmail(key, text string) {
	parsed, err := mail.ParseAddress(text)
	local, domain, _ := strings.Cut(text, "@")
	switch {
	case err != nil || parsed.Name != "" || parsed.Address != text || strings.Count(text, "@") != 1 || local == "" || len(text) > 254,
		strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		d.fault(key, quote(text)+" is no email address", "write it alone, without a name, such as desk@joydevie.example")
	case !isDomain(domain):
		d.fault(key, quote(text)+" has no whole domain", "write all of it, such as desk@joydevie.example")
	}
}

// isDomain reports whether the name has a dot and no empty part.
func isDomain(name string) bool {
	return strings.Contains(name, ".") && !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, ".") && !strings.Contains(name, "..")
}

func (d *document) checkURL(key, text string) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.User != nil || !isDomain(u.Hostname()) || strings.ContainsAny(text, " \t\"<>") {
		d.fault(key, quote(withoutUser(text))+" is no https address", "write for example https://joydevie.example/book")
		return
	}
	d.checkTelling(key, u.Host+u.Path, "use a neutral address: links are seen by others; it may forward to the clinic's own page")
}

func (d *document) checkTelling(key, text, cure string) {
	if word := telling(text); word != "" {
		d.fault(key, quote(word)+" tells why somebody writes", cure)
	}
}

// checkFollowUps: growing gaps and an end are what keep follow-ups from being a
// nuisance.
func (d *document) checkFollowUps(key string, after []time.Duration) {
	if len(after) > 3 {
		d.fault(key, "more than three", "keep three at most")
	}
	var last, gap time.Duration
	for _, a := range after {
		switch {
		case a > 60*24*time.Hour:
			d.fault(key, "goes on for more than 60 days", "end by 60d")
			return
		case a-last <= gap:
			d.fault(key, "the gaps do not grow", "wait longer each time, such as [1d, 3d, 7d]")
			return
		}
		last, gap = a, a-last
	}
}

// checkReminders: one that is late must still come before the appointment.
func (d *document) checkReminders(key string, all []Reminder) {
	if len(all) > 4 {
		d.fault(key, "more than four", "keep four at most")
	}
	for i, r := range all {
		switch {
		case r.Before > 14*24*time.Hour:
			d.fault(key, "more than 14 days before", "remind within 336h")
		case r.Late >= r.Before:
			d.fault(key, "still of use when the appointment has begun", "let the second time of a pair be shorter than the first")
		case i > 0 && all[i-1].Before == r.Before:
			d.fault(key, "names the same time twice", "keep one of the two")
		default:
			continue
		}
		return
	}
}

// tellingWord finds what would tell a bystander why somebody writes to the
// clinic, also inside a name that is written as one word, in English and
// Spanish. harmless are the words that hold "mental" and tell nothing.
var (
	tellingWord = regexp.MustCompile(`(?i)ketamin|spravato|infus|depres|suicid|psych|psiq|psic[oó]|anxi|ansiedad|ptsd|trauma|mental|bipolar|diagnos|dosage|dosis|crisis|urgent|addict|rehab`)
	harmless    = regexp.MustCompile(`(?i)(funda|ele|environ|experi|instru|supple|orna)mental`)
)

// telling gives the first telling word in the text, or "".
func telling(text string) string {
	return tellingWord.FindString(harmless.ReplaceAllString(text, ""))
}

// sample is the example of a field, as the file would have it.
func sample(field reflect.StructField) string {
	text := field.Tag.Get("example")
	if field.Type.Kind() == reflect.String && strings.HasPrefix(text, "+") {
		return quoted(text) // a number with a plus would lose it elsewhere
	}
	return text
}

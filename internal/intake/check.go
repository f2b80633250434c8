package intake

import (
	"errors"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/joydevie/followup/internal/contact"
)

// The longest text that each field takes, in characters. The message's bound
// is what a person can mean to write, and keeps the form below its 64 KiB.
const (
	maxName    = 200
	maxMessage = 10_000
	maxLoose   = 200_000 // more than a body of 64 KiB can become
	maxShort   = 320
	maxPage    = 500
)

// check normalises what was typed. Every field at fault is named; what only
// decorates (language, zone, page) is dropped when it cannot be used, since
// nobody should have to correct it.
func (i *Intake) check(f Form) (contact.Submission, error) {
	c := checker{}
	longest := maxMessage
	if f.Loose {
		longest = maxLoose
	}
	s := contact.Submission{
		Name:      contact.Private(c.text("name", f.Name, maxName, false)),
		Message:   contact.Private(c.text("message", f.Message, longest, true)),
		Language:  contact.English,
		Zone:      i.zone(f.TimeZone),
		Page:      page(f.Page),
		Preferred: c.preferred(f.Preferred),
		Consent: contact.Consent{
			Email: c.tick("consent_email", f.ConsentEmail),
			SMS:   c.tick("consent_sms", f.ConsentSMS),
		},
	}
	if l, ok := contact.ParseLanguage(f.Language); ok {
		s.Language = l
	}
	email := c.text("email", f.Email, maxShort, false)
	phone := c.text("phone", f.Phone, maxShort, false)
	s.Email, s.Phone = c.email(email), c.phone(phone)
	if email == "" && phone == "" && !f.Loose && !c.faulty("email") && !c.faulty("phone") {
		c.add("email", FaultReach)
	}
	if len(c.faults) > 0 {
		return contact.Submission{}, &Invalid{Faults: inFormOrder(c.faults)}
	}
	return s, nil
}

type checker struct{ faults []Fault }

func (c *checker) add(field, code string) { c.faults = append(c.faults, Fault{field, code}) }

func (c *checker) faulty(field string) bool {
	for _, f := range c.faults {
		if f.Field == field {
			return true
		}
	}
	return false
}

// text drops what no reader sees (controls, NUL, direction overrides) and
// folds line breaks to "\n", or to a space where a field is one line.
func (c *checker) text(field, s string, longest int, lines bool) string {
	if !utf8.ValidString(s) {
		c.add(field, FaultUnreadable)
		return ""
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && lines, r == '\u200d': // a joiner holds an emoji together
			return r
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return -1
		default:
			return r
		}
	}, s))
	if utf8.RuneCountInString(s) > longest {
		c.add(field, FaultTooLong)
		return ""
	}
	return s
}

func (c *checker) email(s string) contact.Email {
	if s == "" {
		return ""
	}
	e, err := contact.ParseEmail(s)
	switch {
	case errors.Is(err, contact.ErrTwoAts):
		c.add("email", FaultEmailTwoAts)
	case err != nil:
		c.add("email", FaultEmail)
	}
	return e
}

func (c *checker) phone(s string) contact.Phone {
	if s == "" {
		return ""
	}
	p, err := contact.ParsePhone(s)
	if err != nil {
		c.add("phone", FaultPhone)
	}
	return p
}

func (c *checker) tick(field, s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "1", "yes", "on":
		return true
	case "", "false", "0", "no", "off":
		return false
	default:
		c.add(field, FaultTick)
		return false
	}
}

func (c *checker) preferred(s string) contact.Via {
	switch v := contact.Via(strings.ToLower(strings.TrimSpace(s))); v {
	case "", contact.ViaEmail, contact.ViaSMS, contact.ViaPhone:
		return v
	default:
		c.add("preferred_channel", FaultPreferred)
		return ""
	}
}

// zone keeps the name of an IANA zone, "" for anything else. What is a zone is
// remembered, since to find out reads a file; there are some 600.
func (i *Intake) zone(s string) string {
	s = strings.TrimSpace(s)
	if _, known := i.zones.Load(s); known {
		return s
	}
	if s == "" || s == "Local" || len(s) > 64 {
		return ""
	}
	if _, err := time.LoadLocation(s); err != nil {
		return ""
	}
	i.zones.Store(s, true)
	return s
}

// page keeps the path of a page, "" for anything else. Its query is dropped: a
// site may put anything there.
func page(s string) string {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || !strings.HasPrefix(u.Path, "/") || len(u.EscapedPath()) > maxPage {
		return ""
	}
	return u.EscapedPath()
}

var formOrder = []string{"name", "email", "phone", "message", "preferred_channel", "consent_email", "consent_sms"}

func inFormOrder(faults []Fault) []Fault {
	sorted := make([]Fault, 0, len(faults))
	for _, field := range formOrder {
		for _, f := range faults {
			if f.Field == field {
				sorted = append(sorted, f)
			}
		}
	}
	return sorted
}

package contact

import (
	"errors"
	"net/mail"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"
)

// Email is a checked address: local part as typed, domain in lower-case ASCII.
type Email string

// The ways in which an address or a number cannot be used.
var (
	ErrNotAnEmail = errors.New("not an email address")
	ErrTwoAts     = errors.New("an email address with two @ signs")
	ErrNotAPhone  = errors.New("not a phone number")
)

// maxEmail is the longest address that fits an SMTP path: 256 octets with the
// angle brackets (RFC 5321 section 4.5.3.1.3).
const maxEmail = 254

// ParseEmail reads what a visitor typed. It trims white space, writes the
// domain in lower-case ASCII (RFC 5891) and returns ErrTwoAts or ErrNotAnEmail
// for what is no single plain address: display names, comments, quoted local
// parts, address literals and domains without a dot are refused. Whether a
// mailbox is there is not checked.
func ParseEmail(s string) (Email, error) {
	s = strings.TrimSpace(s)
	switch strings.Count(s, "@") {
	case 1:
	case 0:
		return "", ErrNotAnEmail
	default:
		return "", ErrTwoAts
	}
	local, domain, _ := strings.Cut(s, "@")
	if !atomText(local) {
		return "", ErrNotAnEmail
	}
	domain, err := idna.Lookup.ToASCII(strings.ToLower(domain))
	if err != nil || !strings.Contains(domain, ".") || strings.Contains(domain, "..") || strings.HasSuffix(domain, ".") {
		return "", ErrNotAnEmail
	}
	address := local + "@" + domain
	if len(address) > maxEmail || len(local) > 64 {
		return "", ErrNotAnEmail
	}
	if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
		return "", ErrNotAnEmail
	}
	return Email(address), nil
}

// atomText reports whether s is a dot-atom of ASCII (RFC 5322 section 3.2.3):
// relays that speak SMTPUTF8 are too rare to promise a non-ASCII local part an
// answer.
func atomText(s string) bool {
	if s == "" || strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		if !letter && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r) {
			return false
		}
	}
	return true
}

// Key is the form under which an address is one person: case is ignored, all
// else counts. "" for "".
func (e Email) Key() string { return strings.ToLower(string(e)) }

// Folded is the form under which an address counts for limits: what leads to one
// mailbox is one address, so what follows a plus, and the dots of Gmail, are left
// out. No message goes there. "" for "".
func (e Email) Folded() string {
	local, domain, _ := strings.Cut(e.Key(), "@")
	if before, _, plus := strings.Cut(local, "+"); plus && before != "" {
		local = before
	}
	if domain == "gmail.com" || domain == "googlemail.com" {
		local, domain = strings.ReplaceAll(local, ".", ""), "gmail.com"
	}
	if local == "" {
		return ""
	}
	return local + "@" + domain
}

// Phone is a checked number in E.164, such as "+13035550142".
type Phone string

// ParsePhone reads what a visitor typed. It accepts spaces, dots, dashes and
// brackets, assumes the United States when no country is given, and returns
// ErrNotAPhone for what no numbering plan knows. An extension is dropped.
func ParsePhone(s string) (Phone, error) {
	s = strings.TrimSpace(s)
	if len(s) > 64 {
		return "", ErrNotAPhone
	}
	// Letters spell numbers on a keypad ("1-800-FLOWERS"); in a form they are a mistake.
	bare, _, _ := strings.Cut(strings.ToLower(s), "ext")
	bare, _, _ = strings.Cut(bare, "x")
	if strings.ContainsFunc(bare, unicode.IsLetter) {
		return "", ErrNotAPhone
	}
	number, err := phonenumbers.Parse(bare, "US")
	if err != nil || !phonenumbers.IsValidNumber(number) && !inNewArea(number) {
		return "", ErrNotAPhone
	}
	return Phone(phonenumbers.Format(number, phonenumbers.E164)), nil
}

// Textable reports whether an automated SMS may go to the number: a US number
// that is, or may be, a mobile. "+1" is not the United States: Jamaica (876),
// the Dominican Republic (809), toll-free and premium numbers are not.
func (p Phone) Textable() bool {
	number, err := phonenumbers.Parse(string(p), "US")
	if err != nil {
		return false
	}
	if inNewArea(number) {
		return true
	}
	if phonenumbers.GetRegionCodeForNumber(number) != "US" {
		return false
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return true
	default:
		return false
	}
}

// Zones names the IANA zones that the number's prefix may lie in; none when
// the prefix is not geographic.
func (p Phone) Zones() []string {
	number, err := phonenumbers.Parse(string(p), "US")
	if err != nil || phonenumbers.GetNumberType(number) == phonenumbers.TOLL_FREE {
		return nil
	}
	zones, err := phonenumbers.GetTimezonesForNumber(number)
	if err != nil {
		return nil
	}
	return zones
}

// National writes a US number as people read it, "(303) 555-0142", and any
// other in international form.
func (p Phone) National() string {
	number, err := phonenumbers.Parse(string(p), "US")
	if err != nil {
		return string(p)
	}
	if number.GetCountryCode() == 1 {
		return phonenumbers.Format(number, phonenumbers.NATIONAL)
	}
	return phonenumbers.Format(number, phonenumbers.INTERNATIONAL)
}

// Package contact is the vocabulary of the house: who wrote, how that person
// may be reached, and in which language. It imports nothing of ours, keeps
// nothing and sends nothing. Every value that could name a person refuses to
// be printed: fmt and slog show a mask, and only an explicit string(v) in the
// code that must have it reveals the text.
package contact

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// ID names a person without saying who it is: 80 random bits in lower-case
// base32, fit for keys, URLs and logs.
type ID string

// Via is a way to reach a person.
type Via string

// The ways that the contact form offers. ViaPhone is a call by staff and never
// a message of ours.
const (
	ViaEmail Via = "email"
	ViaSMS   Via = "sms"
	ViaPhone Via = "phone"
)

// Language is the language a person chose on the form. It is kept for every
// later message.
type Language string

// The languages that every word of ours exists in.
const (
	English Language = "en"
	Spanish Language = "es"
)

// Languages lists them, the default first.
var Languages = [...]Language{English, Spanish}

// ParseLanguage reads a language tag such as "es" or "es-MX". What is neither
// English nor Spanish is "", false.
func ParseLanguage(s string) (Language, bool) {
	tag, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(s)), "-")
	for _, l := range Languages {
		if tag == string(l) {
			return l, true
		}
	}
	return "", false
}

// Submission is one contact form as it was taken in: who wrote, what was asked
// for and what was agreed to. It is never changed afterwards, so it is also the
// evidence of the consent.
type Submission struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Name      Private   `json:"name,omitempty"`    // as typed; FirstName is what a message may use
	Email     Email     `json:"email,omitempty"`   // "" when none was given
	Phone     Phone     `json:"phone,omitempty"`   // "" when none was given; maybe not textable
	Message   Private   `json:"message,omitempty"` // for staff alone
	Language  Language  `json:"language"`
	Preferred Via       `json:"preferred,omitempty"`
	Zone      string    `json:"zone,omitempty"` // the browser's IANA zone; "" when none was usable
	Page      string    `json:"page,omitempty"` // path of the article that the form stood on
	Consent   Consent   `json:"consent,omitzero"`
	Guard     string    `json:"guard,omitempty"` // why the form's guard stopped what would go to the person
}

// Consent is what was ticked and the proof of it: the burden lies with the
// sender (47 CFR 64.1200(a)(9) and (f)(9)).
type Consent struct {
	Email     bool    `json:"email,omitempty"`
	SMS       bool    `json:"sms,omitempty"`
	Wording   string  `json:"wording,omitempty"` // version of the words beside the boxes
	Hash      string  `json:"hash,omitempty"`    // of the exact words, in the language shown
	IP        Private `json:"ip,omitempty"`
	UserAgent Private `json:"ua,omitempty"`
}

// Given reports whether the person agreed to automated messages by that way.
func (c Consent) Given(v Via) bool {
	return v == ViaEmail && c.Email || v == ViaSMS && c.SMS
}

// Address is where a message by that way goes: the address, the number, or ""
// when none was given or no automated text may go to it.
func (s Submission) Address(v Via) string {
	switch {
	case v == ViaEmail:
		return string(s.Email)
	case v == ViaSMS && s.Phone != "" && s.Phone.Textable():
		return string(s.Phone)
	default:
		return ""
	}
}

// Content is what the person wrote, ticked and chose, in one line that is the
// same for the same submission sent again: for a keyed hash, never to be kept
// as it is. Whatever else a form carries makes it no other submission.
func (s Submission) Content() string {
	words, _ := json.Marshal([]any{ // texts and ticks: cannot fail
		string(s.Name), s.Email.Key(), string(s.Phone), string(s.Message), s.Language, s.Preferred, s.Consent.Email, s.Consent.SMS,
	})
	return string(words)
}

// Format prints its id for every verb of fmt: it names a person.
func (s Submission) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "submission "+s.ID) }

// LogValue prints the same in a log.
func (s Submission) LogValue() slog.Value { return slog.StringValue("submission " + s.ID) }

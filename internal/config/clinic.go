package config

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"time"
)

// Clinic is what describes the clinic, from its YAML file. Make one with
// LoadClinic or ExampleClinic. The hours are read by whoever knows calendars;
// here they are only known to be there.
//
// The tags: yaml is the key; group begins a new section of the manual; optional
// says that it may be missing, and what then holds is said in doc, and with
// "unset" that it is missing in the example too; example is the example clinic.
type Clinic struct {
	Name       string                       `group:"The clinic" yaml:"name" example:"JoyDeVie Infusions" doc:"The clinic's full name: on pages, in the bodies and footers of emails."`
	SenderName string                       `yaml:"sender_name" example:"JoyDeVie" doc:"The name on texts and as the sender of emails, which others may see: neutral, at most 20 letters, digits and spaces."`
	From       string                       `yaml:"from" example:"hello@joydevie.example" doc:"The address that emails come from: neutral, and on a domain that your relay may send for."`
	ReplyTo    string                       `yaml:"reply_to" optional:"true" example:"desk@joydevie.example" doc:"The address that answers go to. Without it: the one above."`
	Phone      string                       `yaml:"phone" example:"+13035550100" doc:"The number that people call, with its country."`
	Postal     string                       `yaml:"postal" example:"100 Example St, Denver, CO 80202" doc:"The postal address, which follow-ups must carry (15 U.S.C. 7704(a)(5))."`
	Zone       string                       `yaml:"zone" example:"America/Denver" doc:"The time zone of the clinic, by its IANA name."`
	Hours      map[string]string            `yaml:"hours" example:"{mon-fri: \"9:00-17:00\"}" doc:"When somebody reads what came in, by the 24-hour clock; it gives the \"we answer by\". Further days are closed."`
	Staff      []string                     `group:"Who is told" yaml:"staff" example:"[desk@joydevie.example]" doc:"Who is told of each message: one address or more."`
	StaffPhone []string                     `yaml:"staff_phones" optional:"unset" example:"[\"+13035550100\"]" doc:"Their numbers, with the country: until followup go-live they get texts, and nobody else does. Without it: no texts before that."`
	BookingURL string                       `group:"Its pages" yaml:"booking_url" optional:"true" example:"https://joydevie.example/book" doc:"Where people book. Without it: no such link."`
	PrivacyURL string                       `yaml:"privacy_url" optional:"true" example:"https://joydevie.example/privacy" doc:"The privacy policy, which carriers want to see under a form that asks for consent."`
	TermsURL   string                       `yaml:"terms_url" optional:"true" example:"https://joydevie.example/terms" doc:"The terms, for the same reason."`
	Origins    []string                     `yaml:"origins" optional:"unset" example:"[https://www.joydevie.example]" doc:"The sites whose pages may post the form: the clinic's own form on its own site (docs/connect.md). Without it: our own page alone."`
	Forms      map[string]Form              `yaml:"forms" optional:"unset" example:"\n  website:\n    name: [first-name, last-name]\n    email: your-email\n    phone: your-phone\n    message: your-message\n    consent_email: may-write\n    consent_version: 2026-11-24.1" doc:"Forms of site builders that post to /forms/ and their name: which field of theirs is which of ours (docs/connect.md). FOLLOWUP_FORMS_KEY must be set. Without it: none."`
	FollowUps  []time.Duration              `group:"What is sent, and when" yaml:"followups" optional:"unset" example:"[1d, 3d, 7d]" doc:"When to follow up while nobody answers, in days (d) or hours (h) after the message: at most three, with growing gaps, within 60 days. []: never. Without it: as here."`
	Reminders  []Reminder                   `yaml:"reminders" optional:"unset" example:"{24h: 20h, 2h: 90m}" doc:"How long before an appointment to remind, and how long after that moment a reminder is still of use, in hours (h) or minutes (m). {}: never. Without it: as here."`
	Windows    map[string]map[string]string `yaml:"windows" optional:"unset" example:"\n  messages: {mon-fri: \"10:00-18:00\", sat: \"10:00-17:00\"}\n  reminders: {mon-sun: \"8:00-20:00\", holidays: open}\n  messages from 2027-01-01: {mon-fri: \"9:00-18:00\"}" doc:"When texts and follow-ups (messages) and texts about appointments (reminders) may arrive where the person is, also from a day on. Without it: the first two lines, which every state's law known to us allows. Widen them knowingly: some states are narrower than 8:00 to 21:00, beyond which nothing goes."`
	TextFirst  bool                         `yaml:"text_first" optional:"unset" example:"false" doc:"true: no automated text goes to a number that has not texted the clinic first. Without it: whoever ticked the box gets them."`
	UndoWait   time.Duration                `yaml:"undo_wait" optional:"unset" example:"60s" doc:"How long a message that staff send waits, so that they can take it back: from 10s to 10m. Without it: 60s."`
	ListWait   time.Duration                `yaml:"list_wait" optional:"unset" example:"10m" doc:"How long a list that staff send waits, so that they can stop it, and its rest waits for its first three: from 10s to 1h. Without it: 10m."`
	Pace       Pace                         `group:"What providers take, and have signed" yaml:"pace" optional:"unset" example:"{email: {per_second: 10, per_day: 10000}, sms: {per_second: 1, per_day: 2000}}" doc:"How many messages your providers take, from all workers together: a second and a day. 0: no limit. A fifth is kept for what people wait for. Ask your relay; a US long code takes 1 text a second, and carriers some 2000 a day. Without it: as here."`
	DKIM       string                       `yaml:"dkim_selector" optional:"unset" example:"mail" doc:"The selector with which your relay signs emails (DKIM), as its pages name it; followup doctor looks up the key. Without it: not checked."`
	Agreements map[string]string            `yaml:"agreements" optional:"unset" example:"{smtp: 2026-01-31, twilio: 2026-01-31}" doc:"When each vendor that sees what people write has signed a business associate agreement (45 CFR 164.504(e)): smtp, twilio. followup doctor asks for it."`
	Retention  Retention                    `group:"How long things are kept" yaml:"retention" optional:"unset" example:"{text: 90d, contact: 366d, proof: 6y, suppressions: 10y}" doc:"How long what people leave is kept, in days (d) or years (y): what they wrote, after that; everything else about them, after something last happened; what proves consent and what blocks an address, under keyed hashes, after it was last written. What nobody has read stays. Without it: as here."`
}

// Reminder is one of every appointment.
type Reminder struct {
	Before time.Duration // the appointment
	Late   time.Duration // after that moment it is of no use any more
}

// LoadClinic reads the clinic's file. Its error is Faults with everything that
// is wrong in it, each with file and line; the Clinic beside it is of no use.
func LoadClinic(path string) (Clinic, error) {
	clinic, faults := readClinic(path, usualPace)
	return clinic, faults.sorted()
}

// mostBytes is far more than anybody has to say about a clinic.
const mostBytes = 64 << 10

// readClinic reads it; pace is what holds where it sets none.
func readClinic(path string, pace Pace) (Clinic, Faults) {
	content, err := os.ReadFile(path)
	switch {
	case err != nil:
		const cure = "name a file that the service may read; deploy/clinic.yaml is one to begin with"
		return Clinic{}, Faults{{File: printable(path), Problem: unquoted(err), Cure: cure}}
	case len(content) > mostBytes:
		return Clinic{}, Faults{{File: printable(path), Problem: "longer than 64 KiB", Cure: "keep to what deploy/clinic.yaml shows"}}
	}
	return parseClinic(printable(path), content, pace)
}

// parseClinic reads the content of the file; file is its name for the faults.
func parseClinic(file string, content []byte, pace Pace) (Clinic, Faults) {
	clinic := Clinic{
		Retention: usualRetention,
		FollowUps: []time.Duration{24 * time.Hour, 72 * time.Hour, 168 * time.Hour},
		Pace:      pace,
		Reminders: []Reminder{{24 * time.Hour, 20 * time.Hour}, {2 * time.Hour, 90 * time.Minute}},
		UndoWait:  time.Minute,
		ListWait:  10 * time.Minute,
	}
	d := document{file: file, lines: map[string]int{}}
	d.read(content, reflect.ValueOf(&clinic).Elem())
	if d.lines != nil { // it is a document with keys
		d.check(&clinic)
	}
	return clinic, d.faults
}

// ExampleClinic is the clinic that the documentation speaks of, for
// development and tests. Nobody lives there: .example is a reserved domain and
// 555-01xx are numbers for fiction.
func ExampleClinic() Clinic {
	var text bytes.Buffer
	ClinicManual(&text)
	clinic, faults := parseClinic("the example clinic", text.Bytes(), usualPace)
	if len(faults) > 0 {
		panic(fmt.Sprintf("config: the example clinic is wrong: %v", faults)) // built in, and tested
	}
	return clinic
}

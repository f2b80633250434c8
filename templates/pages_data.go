package templates

// The pages, each with the type that Render takes for it.
const (
	PageContact     = "contact"     // ContactPage
	PageThanks      = "thanks"      // ThanksPage
	PageNote        = "note"        // NotePage
	PageUnsubscribe = "unsubscribe" // UnsubscribePage
	PageTrouble     = "trouble"     // TroublePage
	PageMissing     = "missing"     // MissingPage
)

// PageFrame is what every page shows around its own words.
type PageFrame struct {
	Lang      string // "en" or "es"
	OtherHref string // the same page in the other language; "" shows no link
	Clinic    PageClinic
	NoIndex   bool
}

// PageClinic is the clinic as pages name it. Empty addresses show no link.
type PageClinic struct {
	Name, Phone, Tel                 string // Tel is E.164
	PrivacyURL, TermsURL, BookingURL string
}

// PageTime is a moment for people and for machines.
type PageTime struct{ Text, ISO string }

// PageFault is a field that cannot be used. Field is its name on the wire and
// the id of its element.
type PageFault struct{ Field, Message string }

// ContactPage is the form, empty or as it was sent.
type ContactPage struct {
	PageFrame
	AnswerBy PageTime
	SMS      bool // the clinic sends texts
	Consent  Wording
	Typed    PageTyped
	Faults   []PageFault
	Failed   bool   // nothing was taken in, and it is our fault
	Token    string // proves that the page is ours; "" leaves it and the trap for robots out
}

// PageTyped is what the visitor has typed so far.
type PageTyped struct {
	Name, Email, Phone, Message, Preferred, TimeZone, Page string
	ConsentEmail, ConsentSMS                               bool
}

// Fault gives the sentence for a field, "" when it is in order.
func (c ContactPage) Fault(field string) string {
	for _, f := range c.Faults {
		if f.Field == field {
			return f.Message
		}
	}
	return ""
}

// ThanksPage says what happens next. Known is false when somebody opened the
// page without having sent anything.
type ThanksPage struct {
	PageFrame
	AnswerBy                PageTime
	Known, Email, SMS, Call bool
	SMSAt                   PageTime // zero: at once
}

// NotePage is the page behind a link in a note to staff.
type NotePage struct {
	PageFrame
	Item, Action string
	Done         bool
}

// UnsubscribePage is the page behind the unsubscribe link of an email.
type UnsubscribePage struct {
	PageFrame
	Done bool
}

// TroublePage says that something did not work. Kind picks the words.
type TroublePage struct {
	PageFrame
	Kind string // a key below "trouble" in the words
	Form bool   // the visitor came from the form: show the way back
}

// MissingPage is for an address that is none. Link: a signed link that is bad.
type MissingPage struct {
	PageFrame
	Link bool
}

// pageSamples has data that takes every branch of a page, so that a page that
// cannot be rendered stops the start and not a visitor.
func pageSamples() map[string][]any {
	when := PageTime{"when", "2026-11-25T10:00:00-07:00"}
	frame := PageFrame{OtherHref: "?lang=es", NoIndex: true, Clinic: PageClinic{"Clinic", "(303) 555-0100", "+13035550100", "https://a.example/p", "https://a.example/t", "https://a.example/b"}}
	faults := func(fields ...string) (all []PageFault) {
		for _, f := range fields {
			all = append(all, PageFault{f, "message"})
		}
		return all
	}
	samples := map[string][]any{
		PageContact: {ContactPage{}, ContactPage{PageFrame: frame, SMS: true, Token: "t", AnswerBy: when, Failed: true},
			ContactPage{PageFrame: frame, SMS: true, Faults: faults("name", "email", "phone", "message", "consent_sms", "consent_email", "preferred_channel", "page"), Typed: PageTyped{ConsentEmail: true, ConsentSMS: true}}},
		PageThanks:      {ThanksPage{}, ThanksPage{Known: true}, ThanksPage{PageFrame: frame, Known: true, Email: true, SMS: true, Call: true}, ThanksPage{Known: true, SMS: true, SMSAt: when}, ThanksPage{Known: true, Call: true}},
		PageUnsubscribe: {UnsubscribePage{}, UnsubscribePage{PageFrame: frame, Done: true}},
		PageMissing:     {MissingPage{}, MissingPage{PageFrame: frame, Link: true}},
	}
	for _, action := range []string{"read", "answered", "booked", "stop"} {
		samples[PageNote] = append(samples[PageNote], NotePage{Item: "7F3K", Action: action}, NotePage{Action: action, Done: true})
	}
	for _, kind := range []string{"bad_request", "too_large", "media_type", "method", "elsewhere", "too_many", "broken", "busy", "links"} {
		samples[PageTrouble] = append(samples[PageTrouble], TroublePage{Kind: kind}, TroublePage{PageFrame: frame, Kind: kind, Form: true})
	}
	return samples
}

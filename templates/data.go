package templates

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Data is what a message may say. Every field is text; "" means there is none.
// A value is never read as markup, as a template or as HTML: it appears as it
// is, without control and invisible characters.
//
// The tag in names the places, beside the two bodies, in which a value may
// stand: subject (the preheader too) and sms. A value marked staff may stand
// in staff messages alone. The tag most is the longest that a value in an SMS
// gets, in characters: messages are checked with values as long as that.
type Data struct {
	FirstName      string `field:"first_name"`                        // already filtered by the caller
	Clinic         string `field:"clinic"`                            // full name: bodies and footers only, it may tell too much
	Sender         string `field:"sender" in:"subject sms" most:"20"` // neutral name
	ClinicPhone    string `field:"clinic_phone" in:"sms" most:"16"`   // for reading
	Postal         string `field:"postal"`                            // postal address, on one line
	AnswerBy       string `field:"answer_by" in:"subject"`            // as When says it
	AnswerBySMS    string `field:"answer_by_sms" in:"sms" most:"14"`  // as WhenSMS says it
	WrittenOn      string `field:"written_on" in:"subject"`           // day on which the person wrote, as Day says it
	BookingURL     string `field:"booking_url" in:"sms" most:"60"`
	PrivacyURL     string `field:"privacy_url"`
	UnsubscribeURL string `field:"unsubscribe_url"`

	When       string `field:"when" in:"subject"`           // moment of the appointment, as When says it
	WhenSMS    string `field:"when_sms" in:"sms" most:"22"` // the same, as DateSMS says it
	WhenBefore string `field:"when_before"`                 // where it has moved: the moment at which it was
	Place      string `field:"place"`                       // where it is: an address, or "by phone"
	CalledOn   string `field:"called_on"`                   // day of a call that nobody took, as Day says it

	Item         string `field:"item" in:"staff subject sms" most:"8"`
	Name         string `field:"name" in:"staff"`
	Email        string `field:"email" in:"staff"`
	Phone        string `field:"phone" in:"staff"`
	Message      string `field:"message" in:"staff lines"` // the whole text; its line breaks are kept
	Preferred    string `field:"preferred" in:"staff"`
	LanguageName string `field:"language_name" in:"staff"`
	Ticked       string `field:"ticked" in:"staff"`
	Page         string `field:"page" in:"staff"`
	WrittenAt    string `field:"written_at" in:"staff"`
	Hold         string `field:"hold" in:"staff"` // why nothing goes out until a person has read the message
	ReadURL      string `field:"read_url" in:"staff"`
	AnsweredURL  string `field:"answered_url" in:"staff"`
	BookedURL    string `field:"booked_url" in:"staff"`
	StopURL      string `field:"stop_url" in:"staff"`
	ConsoleURL   string `field:"console_url" in:"staff sms" most:"80"`
	Day          string `field:"day" in:"subject"`       // of the morning sheet, as Day says it
	Counts       string `field:"counts" in:"staff"`      // "3 new · 4 reminders today"
	Sheet        string `field:"sheet" in:"staff lines"` // one person a line, by initials
}

// Rendered is a message ready to be handed to a channel.
type Rendered struct {
	Subject   string // one line
	Preheader string // one line; HTML carries it too
	Text      string // text/plain, wrapped at 72 columns, LF line ends
	HTML      string // text/html, a whole document
	SMS       string // one line of GSM-7, at most two segments; "" where the message has none
	Version   string // first 8 hex digits of the SHA-256 of the sources that made it
}

// field is one member of Data, as sources know it.
type field struct {
	name    string
	at      int // index in Data
	url     bool
	lines   bool // keeps its line breaks
	staff   bool
	subject bool
	sms     bool
	most    int // longest value in an SMS, in characters
}

// dataFields lists the members of Data in their order.
func dataFields() []field {
	t := reflect.TypeFor[Data]()
	fields := make([]field, t.NumField())
	for i := range fields {
		tag := t.Field(i).Tag
		in := strings.Fields(tag.Get("in"))
		name := tag.Get("field")
		most, _ := strconv.Atoi(tag.Get("most"))
		fields[i] = field{
			name: name, at: i, url: strings.HasSuffix(name, "_url"),
			lines: slices.Contains(in, "lines"), staff: slices.Contains(in, "staff"),
			subject: slices.Contains(in, "subject"), sms: slices.Contains(in, "sms"), most: most,
		}
	}
	return fields
}

// maxFields bounds the members of Data, so that a set of values needs no heap.
const maxFields = 40

type values [maxFields]string

// take copies the fields in use out of d, cleaned. The error names a URL that
// must not stand in a link, never its value.
func (v *values) take(d *Data, use []field) error {
	r := reflect.ValueOf(d).Elem()
	for _, f := range use {
		s := r.Field(f.at).String()
		if f.url {
			if err := checkURL(s); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
		} else if f.lines {
			s = cleanLines(s)
		} else {
			s = cleanLine(s)
		}
		v[f.at] = s
	}
	return nil
}

// cleanLine makes s one line that shows what it holds: invalid UTF-8, control,
// format (bidirectional and zero-width) and private-use characters go, white
// space of any length becomes one space.
func cleanLine(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for i, r := range s {
		switch {
		case unicode.IsSpace(r):
			gap = true
		case invisible(s, i, r):
		default:
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(r)
		}
	}
	return b.String()
}

// cleanLines does the same for a text of several lines, but keeps its line
// breaks and the spaces within a line.
func cleanLines(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n", "\v", "\n", "\f", "\n").Replace(s)
	var b strings.Builder
	b.Grow(len(s))
	for i, r := range s {
		switch {
		case r == '\n':
			b.WriteByte('\n')
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case !invisible(s, i, r):
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

func invisible(s string, i int, r rune) bool {
	if r == utf8.RuneError {
		_, size := utf8.DecodeRuneInString(s[i:])
		return size == 1
	}
	// Categories C, and the letters that are drawn as nothing: Hangul fillers,
	// the grapheme joiner, variation selectors, the Braille blank.
	return unicode.Is(unicode.C, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) ||
		unicode.Is(unicode.Variation_Selector, r) || r == '\u2800'
}

// plain is the quick way for nearly every value: ASCII that is clean already.
func plain(s string) bool {
	space := true
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || c == ' ' && space {
			return false
		}
		space = c == ' '
	}
	return s == "" || !space
}

// checkURL accepts what may become a link: an absolute https address in ASCII,
// and plain http on this machine alone, where development runs. The error does
// not repeat s, which may carry a token.
func checkURL(s string) error {
	if s == "" {
		return nil
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || strings.IndexByte("\"'<>\\^`{|}", c) >= 0 {
			return fmt.Errorf("not an https address: character %d may not stand in a link", i+1)
		}
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return fmt.Errorf("not an https address")
	case shortener(u.Hostname()):
		return errors.New("the address of a public shortener")
	case u.Host == "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())):
		return fmt.Errorf("not an https address")
	}
	return nil
}

// shortener reports whether the host belongs to a public link shortener:
// carriers drop texts with such links, and nobody sees where they lead.
func shortener(host string) bool {
	switch strings.TrimPrefix(strings.ToLower(host), "www.") {
	case "bit.ly", "bitly.com", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "lnkd.in", "ow.ly", "rb.gy", "rebrand.ly", "s.id",
		"shorturl.at", "t.co", "t.ly", "tiny.cc", "tinyurl.com", "v.gd":
		return true
	}
	return false
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// Format prints its kind for every verb of fmt: it may hold a person.
func (Data) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "message data") }

// LogValue prints the same in a log.
func (Data) LogValue() slog.Value { return slog.StringValue("message data") }

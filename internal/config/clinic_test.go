package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/config"
)

const day = 24 * time.Hour

func TestTheExampleClinicIsWhatTheDocumentationSpeaksOf(t *testing.T) {
	t.Parallel()
	want := config.Clinic{
		Name: "JoyDeVie Infusions", SenderName: "JoyDeVie", From: "hello@joydevie.example", ReplyTo: "desk@joydevie.example",
		Phone: "+13035550100", Postal: "100 Example St, Denver, CO 80202", Zone: "America/Denver",
		Hours: map[string]string{"mon-fri": "9:00-17:00"}, Staff: []string{"desk@joydevie.example"},
		FollowUps: []time.Duration{day, 3 * day, 7 * day},
		Retention: config.Retention{Text: 90 * day, Contact: 366 * day, Proof: 6 * 366 * day, Suppressions: 10 * 366 * day},
		Pace:      config.Pace{Email: config.Rate{PerSecond: 10, PerDay: 10_000}, SMS: config.Rate{PerSecond: 1, PerDay: 2000}},
		Reminders: []config.Reminder{{Before: day, Late: 20 * time.Hour}, {Before: 2 * time.Hour, Late: 90 * time.Minute}}, UndoWait: time.Minute, ListWait: 10 * time.Minute,
		BookingURL: "https://joydevie.example/book", PrivacyURL: "https://joydevie.example/privacy", TermsURL: "https://joydevie.example/terms",
	}
	if got := config.ExampleClinic(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if got, err := config.LoadClinic("../../deploy/clinic.yaml"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("deploy/clinic.yaml: %+v, %v", got, err)
	}
}

// with is the example clinic with one key written otherwise; an empty text
// leaves the key out.
func with(key, text string) string {
	var lines []string
	for line := range strings.Lines(exampleFile()) {
		if strings.HasPrefix(strings.TrimPrefix(line, "#"), key+":") {
			line = text + "\n"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "")
}

func TestWhatTheClinicsFileMaySay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, content string
		see           func(config.Clinic) bool
	}{
		{"no follow-ups", with("followups", "followups: []"), func(c config.Clinic) bool { return len(c.FollowUps) == 0 }},
		{"follow-ups as they are without", with("followups", ""), func(c config.Clinic) bool { return len(c.FollowUps) == 3 }},
		{"no reminders", with("reminders", "reminders: {}"), func(c config.Clinic) bool { return len(c.Reminders) == 0 }},
		{"reminders as they are without", with("reminders", ""), func(c config.Clinic) bool { return len(c.Reminders) == 2 && c.Reminders[0].Before == day }},
		{"reminders in any order", with("reminders", "reminders:\n  90m: 30m\n  48h: 10h"), func(c config.Clinic) bool {
			return len(c.Reminders) == 2 && c.Reminders[0] == config.Reminder{Before: 2 * day, Late: 10 * time.Hour} && c.Reminders[1].Before == 90*time.Minute
		}},
		{"a wait of two minutes", with("undo_wait", "undo_wait: 2m"), func(c config.Clinic) bool { return c.UndoWait == 2*time.Minute }},
		{"the wait as it is without", with("undo_wait", ""), func(c config.Clinic) bool { return c.UndoWait == time.Minute }},
		{"follow-ups by the hour", with("followups", "followups:\n  - 12h\n  - 60d"), func(c config.Clinic) bool { return c.FollowUps[0] == 12*time.Hour && c.FollowUps[1] == 60*day }},
		{"answers to the sender", with("reply_to", ""), func(c config.Clinic) bool { return c.ReplyTo == "hello@joydevie.example" }},
		{"texts come second", with("text_first", "text_first: true"), func(c config.Clinic) bool { return c.TextFirst }},
		{"texts come first", with("text_first", ""), func(c config.Clinic) bool { return !c.TextFirst }},
		{"free text kept for a month", with("retention", "retention: {text: 30d}"), func(c config.Clinic) bool {
			return c.Retention.Text == 30*day && c.Retention.Contact == 366*day
		}},
		{"windows from a day on", with("retention", "windows:\n  messages from 2027-01-01: {mon-fri: 9:00-18:00}"), func(c config.Clinic) bool {
			return c.Windows["messages from 2027-01-01"]["mon-fri"] == "9:00-18:00"
		}},
		{"no links", with("booking_url", "booking_url:"), func(c config.Clinic) bool { return c.BookingURL == "" }},
		{"a number without quotes", with("phone", "phone: +13035550100"), func(c config.Clinic) bool { return c.Phone == "+13035550100" }},
		{"hours on lines of their own", with("hours", "hours:\n  mon-fri: 9:00-12:00, 13:00-17:00\n  sat: \"10:00-14:00\""), func(c config.Clinic) bool {
			return c.Hours["mon-fri"] == "9:00-12:00, 13:00-17:00" && c.Hours["sat"] == "10:00-14:00"
		}},
		{"one entry on a line of its own", with("hours", "hours:\n  sat: 10:00-14:00"), func(c config.Clinic) bool { return c.Hours["sat"] == "10:00-14:00" }},
		{"an address in two lines of the file", with("postal", "postal: >\n  100 Example St,\n  Denver"), func(c config.Clinic) bool { return c.Postal == "100 Example St, Denver" }},
		{"numbers of staff, a selector and who has signed", exampleFile() + "staff_phones: [\"+13035550100\", +13035550101]\ndkim_selector: s1.mail\nagreements: {smtp: 2026-01-31}\n", func(c config.Clinic) bool {
			return len(c.StaffPhone) == 2 && c.DKIM == "s1.mail" && c.Agreements["smtp"] == "2026-01-31"
		}},
		{"a pace of one channel", with("pace", "pace:\n  email:\n    per_second: 3"), func(c config.Clinic) bool {
			return c.Pace.Email == config.Rate{PerSecond: 3, PerDay: 10_000} && c.Pace.SMS.PerSecond == 1
		}},
		{"no pace", with("pace", "pace: {email: {per_second: 0, per_day: 0}}"), func(c config.Clinic) bool { return c.Pace.Email == config.Rate{} }},
		{"a site of its own", exampleFile() + "origins: [https://www.joydevie.example, http://localhost:3000]", func(c config.Clinic) bool { return len(c.Origins) == 2 }},
		{"a builder's form", exampleFile() + "forms:\n  website:\n    name: [first, last]\n    email: 'E-Mail: *'", func(c config.Clinic) bool {
			return reflect.DeepEqual(c.Forms, map[string]config.Form{"website": {"name": {"first", "last"}, "email": {"E-Mail: *"}}})
		}},
		{"a sender that only sounds telling", with("sender_name", "sender_name: Fundamental Niño 5"), func(c config.Clinic) bool { return c.SenderName == "Fundamental Niño 5" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := config.LoadClinic(file(t, "clinic.yaml", c.content))
			if err != nil || !c.see(got) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestEachFaultOfTheClinicsFileHasItsLineAndItsCure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, content string
		want          []string
	}{
		{"an unknown key", "sender_nam: x\n" + exampleFile(), []string{`clinic.yaml:1: "sender_nam" is unknown; did you mean sender_name?`}},
		{"a key of nobody's", "colour_of_the_door: red\n" + exampleFile(), []string{`"colour_of_the_door" is unknown; remove it`}},
		{"not YAML", "name: [", []string{"clinic.yaml:1: not YAML"}},
		{"a tab", "name: x\n\tzone: y\n", []string{"not YAML"}},
		{"a list", "- name\n", []string{"clinic.yaml:1: not a list of settings"}},
		{"two documents", exampleFile() + "---\nname: x\n", []string{"more than one document"}},
		{"a key twice", exampleFile() + "name: again\n", []string{"clinic.yaml:"}},
		{"no name", with("name", ""), []string{"clinic.yaml: name: missing; write for example name: JoyDeVie Infusions"}},
		{"an empty name", with("name", "name: ''"), []string{"name: missing"}},
		{"no staff", with("staff", "staff: []"), []string{"staff: missing; write for example staff: [desk@joydevie.example]"}},
		{"no hours", with("hours", "hours: {}"), []string{"hours: missing"}},
		{"a list for a name", with("name", "name: [a, b]"), []string{"name: must be a single text"}},
		{"an alias", with("name", "name: *other"), []string{"name: must be a single text"}},
		{"a single address for the staff", with("staff", "staff: desk@joydevie.example"), []string{"staff: must be a list"}},
		{"lists in the hours", with("hours", "hours: {mon: [9, 17]}"), []string{"hours: must be pairs"}},
		{"a name on two lines", with("name", `name: "Joy\nBcc: x"`), []string{"name: holds a line break"}},
		{"an endless name", with("name", "name: "+strings.Repeat("x", 81)), []string{"name: too long"}},
		{"a sender that tells", with("sender_name", "sender_name: Joy Ketamine"), []string{`sender_name: "Ketamin" tells why somebody writes; use a neutral name: it stands on the lock screen`}},
		{"an endless sender", with("sender_name", "sender_name: JoyDeVie of Colorado1"), []string{"longer than 20 letters"}},
		{"a sender beyond the alphabet of texts", with("sender_name", "sender_name: Alegría"), []string{"more than letters, digits and spaces"}},
		{"a telling address", with("from", "from: hello@denver-infusions.example"), []string{`from: "infus" tells`}},
		{"an address with a name", with("from", "from: Joy <hello@joydevie.example>"), []string{`from: "Joy <hello@joydevie.example>" is no email address; write it alone`}},
		{"an address without a dot", with("reply_to", "reply_to: desk@localhost"), []string{"has no whole domain"}},
		{"an address with two at signs", with("reply_to", `reply_to: '"a@b"@c.example'`), []string{"is no email address"}},
		{"one bad address among the staff", with("staff", "staff: [desk@joydevie.example, desk]"), []string{`staff: "desk" is no email address`}},
		{"a number without its country", with("phone", "phone: 303-555-0100"), []string{"is no number with its country"}},
		{"a number of staff without its country", exampleFile() + "staff_phones: [303-555-0100]\n", []string{`staff_phones: "303-555-0100" is no number with its country`}},
		{"a selector that is none", exampleFile() + "dkim_selector: mail._domainkey\n", []string{"is no selector; write what stands before ._domainkey"}},
		{"a vendor of nobody's", exampleFile() + "agreements: {acme: 2026-01-31}\n", []string{`"acme" is no vendor`}},
		{"a signature to come", exampleFile() + "agreements: {smtp: 3026-01-31}\n", []string{"is no day that has been; write the day of the signature like smtp: 2026-01-31"}},
		{"a zone that is not there", with("zone", "zone: Denver"), []string{`zone: "Denver" is no time zone; write its IANA name`}},
		{"the machine's zone", with("zone", "zone: Local"), []string{"is no time zone"}},
		{"a reminder that is of use after the beginning", with("reminders", "reminders: {2h: 2h}"), []string{"still of use when the appointment has begun; let the second"}},
		{"a reminder a month before", with("reminders", "reminders: {800h: 2h}"), []string{"more than 14 days before"}},
		{"two reminders at once", with("reminders", "reminders: {1h: 30m, 60m: 10m}"), []string{"names the same time twice"}},
		{"five reminders", with("reminders", "reminders: {5h: 1h, 4h: 1h, 3h: 1h, 2h: 1h, 1h: 10m}"), []string{"more than four"}},
		{"a reminder by the day", with("reminders", "reminders: {1d: 2h}"), []string{`"1d" is no time in hours or minutes; write hours or minutes, such as 24h: 20h`}},
		{"reminders as a list", with("reminders", "reminders: [24h, 2h]"), []string{"must be pairs; write for example reminders: {24h: 20h, 2h: 90m}, or {} for none"}},
		{"a wait of an hour", with("undo_wait", "undo_wait: 1h"), []string{"write from 10s to 10m"}},
		{"a wait that is none", with("undo_wait", "undo_wait: soon"), []string{`"soon" is no time; write seconds or minutes`}},
		{"four follow-ups", with("followups", "followups: [1d, 3d, 7d, 15d]"), []string{"more than three"}},
		{"gaps that do not grow", with("followups", "followups: [1d, 2d, 3d]"), []string{"the gaps do not grow"}},
		{"follow-ups that go back", with("followups", "followups: [3d, 1d]"), []string{"the gaps do not grow"}},
		{"a follow-up after 60 days", with("followups", "followups: [1d, 61d]"), []string{"more than 60 days"}},
		{"a follow-up at once", with("followups", "followups: [0d]"), []string{`"0d" is no time after the message; write days or hours`}},
		{"a follow-up by the week", with("followups", "followups: [1w]"), []string{`"1w" is no time`}},
		{"proof that goes too early", with("retention", "retention: {proof: 2y}"), []string{"retention: proof would go before it may be asked for; keep proof for 4y"}},
		{"opt-outs forgotten", with("retention", "retention: {suppressions: 4y}"), []string{"retention: a wish to be left alone would be forgotten"}},
		{"a period that is none", with("retention", "retention: {text: long}"), []string{`retention: text: "long" is no time to keep something`}},
		{"something that is not kept", with("retention", "retention: {texts: 90d}"), []string{`retention: "texts" is nothing that is kept; did you mean text?`}},
		{"windows without days", with("retention", "windows: {messages: all}"), []string{"windows: messages: must be pairs"}},
		{"a pace that is none", with("pace", "pace: fast"), []string{"pace: must be pairs; write for example pace: {email: {per_second: 10"}},
		{"a pace of a channel that is none", with("pace", "pace: {mail: {per_second: 1}}"), []string{`pace: "mail" is no channel; did you mean email?`}},
		{"a pace by the hour", with("pace", "pace: {sms: {per_hour: 1}}"), []string{`pace: "per_hour" is no pace`}},
		{"a pace without a number", with("pace", "pace: {sms: {per_day: many}}"), []string{`pace: sms: per_day: "many" is no whole number`}},
		{"a pace below nothing", with("pace", "pace: {sms: {per_day: -1}}"), []string{`pace: sms: per_day: "-1" is no whole number`}},
		{"a pace twice", with("pace", "pace: {sms: {per_day: 1}, sms: {per_day: 2}}"), []string{"clinic.yaml:"}},
		{"a link by http", with("booking_url", "booking_url: http://joydevie.example"), []string{`booking_url: "http://joydevie.example" is no https address`}},
		{"a link that tells", with("terms_url", "terms_url: https://joydevie.example/ketamine-terms"), []string{`"ketamin" tells`}},
		{"an origin with a path", exampleFile() + "origins: [https://www.joydevie.example/]", []string{`origins: "https://www.joydevie.example/" is no origin; write the scheme and the host alone`}},
		{"an origin of everybody", exampleFile() + `origins: ["*"]`, []string{`origins: "*" is no origin`}},
		{"an origin by http", exampleFile() + "origins: [http://www.joydevie.example]", []string{"is not https"}},
		{"forms in a list", exampleFile() + "forms: [website]", []string{"forms: must be forms by name"}},
		{"a form of deeper fields", exampleFile() + "forms: {website: {email: {a: b}}}", []string{"forms: must be forms by name"}},
		{"a form's name with a slash", exampleFile() + "forms: {a/b: {email: x}}", []string{`forms: "a/b" cannot stand in an address`}},
		{"a field of nobody's", exampleFile() + "forms: {website: {email: x, fone: y}}", []string{`forms.website: "fone" is unknown; did you mean phone?`}},
		{"a form that leads to nobody", exampleFile() + "forms: {website: {message: x}}", []string{"forms.website: nobody could be answered"}},
		{"a field without a name", exampleFile() + "forms: {website: {email: x, name: []}}", []string{"forms.website.name: names no field"}},
		{"a tick without words", exampleFile() + "forms: {website: {email: x, consent_sms: y}}", []string{"forms.website: a tick proves nothing without the words beside it"}},
		{"texts that come maybe", with("text_first", "text_first: maybe"), []string{`text_first: "maybe" is neither true nor false; write text_first: true, or false`}},
		{"all at once", strings.Replace(with("zone", "zone: Denver"), "phone: ", "fone: ", 1), []string{"zone: ", `"fone" is unknown`, "phone: missing"}},
		{"an endless file", strings.Repeat("#", 65<<10), []string{"longer than 64 KiB"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.LoadClinic(file(t, "clinic.yaml", c.content))
			says(t, err, c.want)
		})
	}
}

func TestFaultsOfTheFileStandInTheOrderOfItsLines(t *testing.T) {
	t.Parallel()
	_, err := config.LoadClinic(file(t, "clinic.yaml", "zone: Denver\nphone: 1\nx2: y\n\n\n\n\n\n\nfrom: a\n"))
	faults, _ := errors.AsType[config.Faults](err)
	last := 0
	for _, f := range faults {
		if f.Line < last {
			t.Fatalf("out of order:\n%v", err)
		}
		last = f.Line
	}
	if last != 10 {
		t.Errorf("ends at line %d:\n%v", last, err)
	}
}

func TestAnEmptyFileMissesEverythingThatIsRequired(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "\n", "# nothing\n", "---\n"} {
		_, err := config.LoadClinic(file(t, "clinic.yaml", content))
		if faults, _ := errors.AsType[config.Faults](err); len(faults) != 8 {
			t.Errorf("%q: %v", content, err)
		}
	}
}

func FuzzClinic(f *testing.F) {
	f.Add(exampleFile())
	f.Add("name: &a [*a]\n<<: *a\n? x\n: y")
	f.Add("hours: {a: {b: c}}\nstaff: - x\n---\n...")
	path := filepath.Join(f.TempDir(), "clinic.yaml")
	f.Fuzz(func(t *testing.T, content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.LoadClinic(path)
		if err == nil && (c.Name == "" || len(c.Staff) == 0 || len(c.FollowUps) > 3 || strings.ContainsAny(c.Name+c.SenderName+c.From+c.Postal, "\r\n\x00")) {
			t.Errorf("passes: %+v", c)
		}
	})
}

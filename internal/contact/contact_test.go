package contact_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/joydevie/followup/internal/contact"
)

func TestAnAddressIsReadAsPeopleTypeIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed, want string
		err         error
	}{
		{"ann@example.com", "ann@example.com", nil},
		{"  Ann.Lee+clinic@Example.COM ", "Ann.Lee+clinic@example.com", nil},
		{"ann@bücher.example", "ann@xn--bcher-kva.example", nil},
		{"ann@@example.com", "", contact.ErrTwoAts},
		{"ann@example@com", "", contact.ErrTwoAts},
		{"ann", "", contact.ErrNotAnEmail},
		{"ann@localhost", "", contact.ErrNotAnEmail},
		{"Ann <ann@example.com>", "", contact.ErrNotAnEmail},
		{`"a b"@example.com`, "", contact.ErrNotAnEmail},
		{"ann@example.com\r\nBcc: x@example.com", "", contact.ErrTwoAts},
		{"ann\r\n@example.com", "", contact.ErrNotAnEmail},
		{"ann@example.com.", "", contact.ErrNotAnEmail},
		{"a..b@example.com", "", contact.ErrNotAnEmail},
		{"ann@[127.0.0.1]", "", contact.ErrNotAnEmail},
		{strings.Repeat("a", 65) + "@example.com", "", contact.ErrNotAnEmail},
	} {
		got, err := contact.ParseEmail(c.typed)
		if string(got) != c.want || !errors.Is(err, c.err) {
			t.Errorf("%q: got %q, %v; want %q, %v", c.typed, string(got), err, c.want, c.err)
		}
	}
}

func TestANumberIsReadAsPeopleTypeIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed, want string
		textable    bool
	}{
		{"3035550142", "+13035550142", true},
		{"(303) 555-0142", "+13035550142", true},
		{"+1 303.555.0142", "+13035550142", true},
		{"1-303-555-0142 x12", "+13035550142", true},
		{"+1 876 555 0123", "+18765550123", false},   // Jamaica
		{"+1 809 555 0123", "+18095550123", false},   // Dominican Republic
		{"1 800 555 0123", "+18005550123", false},    // toll-free
		{"+44 7911 123456", "+447911123456", false},  // kept for calls
		{"+52 55 1234 5678", "+525512345678", false}, // kept for calls
		{"555", "", false},
		{"call me", "", false},
		{"1-800-FLOWERS", "", false},
		{"+999999999999999", "", false},
		{"", "", false},
	} {
		got, err := contact.ParsePhone(c.typed)
		if string(got) != c.want || (c.want == "") != errors.Is(err, contact.ErrNotAPhone) {
			t.Errorf("%q: got %q, %v; want %q", c.typed, string(got), err, c.want)
		}
		if got.Textable() != c.textable {
			t.Errorf("%q: textable is %v", c.typed, got.Textable())
		}
	}
}

func TestOnlyAPlainFirstNameIsRepeated(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"Ann":                     "Ann",
		"  ann  lee ":             "ann",
		"José María":              "José",
		"O'Brien":                 "O'Brien",
		"Anne-Marie X":            "Anne-Marie",
		"":                        "",
		"Win money www.evil.test": "Win",
		"www.evil.test":           "",
		"{{.}}":                   "",
		"<b>Ann</b>":              "",
		"**Ann**":                 "",
		"Ann\u202e":               "",
		"-":                       "",
		"4nn":                     "",
		"\xff":                    "",
		strings.Repeat("a", 41):   "",
	} {
		if got := contact.FirstName(contact.Private(typed)); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}

func TestAPersonIsNeverPrinted(t *testing.T) {
	t.Parallel()
	c := contact.Submission{ID: "id", Name: "Canary Name", Email: "canary@example.com", Phone: "+13035550142", Message: "canary text"}
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("x", "name", c.Name, "email", c.Email, "phone", c.Phone, "message", c.Message)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "all", c, "name", c.Name)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb, c)
		fmt.Fprintf(&out, verb, []any{c.Name, c.Email, c.Phone, c.Message})
	}
	for _, canary := range []string{"anary", "5550142", "63616e617279"} {
		if strings.Contains(out.String(), canary) {
			t.Errorf("%q was printed: %s", canary, out.String())
		}
	}
	wire, err := json.Marshal(c)
	if err != nil || !strings.Contains(string(wire), "canary text") {
		t.Errorf("sealed records must keep the text: %s, %v", wire, err)
	}
}

func FuzzParsePhone(f *testing.F) {
	for _, s := range []string{"3035550142", "+1 (303) 555-0142", "x", "+", "1-800-FLOWERS", "\x00", "٣٠٣٥٥٥٠١٤٢"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := contact.ParsePhone(s)
		if err != nil {
			return
		}
		if !strings.HasPrefix(string(p), "+") || strings.Trim(string(p)[1:], "0123456789") != "" {
			t.Fatalf("%q became %q, which is not E.164", s, string(p))
		}
		if again, err := contact.ParsePhone(string(p)); err != nil || again != p {
			t.Fatalf("%q is not stable: %q, %v", string(p), string(again), err)
		}
		_, _ = p.Textable(), p.Zones()
	})
}

func FuzzParseEmail(f *testing.F) {
	for _, s := range []string{"ann@example.com", "a@b@c.de", "ann@example.com\r\nBcc: x", "é@é.example", "<a@b.de>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := contact.ParseEmail(s)
		if err != nil {
			return
		}
		if strings.ContainsAny(string(e), " \r\n\t<>,;\x00") || strings.Count(string(e), "@") != 1 {
			t.Fatalf("%q became %q", s, string(e))
		}
		if again, err := contact.ParseEmail(string(e)); err != nil || again != e {
			t.Fatalf("%q is not stable: %q, %v", string(e), string(again), err)
		}
	})
}

func FuzzFirstName(f *testing.F) {
	f.Add("Ann Lee")
	f.Add("http://x.test")
	f.Fuzz(func(t *testing.T, s string) {
		first := contact.FirstName(contact.Private(s))
		if strings.ContainsAny(first, " ./:@<>{}[]()*_#`|\\\"&=\r\n\x00") || utf8.RuneCountInString(first) > 40 {
			t.Fatalf("%q became %q", s, first)
		}
	})
}

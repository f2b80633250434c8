package templates

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"
)

var update = flag.Bool("update", false, "rewrite the approved texts in testdata/golden")

func loaded(t testing.TB) *Set {
	t.Helper()
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// each runs f for every message in every language, with its sample.
func each(t *testing.T, f func(t *testing.T, s *Set, name, language string, sample Data)) {
	s := loaded(t)
	for _, name := range s.Names() {
		for _, language := range languages {
			t.Run(name+"."+language, func(t *testing.T) {
				t.Parallel()
				d, err := s.Sample(name, language)
				if err != nil {
					t.Fatal(err)
				}
				f(t, s, name, language, d)
			})
		}
	}
}

func render(t testing.TB, s *Set, name, language string, d Data) Rendered {
	t.Helper()
	r, err := s.Render(name, language, d)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryMessageReadsAsApproved(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *Set, name, language string, d Data) {
		r := render(t, s, name, language, d)
		for ending, got := range map[string]string{"subject.txt": r.Subject + "\n", "txt": r.Text, "html": r.HTML, "sms": r.SMS + "\n"} {
			file := filepath.Join("testdata", "golden", name+"."+language+"."+ending)
			if ending == "sms" && r.SMS == "" {
				continue
			}
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if string(want) != got {
				t.Errorf("%s differs from what was approved; if the change is meant, run go test ./templates -update and have it read", file)
			}
		}
		for _, part := range []string{r.Subject, r.Preheader, r.Text, r.SMS} {
			if strings.Contains(part, "..") || strings.Contains(part, " .") || strings.Contains(part, " ,") {
				t.Errorf("a full stop or comma that is none: %s", part)
			}
		}
		if len(r.HTML) > 30_000 {
			t.Errorf("HTML of %d bytes; Gmail cuts long mails", len(r.HTML))
		}
	})
}

func TestTheMessageIsShownInFull(t *testing.T) {
	t.Parallel()
	s := loaded(t)
	d, _ := s.Sample("staff-note", "en")
	d.Message = "one <b>\r\ntwo\n\n  {{three}}  **four**"
	r := render(t, s, "staff-note", "en", d)
	if want := "> one <b>\n> two\n>\n> {{three}} **four**\n"; !strings.Contains(r.Text, want) {
		t.Errorf("the text part lacks %q:\n%s", want, r.Text)
	}
	if want := "one &lt;b&gt;<br>\ntwo<br>\n<br>\n  {{three}}  **four**</p>"; !strings.Contains(r.HTML, want) {
		t.Errorf("the HTML lacks %q", want)
	}
}

func TestWhatIsNotThereLeavesNoTrace(t *testing.T) {
	t.Parallel()
	s := loaded(t)
	d, _ := s.Sample("followup-1", "en")
	d.FirstName, d.BookingURL, d.PrivacyURL = "", "", ""
	r := render(t, s, "followup-1", "en", d)
	for _, part := range []string{r.Text, r.HTML, r.SMS} {
		if strings.Contains(part, "Pick a time") || strings.Contains(part, "Hello ,") || strings.Contains(part, "  Reply") || strings.Contains(part, "\n\n\n") {
			t.Errorf("something is left:\n%s", part)
		}
	}
	if !strings.Contains(r.Text, "\nHello,\n") {
		t.Errorf("no greeting:\n%s", r.Text)
	}
}

func TestAMissingValueIsNamed(t *testing.T) {
	t.Parallel()
	s := loaded(t)
	for _, c := range []struct {
		what, name string
		spoil      func(*Data)
		part       error
		field      string
	}{
		{"the time of the answer", "confirmation", func(d *Data) { d.AnswerBy = "\u200b" }, ErrEmail, "answer_by"},
		{"the time in the SMS", "confirmation", func(d *Data) { d.AnswerBySMS = "" }, ErrSMS, "answer_by_sms"},
		{"the way out", "followup-1", func(d *Data) { d.UnsubscribeURL = "" }, ErrEmail, "unsubscribe_url"},
		{"the address", "followup-3", func(d *Data) { d.Postal = "" }, ErrEmail, "postal"},
		{"a button", "staff-note", func(d *Data) { d.StopURL = "" }, ErrEmail, "stop_url"},
		{"a link that runs", "followup-1", func(d *Data) { d.UnsubscribeURL = "javascript:secret" }, ErrEmail, "unsubscribe_url"},
		{"a link in the clear", "followup-1", func(d *Data) { d.UnsubscribeURL = "http://secret.example/u" }, ErrEmail, "unsubscribe_url"},
		{"a link with a quote", "followup-1", func(d *Data) { d.BookingURL = `https://secret.example/"><b>` }, ErrEmail, "booking_url"},
		{"a link with a password", "followup-1", func(d *Data) { d.BookingURL = "https://a:secret@x.example/" }, ErrSMS, "booking_url"},
		{"an accent in the SMS", "confirmation", func(d *Data) { d.Sender = "Clínica secret" }, ErrSMS, "sender"},
		{"a long SMS", "confirmation", func(d *Data) { d.Sender = strings.Repeat("secret ", 40) }, ErrSMS, "sender"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			d, _ := s.Sample(c.name, "en")
			c.spoil(&d)
			_, err := s.Render(c.name, "en", d)
			if !errors.Is(err, c.part) || !strings.Contains(err.Error(), c.field) || !strings.Contains(err.Error(), c.name) {
				t.Errorf("got %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error repeats the value: %v", err)
			}
		})
	}
}

func TestAFaultOfTheSMSLeavesTheEmailWhole(t *testing.T) {
	t.Parallel()
	s := loaded(t)
	d, _ := s.Sample("confirmation", "en")
	d.AnswerBySMS = "sáb"
	r, err := s.Render("confirmation", "en", d)
	if errors.Is(err, ErrEmail) || !errors.Is(err, ErrSMS) || r.HTML == "" || r.Text == "" || r.Subject == "" || r.SMS != "" {
		t.Errorf("got %v", err)
	}
	d, _ = s.Sample("followup-1", "en")
	d.UnsubscribeURL = ""
	if r, err = s.Render("followup-1", "en", d); !errors.Is(err, ErrEmail) || errors.Is(err, ErrSMS) || r.SMS == "" || r.HTML != "" {
		t.Errorf("got %v", err)
	}
}

func TestALinkOfThisMachineServesDevelopment(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"http://127.0.0.1:8080/u/x", "http://localhost/u", "http://[::1]:8080/u", "https://x.example/?a=b&c=d"} {
		if err := checkURL(u); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
	for _, u := range []string{"http://localhost.evil.example/", "//x.example", "/u/x", "https://", "https:x", "mailto:a@b.example", "tel:911", "https://é.example", " https://x.example", "data:text/html,x"} {
		if checkURL(u) == nil {
			t.Errorf("%s was taken for a link", u)
		}
	}
}

func TestWhatDoesNotExistIsAnError(t *testing.T) {
	t.Parallel()
	s := loaded(t)
	for _, c := range [][2]string{{"nonesuch", "en"}, {"confirmation", "fr"}, {"confirmation", ""}} {
		if _, err := s.Render(c[0], c[1], Data{}); err == nil {
			t.Errorf("%v was rendered", c)
		}
		if _, err := s.Sample(c[0], c[1]); err == nil {
			t.Errorf("%v has a sample", c)
		}
	}
	if s.Class("nonesuch") != "" || s.Fields("nonesuch") != nil || s.HasSMS("nonesuch") {
		t.Error("a message that does not exist has properties")
	}
}

func TestTheVersionFollowsTheSources(t *testing.T) {
	t.Parallel()
	s := loaded(t)
	d, _ := s.Sample("confirmation", "en")
	before := render(t, s, "confirmation", "en", d).Version
	words, err := messageFiles.ReadFile("layout/help.en.md")
	if err != nil {
		t.Fatal(err)
	}
	other, err := LoadOver(fstest.MapFS{"layout/help.en.md": {Data: []byte(strings.Replace(string(words), "No one", "Nobody", 1))}})
	if err != nil {
		t.Fatal(err)
	}
	if after := render(t, other, "confirmation", "en", d).Version; after == before || len(after) != 8 {
		t.Errorf("version %s, then %s", before, after)
	}
	if a, b := render(t, s, "confirmation", "es", d).Version, render(t, other, "confirmation", "es", d).Version; a != b {
		t.Errorf("the Spanish message has changed with the English partial: %s, %s", a, b)
	}
}

// The layout's promises to readers who do not see it, or not as it was drawn.
func TestTheHTMLServesEveryReader(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *Set, name, language string, d Data) {
		r := render(t, s, name, language, d)
		subject := html.EscapeString(r.Subject)
		for _, want := range []string{
			`<html lang="` + language + `" dir="ltr"`, `role="article" aria-roledescription="email" aria-label="` + subject + `" lang="` + language + `" dir="ltr"`,
			"<title>" + subject + "</title>", `<meta name="color-scheme" content="light dark">`, "<!--[if mso]>", "<h1 ",
		} {
			if !strings.Contains(r.HTML, want) {
				t.Errorf("no %s", want)
			}
		}
		for _, bad := range []string{"<img", "<link", "<script", "@import", "url(", "src="} {
			if strings.Contains(r.HTML, bad) {
				t.Errorf("%s would load something from elsewhere", bad)
			}
		}
		root, err := html.Parse(strings.NewReader(r.HTML))
		if err != nil {
			t.Fatal(err)
		}
		for n := range root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			attr := map[string]string{}
			for _, a := range n.Attr {
				attr[a.Key] = a.Val
			}
			if n.Data == "table" && attr["role"] != "presentation" {
				t.Error("a table that a screen reader would read out as one")
			}
			if n.Data == "a" && !slices.Contains(literalLinks, attr["href"]) && !strings.Contains(r.Text, attr["href"]) {
				t.Errorf("the text part lacks %s", attr["href"])
			}
		}
	})
}

func ExampleSet_Render() {
	set, err := Load()
	if err != nil {
		fmt.Println(err)
		return
	}
	data, _ := set.Sample("confirmation", "en")
	message, err := set.Render("confirmation", "en", data)
	fmt.Println(message.Subject, err)
	fmt.Println(message.SMS)
	// Output:
	// We have your message <nil>
	// JoyDeVie: we have your message and will answer by Wed 10 am. Msg & data rates may apply. Reply HELP for help, STOP to stop.
}

func BenchmarkRender(b *testing.B) {
	s := loaded(b)
	for _, name := range s.Names() {
		d, _ := s.Sample(name, "en")
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Render(name, "en", d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package intake_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/tasks"
)

var night = time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)

type world struct {
	*intake.Intake
	got []tasks.Submission
	err error
}

func setup(t testing.TB) *world {
	t.Helper()
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{}
	w.Intake = &intake.Intake{
		Keys: keys, Now: func() time.Time { return night },
		NextSMS: func(contact.Submission) time.Time { return night.Add(8 * time.Hour) },
		Wording: func(version string, l contact.Language) string {
			if version != "v1" {
				return ""
			}
			return "hash-" + string(l)
		},
		Enqueue: func(_ context.Context, s tasks.Submission) error {
			if w.err == nil {
				w.got = append(w.got, s)
			}
			return w.err
		},
	}
	return w
}

func TestASubmissionIsQueuedAsNormalised(t *testing.T) {
	t.Parallel()
	w := setup(t)
	r, err := w.Submit(t.Context(), intake.Form{
		Name: " Ann\tLee\r\nBcc: ", Email: "Ann@EXAMPLE.com", Phone: "(303) 555-0142", Message: "Hello\r\nis this for me?\x00",
		ConsentSMS: "on", ConsentEmail: "false", Preferred: "SMS", Language: "es-MX", TimeZone: "America/Denver", Page: "https://x.example/blog/one?u=1", Wording: "v1",
	}, intake.Origin{IP: netip.MustParseAddr("192.0.2.1"), UserAgent: "Mozilla/5.0"})
	if err != nil {
		t.Fatal(err)
	}
	got := w.got[0]
	want := tasks.Submission{
		ID: got.ID, At: got.At, Content: got.Content, Name: "Ann Lee Bcc:", Email: "Ann@example.com", Phone: "+13035550142", Message: "Hello\nis this for me?",
		Language: "es", Preferred: "sms", Zone: "America/Denver", Page: "/blog/one", ConsentSMS: true,
		Wording: "v1", WordingHash: "hash-es", IP: "192.0.2.1", UserAgent: "Mozilla/5.0",
	}
	if got != want || len(got.ID) != 16 {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if (r != intake.Receipt{ID: got.ID, Language: contact.Spanish, Email: true, SMSAt: night.Add(8 * time.Hour)}) {
		t.Errorf("receipt %+v", r)
	}
}

func TestEveryFaultyFieldIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		form intake.Form
		want string
	}{
		{intake.Form{}, "email: reach"},
		{intake.Form{Email: "a@@b.example"}, "email: email_two_at"},
		{intake.Form{Email: "ann", Phone: "123"}, "email: email; phone: phone"},
		{intake.Form{Email: "ann@example.com", ConsentSMS: "maybe", ConsentEmail: "2"}, "consent_email: tick; consent_sms: tick"},
		{intake.Form{Email: "ann@example.com", Preferred: "pigeon"}, "preferred_channel: preferred"},
		{intake.Form{Email: "ann@example.com", Name: "\xff", Message: strings.Repeat("x", 10_001)}, "name: unreadable; message: too_long"},
		{intake.Form{Email: "\xff"}, "email: unreadable"},
		{intake.Form{Phone: strings.Repeat("1", 400)}, "phone: too_long"},
	} {
		w := setup(t)
		_, err := w.Submit(t.Context(), c.form, intake.Origin{})
		bad, ok := errors.AsType[*intake.Invalid](err)
		if !ok || bad.Error() != "contact form: "+c.want || len(w.got) != 0 {
			t.Errorf("%+v: got %v, want %s", c.form, err, c.want)
		}
	}
}

func TestWhatOnlyDecoratesIsDropped(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.Submit(t.Context(), intake.Form{Email: "ann@example.com", Language: "fr", TimeZone: "Mars/Olympus", Page: "javascript:alert(1)", Wording: "v9"}, intake.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	if s := w.got[0]; s.Language != "en" || s.Zone != "" || s.Page != "" || s.Wording != "" || s.WordingHash != "" {
		t.Errorf("kept %q %q %q %q", s.Language, s.Zone, s.Page, s.Wording)
	}
}

func TestTheReceiptSaysWhatWillCome(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		form             intake.Form
		email, sms, call bool
	}{
		{intake.Form{Email: "a@b.example"}, true, false, false},
		{intake.Form{Phone: "3035550142"}, false, false, true},
		{intake.Form{Phone: "3035550142", ConsentSMS: "1"}, false, true, false},
		{intake.Form{Phone: "+44 7911 123456", ConsentSMS: "1"}, false, false, true}, // abroad: a call
		{intake.Form{Phone: "+1 876 555 0123", ConsentSMS: "1"}, false, false, true}, // Jamaica
		{intake.Form{Email: "a@b.example", Phone: "3035550142", ConsentSMS: "1"}, true, true, false},
	} {
		r, err := setup(t).Submit(t.Context(), c.form, intake.Origin{})
		if err != nil || r.Email != c.email || r.SMSAt.IsZero() == c.sms || r.Call != c.call {
			t.Errorf("%+v: %+v, %v", c.form, r, err)
		}
	}
}

func TestOneIdempotencyKeyGivesOneID(t *testing.T) {
	t.Parallel()
	w := setup(t)
	form := intake.Form{Email: "ann@example.com"}
	first, _ := w.Submit(t.Context(), form, intake.Origin{IdempotencyKey: "k"})
	again, _ := w.Submit(t.Context(), form, intake.Origin{IdempotencyKey: "k"})
	other, _ := w.Submit(t.Context(), form, intake.Origin{IdempotencyKey: "l"})
	none, _ := w.Submit(t.Context(), form, intake.Origin{})
	if first.ID != again.ID || first.ID == other.ID || none.ID == first.ID || !w.got[0].Keyed || w.got[3].Keyed {
		t.Errorf("ids %s %s %s %s", first.ID, again.ID, other.ID, none.ID)
	}
}

func TestWithoutTheDurableActNothingWasTakenIn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.err = errors.New("redis is away")
	if _, err := w.Submit(t.Context(), intake.Form{Email: "ann@example.com"}, intake.Origin{}); !errors.Is(err, w.err) {
		t.Errorf("got %v", err)
	}
}

func TestAVisitorWhoGoesAwayHasStillWritten(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Enqueue = func(ctx context.Context, s tasks.Submission) error { return ctx.Err() }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Submit(ctx, intake.Form{Email: "ann@example.com"}, intake.Origin{}); err != nil {
		t.Errorf("lost with the connection: %v", err)
	}
}

func FuzzSubmit(f *testing.F) {
	f.Add("Ann", "ann@example.com", "3035550142", "Hello", "on", "sms", "es", "America/Denver", "/blog")
	f.Add("{{.}}", "a@@b", "\x00", "\r\n\xff", "maybe", "pigeon", "xx", "../../etc/passwd", "//evil.test")
	f.Add("\u202eAnn", "a@b.c\r\nBcc: d@e.f", "٣٠٣", "**bold**<b>", "TRUE", "", "en", "UTC", "javascript:x")
	f.Fuzz(func(t *testing.T, name, email, phone, message, tick, preferred, language, zone, page string) {
		w := setup(t)
		_, err := w.Submit(t.Context(), intake.Form{
			Name: name, Email: email, Phone: phone, Message: message, ConsentSMS: tick, ConsentEmail: tick,
			Preferred: preferred, Language: language, TimeZone: zone, Page: page,
		}, intake.Origin{UserAgent: name})
		if bad, ok := errors.AsType[*intake.Invalid](err); ok {
			if len(bad.Faults) == 0 || len(w.got) != 0 {
				t.Fatalf("refused without a fault, or queued all the same: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		s := w.got[0]
		for _, text := range []string{s.Name, s.Email, s.Phone, s.Message, s.UserAgent, s.Page} {
			if !utf8.ValidString(text) && text != s.UserAgent || strings.ContainsAny(text, "\x00\r\u202e") {
				t.Fatalf("kept %q", text)
			}
		}
		if strings.Contains(s.Name+s.Email+s.Phone+s.Page, "\n") {
			t.Fatalf("a line break in a field of one line: %q", fmt.Sprint(s.Name, s.Email, s.Phone, s.Page))
		}
	})
}

package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
	"github.com/joydevie/followup/templates"
)

// Whoever prints one of these by mistake prints no person.
func TestWhatHoldsAPersonRefusesToBePrinted(t *testing.T) {
	t.Parallel()
	s := contact.Submission{ID: "x", Name: "Canary", Email: "canary@x.example", Phone: "+13035550142", Message: "canary"}
	var out bytes.Buffer
	for _, v := range []any{
		s, &s, []any{s}, ledger.Planned{Submission: s}, &ledger.Planned{Submission: s}, ledger.Person{Submissions: []contact.Submission{s}},
		tasks.Submission{Name: "Canary", Email: "canary@x.example", Phone: "+13035550142", Message: "canary"},
		channel.Message{To: "canary@x.example", Subject: "Canary", Text: "canary", HTML: "canary"},
		intake.Form{Name: "Canary", Email: "canary@x.example", Message: "canary"},
		templates.Data{FirstName: "Canary", Name: "Canary", Email: "canary@x.example", Message: "canary"},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
	}
	// A record that is handed over whole, as JSON would show its fields.
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "s", s, "t", tasks.Submission{Name: "Canary"}, "m", channel.Message{Text: "canary"},
		"f", intake.Form{Name: "Canary"}, "d", templates.Data{Name: "Canary"}, "n", s.Name, "e", s.Email, "p", s.Phone)
	for _, secret := range []string{"anary", "5550142"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q was printed:\n%s", secret, out.String())
		}
	}
}

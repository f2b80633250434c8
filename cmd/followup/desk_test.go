package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
)

// deskWorld is a Redis with people in it, and the command line.
type deskWorld struct {
	t    testing.TB
	env  []string
	book *ledger.Ledger
}

func newDeskWorld(t testing.TB) *deskWorld {
	t.Helper()
	server, keys := redistest.Start(t, "--appendfsync", "no"), seal.New()
	set, err := seal.Parse(keys)
	if err != nil {
		t.Fatal(err)
	}
	return &deskWorld{t, staffEnv(server.URL, keys, "USER=bea"), ledger.New(server.Client(), set, hours.NewClock(1, nil).Now)}
}

// write admits somebody who wrote that long ago, with a plan.
func (w *deskWorld) write(name, email, phone string, ago time.Duration) contact.ID {
	w.t.Helper()
	at := time.Now().Add(-ago)
	s := contact.Submission{
		ID: seal.NewID(), At: at, Name: contact.Private(name), Email: contact.Email(email), Phone: contact.Phone(phone), Message: "canary words",
		Language: contact.English, Zone: "America/Denver", Page: "/blog/one", Consent: contact.Consent{Email: true, SMS: phone != ""},
	}
	a, err := w.book.Admit(context.Background(), s, ledger.Once{}, func(*ledger.Person) ledger.Plan {
		return ledger.Plan{Unread: true, Steps: []ledger.Step{
			{Template: "confirmation", Via: contact.ViaEmail, Due: at},
			{Template: "followup-1", Via: contact.ViaEmail, Due: at.Add(24 * time.Hour)},
		}}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return a.Contact
}

// run gives what a command printed, what it complained of, and how it ended.
func (w *deskWorld) run(args ...string) (out, complaint string, code int) {
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), system{append([]string{"followup"}, args...), w.env, &stdout, &stderr})
	for line := range strings.Lines(stdout.String()) {
		if n := columns(strings.TrimSuffix(line, "\n")); n > screenWidth && !strings.Contains(stdout.String(), "{") {
			w.t.Errorf("%v prints a line of %d columns: %s", args, n, line)
		}
	}
	return stdout.String(), stderr.String(), code
}

func TestTheDeskLooks(t *testing.T) {
	t.Parallel()
	w := newDeskWorld(t)
	ann := w.write("Ánn Canary 田中太郎", "ann.canary@example.com", "+13035550142", 2*time.Hour)
	w.write("Bea Canary", "bea@example.com", "", 100*time.Hour)
	p, err := w.book.Message(t.Context(), ann, ledger.Entry{N: 1, Template: "confirmation"}, contact.ViaEmail)
	if err == nil {
		row := p.Row
		row.State, row.Why, row.At = ledger.NotSent, gate.ReasonRefused, time.Now().Unix()
		err = w.book.Settle(t.Context(), p, row)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		say  []string
	}{
		{[]string{"contacts", "find", "CANARY"}, []string{"B. C.", "Á. 田.", "new, not read yet", string(ann)}},
		{[]string{"contacts", "find", "ann", "--full"}, []string{"Ánn Canary 田中太郎"}},
		{[]string{"contacts", "find", "canary", "--most", "1"}, []string{"and 1 more"}},
		{[]string{"contacts", "show", "(303) 555-0142"}, []string{"Á. 田.", "wrote, item", "Confirmation by email not sent", "agreed to", "follow-ups by email, texts"}},
		{[]string{"contacts", "show", "--full", "ann"}, []string{"“canary words”", "(303) 555-0142, ann.canary@example.com"}},
		{[]string{"why", "ann.canary@example.com"}, []string{"Confirmation by email not sent: the provider refused it (", "Follow-up 1 by email goes "}},
		{[]string{"inbox"}, []string{"2 new · ", "nobody has read it"}},
		{[]string{"upcoming", "--week"}, []string{"follow-up", "within a week", "Á. 田."}},
		{[]string{"upcoming", "ann"}, []string{"1 follow-up to this person"}},
		{[]string{"messages", "failed"}, []string{"1 did not reach", "Confirmation by email not sent"}},
	} {
		out, complaint, code := w.run(c.args...)
		if code != 0 || complaint != "" {
			t.Errorf("%v: %d, %s", c.args, code, complaint)
		}
		for _, say := range c.say {
			if !strings.Contains(out, say) {
				t.Errorf("%v does not say %q:\n%s", c.args, say, out)
			}
		}
		full := strings.Contains(strings.Join(c.args, " "), "--full")
		if !full && (strings.Contains(strings.ToLower(out), "canary") || strings.Contains(out, "555")) {
			t.Errorf("%v names the person:\n%s", c.args, out)
		}
		asJSON, _, code := w.run(append(c.args, "--json")...)
		if !json.Valid([]byte(asJSON)) || code != 0 || !full && strings.Contains(strings.ToLower(asJSON), "anary") {
			t.Errorf("%v --json: %d, %s", c.args, code, asJSON)
		}
		t.Logf("$ followup %s\n%s", strings.Join(c.args, " "), out)
	}
	for _, c := range []struct {
		args []string
		code int
		say  string
	}{
		{[]string{"contacts", "show", "nobody"}, failed, "nobody is found by that; give an item"},
		{[]string{"why", "canary"}, failed, "that is 2 people"},
		{[]string{"why"}, usedWrong, "whom? PERSON is an item"},
		{[]string{"inbox", "--most", "0"}, usedWrong, "--most: takes 1 to 1000"},
		{[]string{"inbox", "now"}, usedWrong, `takes no "now"`},
	} {
		out, complaint, code := w.run(c.args...)
		if code != c.code || !strings.Contains(complaint, c.say) || out != "" || strings.Count(complaint, "\n") != 1 || strings.Contains(complaint, "anary") && c.args[1] != "canary" {
			t.Errorf("%v: %d, %q %q", c.args, code, out, complaint)
		}
	}
}

func TestColumnsAreThoseOfATerminal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "田中": 4, "a\u200bb": 2, "ｶﾅ": 2} {
		if got := columns(text); got != want {
			t.Errorf("%q takes %d columns, want %d", text, got, want)
		}
	}
	for _, text := range []string{"", "a", strings.Repeat("wide 田中 ", 30), strings.Repeat("田", 99)} {
		for _, line := range wrap(text, 20) {
			if columns(line) > 20 {
				t.Errorf("%q is too wide", line)
			}
		}
		if got := strings.Join(strings.Fields(strings.Join(wrap(text, 20), "")), ""); got != strings.ReplaceAll(text, " ", "") {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := oneLine("a\x1b[31m\nb\u202e\rc"); got != "a[31m b c" {
		t.Errorf("%q", got)
	}
}

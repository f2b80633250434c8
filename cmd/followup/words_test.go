package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/joydevie/followup/templates"
)

// command runs the program in this process and gives its exit code and what it
// printed.
func command(env []string, args ...string) (code int, out, log string) {
	var o, l bytes.Buffer
	code = run(context.Background(), system{args: append([]string{"followup"}, args...), env: env, stdout: &o, stderr: &l})
	return code, o.String(), l.String()
}

// override puts a built-in message into a folder, with one of its sentences
// changed.
func override(t *testing.T, dir, name, old, changed string) {
	t.Helper()
	words, err := os.ReadFile(filepath.Join("..", "..", "templates", "messages", name))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(words), old) {
		t.Fatalf("%s does not say %q", name, old)
	}
	if err := os.MkdirAll(filepath.Join(dir, "messages"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "messages", name), []byte(strings.ReplaceAll(string(words), old, changed)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestASentenceChangesTheNextMessageAndABrokenOneNone(t *testing.T) {
	t.Parallel()
	w, dir := newClinicWorld(t), t.TempDir()
	override(t, dir, "confirmation.en.md", "Thank you for writing to us.", "It is good that you wrote.")
	p := launch(t, append(slices.Clone(w.env), "FOLLOWUP_TEMPLATES="+dir), "run")
	base := p.port("public")
	next := func(address string) string {
		post(t, base, map[string]any{"email": address})
		text := ""
		eventually(t, "the confirmation to "+address, func() bool {
			for _, m := range w.mail.Messages() {
				if m.To == address {
					text = m.Text
				}
			}
			return text != ""
		})
		return text
	}
	if text := next("first@example.com"); !strings.Contains(text, "It is good that you wrote.") {
		t.Errorf("the override does not speak:\n%s", text)
	}
	hangUp := func(want string) {
		before := strings.Count(p.log.String(), want)
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		eventually(t, want, func() bool { return strings.Count(p.log.String(), want) > before })
	}

	override(t, dir, "confirmation.en.md", "Thank you for writing to us.", "We are glad that you wrote.")
	hangUp("messages reloaded")
	if text := next("second@example.com"); !strings.Contains(text, "We are glad that you wrote.") {
		t.Errorf("the new sentence does not speak:\n%s", text)
	}

	override(t, dir, "confirmation.en.md", "Thank you for writing to us.", "This is your last chance, <b>act now</b>.")
	hangUp("messages not reloaded")
	if text := next("third@example.com"); !strings.Contains(text, "We are glad that you wrote.") {
		t.Errorf("a broken sentence changed the words:\n%s", text)
	}
	if !strings.Contains(p.log.String(), filepath.Join(dir, "messages", "confirmation.en.md")+":") {
		t.Error("the log does not name the file at fault")
	}
	versions := map[string]bool{}
	for part := range strings.SplitSeq(w.dump("f:{*}"), `"words":"`) {
		if len(part) > 8 && part[8] == '"' {
			versions[part[:8]] = true
		}
	}
	if len(versions) < 3 { // two of the confirmation, one of the note
		t.Errorf("the ledger knows the versions %v", versions)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("stopped with %d", code)
	}
}

func TestABrokenOverrideStopsTheStart(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	for name, c := range map[string]struct{ file, old, changed, want string }{
		"a pressing word":       {"followup-1.es.md", "No cuesta nada", "Solo hoy: no cuesta nada", "followup-1.es.md:LINE: "},
		"a tag that is none":    {"confirmation.en.md", "{{clinic}}", "{{klinik}}", "confirmation.en.md:LINE: "},
		"an accent in a text":   {"reminder.es.md", "un breve recordatorio", "un brevísimo recordatorio", "“í” (U+00ED)"},
		"a drug in the subject": {"booked.en.md", "Your appointment is booked, {{when}}", "Your infusion is booked, {{when}}", "booked.en.md:LINE: "},
		"a file nobody reads":   {"help.en.md", "", "", "help.md:1: nothing reads this file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			override(t, dir, c.file, c.old, c.changed)
			if c.old == "" {
				if err := os.WriteFile(filepath.Join(dir, "messages", "help.md"), nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			words, err := os.ReadFile(filepath.Join(dir, "messages", c.file))
			if err != nil {
				t.Fatal(err)
			}
			before, _, _ := strings.Cut(string(words), c.changed)
			want := strings.Replace(c.want, "LINE", strconv.Itoa(1+strings.Count(before, "\n")), 1)
			p := launch(t, append(slices.Clone(w.env), "FOLLOWUP_TEMPLATES="+dir), "run")
			code := p.wait()
			log := p.log.String()
			if code != failed || !strings.Contains(log, filepath.Join(dir, "messages")+"/") || !strings.Contains(log, want) || !strings.Contains(log, "FOLLOWUP_TEMPLATES") {
				t.Errorf("exit %d; it does not say %q:\n%s", code, want, log)
			}
			if strings.Contains(log, `"listening"`) {
				t.Error("it has begun to serve")
			}
		})
	}
}

func TestTheListIsWhatItsReadersExpect(t *testing.T) {
	t.Parallel()
	code, out, _ := command(nil, "templates", "list", "--json")
	var rows []map[string]any
	if err := json.Unmarshal([]byte(out), &rows); err != nil || code != done {
		t.Fatal(code, err)
	}
	var names []string
	for _, r := range rows {
		names = append(names, r["name"].(string))
		if len(r) != 4 || len(r["languages"].([]any)) != 2 || len(r["fields"].([]any)) == 0 || r["class"] == "" {
			t.Errorf("got %v", r)
		}
	}
	for _, name := range []string{"confirmation", "followup-1", "followup-2", "followup-3", "reminder", "reminder-24h", "reminder-2h", "called", "booked", "cancelled", "rescheduled", "optout", "help", "out-of-hours", "staff-note", "staff-page", "morning-sheet"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestTheLinterSaysWhereAndWhatToDo(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "templates", "testdata", "lint", "pressing")
	code, out, log := command(nil, "templates", "lint", "--dir", dir)
	if want := filepath.Join(dir, "messages", "example.en.md") + `:10: pressing: "limited" in the body; `; code != failed || !strings.Contains(out, want) || strings.Count(log, "\n") != 1 {
		t.Errorf("exit %d, %q, %q", code, out, log)
	}
	code, out, _ = command([]string{"FOLLOWUP_TEMPLATES=" + dir}, "templates", "lint", "--json")
	var faults templates.Faults
	if err := json.Unmarshal([]byte(out), &faults); err != nil || code != failed || len(faults) != 2 || faults[0].Rule != "pressing" {
		t.Errorf("exit %d, %v, %v", code, faults, err)
	}
	if code, out, _ = command(nil, "templates", "lint", "--json"); code != done || strings.TrimSpace(out) != "[]" {
		t.Errorf("exit %d, %q", code, out)
	}
	clinic := clinicFile(t, "booking_url: https://book.example.org/x")
	if code, out, _ = command(nil, "templates", "lint", "--clinic", clinic); code != failed || !strings.Contains(out, "link-own: {{booking_url}} leads to book.example.org") {
		t.Errorf("exit %d, %q", code, out)
	}
	if code, out, _ = command(nil, "templates", "lint", "--rules"); code != done || !strings.Contains(out, "link-own") {
		t.Errorf("exit %d, %q", code, out)
	}
}

func TestThePreviewIsWhatIsSent(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "x.html")
	code, out, log := command(nil, "templates", "preview", "reminder-24h", "--language", "es", "--contact", "sample", "--html", file)
	if code != done {
		t.Fatal(code, log)
	}
	golden := func(ending string) string {
		b, err := os.ReadFile(filepath.Join("..", "..", "templates", "testdata", "golden", "reminder-24h.es."+ending))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	written, err := os.ReadFile(file)
	if err != nil || string(written) != golden("html") || !strings.Contains(out, golden("txt")) || !strings.Contains(out, strings.TrimSpace(golden("subject.txt"))) {
		t.Errorf("%v:\n%s", err, out)
	}
	if !strings.Contains(out, "SMS: 1 segment, GSM-7, ") || !strings.Contains(out, "│ JoyDeVie: tu cita") {
		t.Errorf("no bubble:\n%s", out)
	}
	for _, args := range [][]string{{"nonesuch"}, {"help", "--language", "fr"}, {"help", "--contact", "ann@example.com"}, {}, {"help", "extra"}} {
		if code, _, log := command(nil, append([]string{"templates", "preview"}, args...)...); code != usedWrong || strings.Count(log, "\n") != 1 {
			t.Errorf("%v: exit %d, %s", args, code, log)
		}
	}
}

func TestASampleGoesToTheClinicsOwnStaffAlone(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	if code, _, _ := command(w.env, "templates", "send", "booked"); code != usedWrong {
		t.Errorf("exit %d without --to-me", code)
	}
	p := launch(t, w.env, "templates", "send", "booked", "--language", "es", "--to-me")
	if code := p.wait(); code != done || !strings.Contains(p.out.String(), "desk@joydevie.example") {
		t.Fatal(code, p.out, p.log)
	}
	sent := w.mail.Messages()
	if len(sent) != 1 || sent[0].To != "desk@joydevie.example" || !slices.Contains(sent[0].Parts, "text/calendar") {
		t.Errorf("got %d messages", len(sent))
	}
}

func TestDevShowsEveryMessageAsItIsWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	override(t, dir, "called.en.md", "That is fine.", "That is quite all right.")
	p := launch(t, nil, "dev", "--listen", "127.0.0.1:0", "--templates", dir)
	base := p.port("public")
	page, header := get(t, base+"/preview/called/en")
	for _, want := range []string{`src="/preview/called/en/html"`, "sandbox", "/preview/morning-sheet/es", "1 segment, GSM-7", "JoyDeVie: we tried to call you"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if !strings.Contains(header.Get("Content-Security-Policy"), "frame-src 'self'") {
		t.Errorf("the page's policy is %q", header.Get("Content-Security-Policy"))
	}
	mail, header := get(t, base+"/preview/called/en/html")
	if !strings.Contains(mail, "That is quite all right.") || !strings.HasPrefix(header.Get("Content-Security-Policy"), "sandbox; default-src 'none'") {
		t.Errorf("policy %q, %s", header.Get("Content-Security-Policy"), mail)
	}
	if ics, _ := get(t, base+"/preview/booked/en/appointment.ics"); !strings.HasPrefix(ics, "BEGIN:VCALENDAR\r\n") {
		t.Errorf("got %q", ics)
	}
	override(t, dir, "called.en.md", "That is fine.", "That is **fine.")
	if page, _ = get(t, base+"/preview/called/en"); strings.Contains(page, "have a fault") {
		t.Error("a lone asterisk is no fault")
	}
	override(t, dir, "called.en.md", "That is fine.", "Hurry, please.")
	if page, _ = get(t, base+"/preview/called/en"); !strings.Contains(page, "called.en.md:") || !strings.Contains(page, "pressing") {
		t.Errorf("the page does not say what is wrong:\n%s", page)
	}
	if answer, err := http.Get(base + "/preview/nonesuch/en"); err != nil || answer.StatusCode != http.StatusNotFound {
		t.Error(err)
	}
}

func get(t *testing.T, url string) (string, http.Header) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(url, answer.Status, err)
	}
	return b.String(), answer.Header
}

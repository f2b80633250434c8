package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/seal"
)

// file writes a list and gives its path.
func file(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// typed runs a command for somebody who types that.
func (w *deskWorld) typed(text string, args ...string) (out, complaint string, code int) {
	var stdout, stderr bytes.Buffer
	sys := system{append([]string{"followup"}, args...), w.env, &stdout, &stderr}
	cmd := root(sys)
	cmd.Reader = strings.NewReader(text)
	if err := cmd.Run(w.t.Context(), sys.args); err != nil {
		return stdout.String(), err.Error(), failed
	}
	return stdout.String(), stderr.String(), done
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	return lines[len(lines)-1]
}

// fortyPeople is a list of 40 rows, of which 36 may go; the people of it are
// in the ledger.
func fortyPeople(t testing.TB, book *ledger.Ledger, plan ledger.Plan) string {
	t.Helper()
	rows := []string{"Name;E-Mail;Teléfono"}
	for i := range 40 {
		line := i + 2
		s := contact.Submission{
			ID: seal.NewID(), At: time.Now(), Name: contact.Private(fmt.Sprintf("%c. Canary", 'A'+i%26)), Email: contact.Email(fmt.Sprintf("p%d.canary@example.com", i)),
			Phone: contact.Phone(fmt.Sprintf("+1303555%04d", 2000+i)), Language: contact.English, Zone: "America/Denver", Consent: contact.Consent{SMS: true},
		}
		switch line {
		case 3, 17: // texts alone, and opted out
			s.Email = ""
		case 8: // texts alone, and the box was not ticked
			s.Email, s.Consent.SMS = "", false
		case 21:
			rows = append(rows, "Once more;p0.canary@example.com;")
			continue
		}
		a, err := book.Admit(t.Context(), s, ledger.Once{}, func(*ledger.Person) ledger.Plan { return plan })
		if err == nil && (line == 3 || line == 17) {
			err = book.Suppress(t.Context(), a.Contact, 1, contact.ViaSMS, gate.OptedOut, "person")
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, fmt.Sprintf("%s;%s;%s", string(s.Name), string(s.Email), s.Phone.National()))
	}
	return strings.Join(rows, "\r\n")
}

var aBatch = regexp.MustCompile(`batch ([a-z2-7]{8})\b`)

func TestAListIsTriedSentShownAndStopped(t *testing.T) {
	t.Parallel()
	w := newDeskWorld(t)
	w.env = append(w.env, "TWILIO_ACCOUNT_SID=AC"+strings.Repeat("0", 32), "TWILIO_AUTH_TOKEN="+strings.Repeat("1", 32), "TWILIO_FROM=+13035550100")
	path := file(t, fortyPeople(t, w.book, ledger.Plan{Unread: true}))
	remind := []string{"remind", "--list", path, "--template", "reminder", "--at", "tomorrow 9am"}
	const want = "40 rows → 36 go, 2 opted out (lines 3, 17), 1 no consent (8), 1 twice (21)"

	out, complaint, code := w.run(append(remind, "--dry-run")...)
	if code != done || lastLine(out) != want || complaint != "" {
		t.Fatalf("%d, %s\n%s", code, complaint, out)
	}
	t.Log("$ followup remind --list … --dry-run\n" + out)
	for _, say := range []string{"line 21: the same person as line 2", "The first 3 go ", " 09:00 M", "the rest from ", " 09:10 M", "At present 36 would wait: A person must read"} {
		if !strings.Contains(out, say) {
			t.Errorf("the dry run does not say %q:\n%s", say, out)
		}
	}
	if strings.Contains(out, "anary") || strings.Contains(out, "555") {
		t.Errorf("the dry run names somebody:\n%s", out)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	piped := []string{"remind", "--list", "-", "--at", "tomorrow 9am"}
	if out, complaint, code := w.typed(string(content), append(piped, "--dry-run")...); code != done || lastLine(out) != want {
		t.Errorf("on stdin: %d, %s\n%s", code, complaint, out)
	}
	if out, complaint, code := w.typed(string(content), piped...); code != failed || !strings.Contains(complaint, "add --yes 36") {
		t.Errorf("on stdin, without a count: %d, %s\n%s", code, complaint, out)
	}
	for _, text := range []string{"", "35\n", "yes\n", "036\n"} {
		out, complaint, code := w.typed(text, remind...)
		if code != failed || !strings.Contains(complaint, "nothing was planned") {
			t.Errorf("typed %q: %d, %s\n%s", text, code, complaint, out)
		}
	}
	if out, _, _ := w.run("batches", "list"); !strings.HasPrefix(out, "0 lists") {
		t.Errorf("a wrong count, and there is\n%s", out)
	}
	out, complaint, code = w.typed("36\n", remind...)
	found := aBatch.FindStringSubmatch(out)
	if code != done || found == nil || !strings.Contains(out, want+"\n") {
		t.Fatalf("%d, %s\n%s", code, complaint, out)
	}
	id := found[1]
	if out, complaint, code := w.run(append(remind, "--yes", "36")...); code != failed || !strings.Contains(complaint, "--again") || out != "" {
		t.Errorf("the same again: %d, %s\n%s", code, complaint, out)
	}
	corrected := file(t, fortyCorrected(path)+"\r\n")
	out, _, _ = w.run("remind", "--list", corrected, "--at", "tomorrow 9am", "--dry-run")
	if got := lastLine(out); got != "39 rows → 0 go, 36 had it already (lines 2, 4, 5, 6, …), 2 opted out (lines 3, 17), 1 no consent (8)" {
		t.Errorf("of the corrected list %q", got)
	}
	out, _, _ = w.run("remind", "--list", corrected, "--at", "tomorrow 9am", "--dry-run", "--again")
	if got := lastLine(out); !strings.HasPrefix(got, "39 rows → 36 go, ") {
		t.Errorf("of the corrected list with --again %q", got)
	}
	out, _, code = w.run("batches", "show", id)
	if code != done || !strings.Contains(out, "36 rows, waiting until ") || strings.Count(out, ". C.") != 36 || strings.Contains(out, "anary") {
		t.Errorf("%d\n%s", code, out)
	}
	if out, _, _ := w.run("batches", "show", id, "--full"); strings.Count(out, ". Canary") != 36 {
		t.Errorf("with --full\n%s", out)
	}
	out, _, code = w.typed("", "batches", "show", id, "--csv")
	if code != done || strings.Count(out, "\n") != 1+2*36 || !strings.HasPrefix(out, "line,item,who,state,reason,at,what\n2,") {
		t.Errorf("%d, %d lines\n%s", code, strings.Count(out, "\n"), out)
	}
	for range 2 { // twice is once
		if out, _, code = w.run("batches", "abort", id); code != done || out != "0 had gone, 36 stopped.\n" {
			t.Errorf("%d %s", code, out)
		}
	}
	for _, args := range [][]string{{"batches", "list"}, {"batches", "show", id}} {
		if out, _, _ := w.run(args...); !strings.Contains(out, "aborted by bea: 36 stopped") {
			t.Errorf("%v\n%s", args, out)
		}
		if out, _, code := w.run(append(args, "--json")...); code != done || !json.Valid([]byte(out)) || strings.Contains(out, "anary") {
			t.Errorf("%v --json: %d\n%s", args, code, out)
		}
	}
}

// fortyCorrected is the same list without its last mistake.
func fortyCorrected(path string) string {
	content, _ := os.ReadFile(path)
	return strings.Replace(string(content), "\r\nOnce more;p0.canary@example.com;", "", 1)
}

func TestAListThatLeadsToNobodySendsNothing(t *testing.T) {
	t.Parallel()
	w := newDeskWorld(t)
	w.write("Ann Canary", "ann@example.com", "", time.Hour)
	w.write("Bea Canary", "", "+13035550143", time.Hour)
	for name, c := range map[string]struct {
		content, last, say string
		args               string
		code               int
	}{
		"empty":             {"phone,email\n", "0 rows → 0 go", "it has no rows: nobody gets anything", "--yes 0", failed},
		"empty, dry":        {"phone,email\n", "0 rows → 0 go", "it has no rows: nobody gets anything", "--dry-run", failed},
		"nobody known":      {"phone\n303-555-0199\n", "1 rows → 0 go, 1 not known (2)", "nothing was planned", "--yes 1", failed},
		"nobody known, dry": {"phone\n303-555-0199\nx\n", "2 rows → 0 go, 1 not known (2), 1 unreadable (3)", "", "--dry-run", done},
		"two people":        {"phone,email\n303-555-0143,ann@example.com\n", "1 rows → 0 go, 1 of two people (2)", "", "--dry-run", done},
		"no header":         {"ann@example.com\n", "", "--list: line 1: the columns have no names", "--dry-run", failed},
		"no such words":     {"email\nann@example.com\n", "", "--template: there is no such message", "--dry-run --template x", failed},
		"the past":          {"email\nann@example.com\n", "", "--at: it lies in the past", "--dry-run --at '2020-01-01 9am'", failed},
		"a wrong count":     {"email\nann@example.com\n", "", "1 people would get it", "--yes 2", failed},
		"no pace":           {"email\nann@example.com\n", "", "--pace: takes 1 to 100000", "--pace 0 --dry-run", usedWrong},
		"a person as well":  {"email\nann@example.com\n", "", "takes PERSON or --list", "--dry-run ann", usedWrong},
	} {
		t.Run(name, func(t *testing.T) {
			out, complaint, code := w.run(append([]string{"remind", "--list", file(t, c.content)}, words(c.args)...)...)
			if code != c.code || c.last != "" && lastLine(out) != c.last || !strings.Contains(complaint, c.say) || strings.Count(complaint, "\n") > 1 {
				t.Errorf("%d\n%s%s", code, out, complaint)
			}
		})
	}
	if _, complaint, code := w.run("remind", "--list", "/nowhere/x.csv"); code != failed || !strings.Contains(complaint, "--list: the file cannot be read") {
		t.Errorf("%d %s", code, complaint)
	}
	if _, complaint, code := w.run("remind", "ann", "--yes", "1"); code != usedWrong || !strings.Contains(complaint, "goes with --list alone") {
		t.Errorf("%d %s", code, complaint)
	}
	if _, complaint, code := w.run("batches", "abort", "nonesuch"); code != failed || !strings.Contains(complaint, "there is no such batch") {
		t.Errorf("%d %s", code, complaint)
	}
	if out, _, _ := w.run("batches", "list"); !strings.HasPrefix(out, "0 lists") {
		t.Errorf("there is\n%s", out)
	}
	for _, m := range []string{"ann@example.com"} {
		p, err := w.book.Find(t.Context(), contact.ViaEmail, m)
		if err != nil {
			t.Fatal(err)
		}
		if person, err := w.book.Person(t.Context(), p); err != nil || person.Alone != 0 {
			t.Errorf("%d reminders were planned, %v", person.Alone, err)
		}
	}
}

func TestABarIsDrawnOnATerminalAlone(t *testing.T) {
	t.Parallel()
	plain, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if progress(&bytes.Buffer{}, 10) != nil || progress(plain, 10) != nil {
		t.Error("into a pipe or a file a bar is drawn")
	}
	for done, want := range map[int]string{
		0: "\r[" + strings.Repeat(".", 40) + "] 0 of 10", 5: "\r[" + strings.Repeat("#", 20) + strings.Repeat(".", 20) + "] 5 of 10",
		10: "\r[" + strings.Repeat("#", 40) + "] 10 of 10\n",
	} {
		if got := bar(done, 10); got != want {
			t.Errorf("%d of 10: %q", done, got)
		}
	}
}

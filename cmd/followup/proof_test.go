package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/tasks"
	"github.com/joydevie/followup/templates"
)

var update = flag.Bool("update", false, "rewrite the approved outputs in testdata")

// golden compares an output with what was approved.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || got != string(want) {
		t.Errorf("%s differs from what was approved (%v); if the change is meant, run go test ./cmd/followup -run %s -update and have it read:\n%s", file, err, t.Name(), got)
	}
}

// till is a Redis with a key set, for commands of staff.
type till struct {
	t      *testing.T
	redis  *redistest.Server
	env    []string
	ledger *ledger.Ledger
}

// clinicMorning is a Tuesday at 10:00 in Denver.
var clinicMorning = time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)

func newTill(t *testing.T) *till {
	t.Helper()
	text := seal.New()
	keys, err := seal.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	server := redistest.Start(t)
	now := clinicMorning
	tick := func() time.Time { now = now.Add(time.Minute); return now }
	return &till{t, server, staffEnv(server.URL, text, "USER=bea"), ledger.New(server.Client(), keys, tick)}
}

// run is a command; it gives what it printed.
func (b *till) run(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(b.t.Context(), system{append([]string{"followup"}, args...), b.env, &out, &errs})
	return code, out.String(), errs.String()
}

const tillNumber, tillMail = "+13035550142", "ann.canary@example.com"

// ann has ticked both boxes, got a confirmation and a follow-up, and opted out.
func (b *till) ann() contact.ID {
	b.t.Helper()
	ctx, l := b.t.Context(), b.ledger
	words := templates.ConsentWording("en", config.ExampleClinic().Name)
	if err := l.KeepWords(ctx, words.Hash, ledger.BoxWords{Email: words.Email, SMS: words.SMS}); err != nil {
		b.t.Fatal(err)
	}
	s := contact.Submission{
		ID: "aaaabbbbccccdddd", At: clinicMorning, Name: "Ann Canary", Email: tillMail, Phone: tillNumber, Message: "canary words", Language: contact.English,
		Zone: "America/Denver", Page: "/blog/one", Consent: contact.Consent{
			Email: true, SMS: true, Wording: words.Version, Hash: words.Hash, IP: "192.0.2.7", UserAgent: "Mozilla/5.0",
		},
	}
	a, err := l.Admit(ctx, s, ledger.Once{}, func(*ledger.Person) ledger.Plan {
		return ledger.Plan{Steps: []ledger.Step{
			{Template: "confirmation", Via: contact.ViaSMS, Due: s.At}, {Template: "followup-1", Via: contact.ViaSMS, Due: s.At}, {Template: "confirmation", Via: contact.ViaEmail, Due: s.At},
		}}
	})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, m := range a.Steps[:2] {
		if _, err := l.Claim(ctx, &m, "try", clinicMorning); err != nil {
			b.t.Fatal(err)
		}
		row, _ := m.Row.To(ledger.Sent, "", clinicMorning.Add(2*time.Minute))
		row.Words, row.Provider = "3f2a", "SM0001"
		if err := l.Settle(ctx, &m, row); err != nil {
			b.t.Fatal(err)
		}
	}
	for _, in := range []ledger.Inbound{
		{SID: "SM0002", Text: "please stop texting me", Rule: "stop-texting", Why: gate.OptedOut}, {SID: "SM0003", Text: "START", Rule: "start", Lift: true},
	} {
		in.From, in.Of = tillNumber, "2026-11-24"
		if _, err := l.Hear(ctx, in); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := l.Block(ctx, contact.ViaSMS, tillNumber, gate.Dead, "provider", "30006"); err != nil {
		b.t.Fatal(err)
	}
	if _, err := l.Lift(ctx, contact.ViaSMS, tillNumber, "bea", "she called: the number works"); err != nil {
		b.t.Fatal(err)
	}
	if err := l.Block(ctx, contact.ViaSMS, tillNumber, gate.OptedOut, "provider", "21610"); err != nil {
		b.t.Fatal(err)
	}
	return a.Contact
}

func TestAProofReadsAsALawyerWouldReadIt(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	b.ann()
	p, err := b.ledger.Proof(t.Context(), contact.ViaSMS, tillNumber)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	printProof(&out, p, clinicMorning.Add(time.Hour))
	golden(t, "proof.txt", strings.ReplaceAll(out.String(), string(p.People[0]), "PERSON"))
}

func TestProofAndEraseAtTheCommandLine(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	id := string(b.ann())
	code, byNumber, errs := b.run("proof", "(303)", "555-0142")
	if code != done || !strings.Contains(byNumber, "OPTED OUT, by text") || !strings.Contains(byNumber, "Reply STOP to stop") || errs != "" {
		t.Fatalf("%d %s %s", code, byNumber, errs)
	}
	if _, byID, _ := b.run("proof", id); !strings.Contains(byID, "follow-up emails") || !strings.Contains(byID, "OPTED OUT, by text") {
		t.Errorf("by id: %s", byID)
	}

	code, would, _ := b.run("erase", tillMail)
	if code != done || !strings.Contains(would, "Would remove") || !strings.Contains(would, "--yes") || !strings.Contains(would, "1 message not sent yet") {
		t.Errorf("%d %s", code, would)
	}
	if n := len(b.redis.Client().Keys(t.Context(), "f:{*}").Val()); n != 1 {
		t.Fatal("a dry run has removed her")
	}
	code, did, _ := b.run("erase", tillMail, "--yes")
	if code != done || !strings.Contains(did, "Removed A. C. (") || !strings.Contains(did, "still blocked: The person opted out of texts.") {
		t.Errorf("%d %s", code, did)
	}
	if code, _, errs := b.run("erase", id, "--yes"); code != failed || !strings.Contains(errs, "nobody is found by that") {
		t.Errorf("twice: %d %s", code, errs)
	}

	var proofs []struct {
		Blocked  []string
		People   []string
		Evidence []struct {
			What  string
			By    string
			Grant struct{ Words string }
		}
	}
	code, asJSON, _ := b.run("proof", tillNumber, "--json")
	if err := json.Unmarshal([]byte(asJSON), &proofs); err != nil || code != done || len(proofs) != 1 {
		t.Fatalf("%d %v %s", code, err, asJSON)
	}
	p := proofs[0]
	if last := p.Evidence[len(p.Evidence)-1]; len(p.Evidence) != 9 || last.What != "erased" || last.By != "bea" || !strings.Contains(p.Evidence[0].Grant.Words, "Reply STOP") {
		t.Errorf("%+v", p)
	}
	if len(p.People) != 0 || len(p.Blocked) != 1 || p.Blocked[0] != "opted_out" {
		t.Errorf("%+v", p)
	}
	if code, none, errs := b.run("proof", "nobody.canary@example.com"); code != done || !strings.Contains(none, "Nothing is on record") || errs != "" {
		t.Errorf("of an address that nobody gave: %d %s %s", code, none, errs)
	}
	for _, wrong := range []struct {
		args []string
		code int
		say  string
	}{
		{[]string{"proof"}, usedWrong, "whom? PERSON is"},
		{[]string{"erase", "--yes"}, usedWrong, "whom? PERSON is"},
		{[]string{"proof", "x@@y.canary"}, failed, "nobody is found by that"},
		{[]string{"proof", id}, failed, "nobody is found by that"},
		{[]string{"erase", tillNumber}, failed, "nobody is found by that"},
	} {
		if code, out, errs := b.run(wrong.args...); code != wrong.code || out != "" || !strings.Contains(errs, wrong.say) || strings.Contains(errs, "anary") {
			t.Errorf("%v: %d %s %s", wrong.args, code, out, errs)
		}
	}
}

func TestAnErasureSaysThatFormsStillWait(t *testing.T) {
	t.Parallel()
	b := newTill(t)
	b.ann()
	if code, would, _ := b.run("erase", tillMail); code != done || strings.Contains(would, "queue") {
		t.Errorf("with an empty queue: %d %s", code, would)
	}
	queue := tasks.NewClient(b.redis.Client(), nothingSealed{})
	if err := tasks.Enqueue(t.Context(), queue, tasks.Submitted, tasks.Submission{ID: "waits"}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if code, would, _ := b.run("erase", tillMail); code != done || !strings.Contains(would, "1 task in the queue") || strings.Contains(would, "dropped") {
		t.Errorf("%d %s", code, would)
	}
	code, did, _ := b.run("erase", tillMail, "--yes", "--json")
	if code != done || !strings.Contains(did, `"queued": 1`) || !strings.Contains(did, `"done": true`) {
		t.Errorf("%d %s", code, did)
	}
}

type nothingSealed struct{}

func (nothingSealed) Seal(plain []byte, _ string) []byte           { return plain }
func (nothingSealed) Open(sealed []byte, _ string) ([]byte, error) { return sealed, nil }

package tasks_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/tasks"
)

// open seals nothing: the frozen bytes are those under the seal.
type open struct{}

func (open) Seal(plain []byte, _ string) []byte           { return plain }
func (open) Open(sealed []byte, _ string) ([]byte, error) { return sealed, nil }

// If this fails, tasks already queued will not be understood: add a field, or
// a new kind, instead of changing this one.
func TestWhatLiesInRedisIsStillUnderstood(t *testing.T) {
	t.Parallel()
	before := tasks.Submission{
		ID: "aaaabbbbccccddddeeeeffff22", At: time.Date(2026, 11, 24, 2, 4, 5, 0, time.UTC),
		Name: "Ann Lee", Email: "ann@example.com", Phone: "+13035550142", Message: "Hello.\nIs this for me?",
		Language: "en", Preferred: "sms", Zone: "America/Denver", Page: "/blog/one", ConsentEmail: true, ConsentSMS: true,
		Keyed: true, Content: "ccccddddeeeeffffgggghhhh22", Wording: "2026-11-24.1", WordingHash: "0123456789abcdef", IP: "192.0.2.1", UserAgent: "Mozilla/5.0",
	}
	frozen(t, tasks.Submitted, "", before)
	guarded := before
	guarded.Guard, guarded.Token = "form_young", "lq2kc0xd.abcdefgh"
	frozen(t, tasks.Submitted, "-guarded", guarded)
	frozen(t, tasks.Email, "", tasks.Message{Contact: "aaaabbbbccccddddeeeeffff22", Entry: "1.followup-2"})
	frozen(t, tasks.SMS, "", tasks.Message{Contact: "aaaabbbbccccddddeeeeffff22", Entry: "1.confirmation"})
	frozen(t, tasks.Reported, "", tasks.Report{
		Contact: "aaaabbbbccccddddeeeeffff22", Entry: "1.reminder", Via: "sms", State: "undelivered", Why: "dead_address", Provider: "SM0123456789abcdef", Code: "30005",
	})
	frozen(t, tasks.PersonReplied, "", tasks.Replied{Contact: "aaaabbbbccccddddeeeeffff22", N: 2, Reply: 3, Blocked: true})
	frozen(t, tasks.Canary, "", tasks.Bird{Sent: 1795000000123})
	frozen(t, tasks.Redact, "", tasks.Redaction{Provider: "SM0123456789abcdef0123456789abcdef", Since: 1795000000})
}

func frozen[P comparable](t *testing.T, k tasks.Kind[P], form string, want P) {
	t.Helper()
	name := filepath.Join("testdata", strings.ReplaceAll(k.Name, ":", "-")+form+".json")
	wire, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	wire = bytes.TrimSpace(wire)
	got, err := k.Decode(wire, open{})
	if err != nil || got != want {
		t.Errorf("%s: decoded %+v, %v", name, got, err)
	}
	now, err := k.Encode(want, open{})
	if err != nil || !bytes.Equal(now, wire) {
		t.Errorf("%s: now encodes as\n%s\nand not as\n%s", name, now, wire)
	}
	var later map[string]any
	_ = json.Unmarshal(wire, &later)
	later["a_field_of_tomorrow"] = 1
	next, _ := json.Marshal(later)
	if got, err := k.Decode(next, open{}); err != nil || got != want {
		t.Errorf("%s: a field added tomorrow breaks today's worker: %v", k.Name, err)
	}
}

func TestEveryKindHasLimitsThatAsynqKeeps(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, l := range tasks.All() {
		if seen[l.Name] || l.Name == "" || l.Queue == "" {
			t.Errorf("%+v: a name and a queue of its own are needed", l)
		}
		seen[l.Name] = true
		if l.Timeout < time.Second || l.Timeout%time.Second != 0 {
			t.Errorf("%s: timeout %s is cut by asynq to whole seconds", l.Name, l.Timeout)
		}
		if l.Retries < 100 {
			t.Errorf("%s: %d retries: asynq would archive it in an outage", l.Name, l.Retries)
		}
	}
}

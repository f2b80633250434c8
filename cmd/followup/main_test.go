package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary be the program, so that tests start real
// processes, built as the tests are, and may kill them.
func TestMain(m *testing.M) {
	if file := os.Getenv("BE_FOLLOWUP_CLOCK"); file != "" {
		os.Exit(beWithClock(file))
	}
	if os.Getenv("BE_FOLLOWUP") == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a running followup.
type process struct {
	t    testing.TB
	cmd  *exec.Cmd
	out  *buffer // what it printed
	log  *buffer // what it logged
	done chan struct{}
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) { b.mu.Lock(); defer b.mu.Unlock(); return b.b.Write(p) }
func (b *buffer) String() string              { b.mu.Lock(); defer b.mu.Unlock(); return b.b.String() }

// launch starts the program with these settings and no others of ours.
func launch(t testing.TB, env []string, args ...string) *process {
	t.Helper()
	return begin(t, os.Args[0], env, args...)
}

// begin starts a program; one that is this test binary is followup.
func begin(t testing.TB, program string, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(program, args...), out: &buffer{}, log: &buffer{}, done: make(chan struct{})}
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "FOLLOWUP_") && !strings.HasPrefix(e, "TWILIO_") {
			p.cmd.Env = append(p.cmd.Env, e)
		}
	}
	p.cmd.Env = append(append(p.cmd.Env, "BE_FOLLOWUP=1"), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
		if t.Failed() {
			t.Logf("%s:\n%s%s", strings.Join(args, " "), p.out, p.log)
		}
	})
	return p
}

// stop asks the process to end and gives its exit code.
func (p *process) stop() int {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	return p.wait()
}

func (p *process) wait() int {
	select {
	case <-p.done:
	case <-time.After(70 * time.Second):
		p.t.Fatal("the process does not end")
	}
	return p.cmd.ProcessState.ExitCode()
}

var listening = regexp.MustCompile(`listening"?,? ?"?port"?[=:]"?(public|admin)"?,? ?"?addr"?[=:]"?([0-9.:]+)`)

// port waits for the address of a port of the process.
func (p *process) port(name string) string {
	p.t.Helper()
	var address string
	eventually(p.t, name+" port of the process", func() bool {
		for _, m := range listening.FindAllStringSubmatch(p.log.String(), -1) {
			if m[1] == name {
				address = m[2]
			}
		}
		return address != ""
	})
	return "http://" + address
}

// eventually waits for a condition, for a minute at most.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		if ok() {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waited a minute for: %s", what)
		}
	}
}

// post sends a form as JSON and gives the status and the body.
func post(t testing.TB, base string, form map[string]any) (int, string) {
	t.Helper()
	body, err := json.Marshal(form)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.Post(base+"/contact", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(answer)
}

type shown struct {
	At                                                            time.Time
	Channel, To, Subject, Text, HTML, Template, Language, Contact string
	Segments                                                      int
}

func outboxOf(t testing.TB, base string) []shown {
	t.Helper()
	r, err := http.Get(base + "/outbox.json")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var all []shown
	if err := json.NewDecoder(r.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// received lists "template channel" of what one address got, oldest first.
func received(all []shown, to ...string) []string {
	var got []string
	for _, m := range slices.Backward(all) {
		if slices.Contains(to, m.To) {
			got = append(got, m.Template+" "+m.Channel)
		}
	}
	return got
}

func TestDevShowsTheWholeSequence(t *testing.T) {
	t.Parallel()
	p := launch(t, nil, "dev", "--listen", "127.0.0.1:0", "--speed", "20000", "--send-window", "always")
	base := p.port("public")
	if status, body := post(t, base, map[string]any{
		"name": "Ann Lee", "email": "ann@example.com", "phone": "(303) 555-0142", "consent_sms": true, "consent_email": true, "language": "es",
	}); status != http.StatusAccepted || !strings.Contains(body, `"status":"queued"`) {
		t.Fatalf("%d %s", status, body)
	}
	want := []string{"confirmation email", "confirmation sms", "followup-1 email", "followup-2 email", "followup-3 email", "staff-note email"}
	eventually(t, "the whole sequence", func() bool { return len(outboxOf(t, base)) >= len(want) })
	all := outboxOf(t, base)
	got := received(all, "ann@example.com", "+13035550142", "desk@joydevie.example")
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	for _, m := range all {
		if m.Template != "staff-note" && (m.Language != "es" || m.Text == "") || m.Channel == "sms" && m.Segments == 0 {
			t.Errorf("%s by %s is in %q with %d segments", m.Template, m.Channel, m.Language, m.Segments)
		}
	}
	if !strings.Contains(p.out.String(), base+"/outbox.json") || !strings.Contains(p.out.String(), "nothing is kept") {
		t.Errorf("it says:\n%s", p.out)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("stopped with %d", code)
	}
}

func TestDevAnswersItsFirstFormQuickly(t *testing.T) {
	t.Parallel()
	p := launch(t, nil, "dev", "--listen", "127.0.0.1:0")
	start := time.Now()
	base := p.port("public")
	if status, _ := post(t, base, map[string]any{"email": "ann@example.com"}); status != http.StatusAccepted {
		t.Fatal(status)
	}
	t.Logf("first form after %s", time.Since(start)) // measured by make bench, not judged here
}

func TestUsedWrongIsTwoAndOneLine(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"nonsense"}, {"dev", "--speed", "0"}, {"dev", "--speed", "x"}, {"dev", "--send-window", "never"}, {"dev", "extra"}, {"keys", "nonsense"}, {"dev", "--nonsense"},
	} {
		var out, log bytes.Buffer
		code := run(context.Background(), system{append([]string{"followup"}, args...), nil, &out, &log})
		if code != usedWrong || strings.Count(log.String(), "\n") != 1 || !strings.HasPrefix(log.String(), "followup: ") {
			t.Errorf("%v: exit %d, %q %q", args, code, log.String(), out.String())
		}
	}
}

func TestCommandsThatNeedNoSettingsNeedNone(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"keys", "new"}, {"version"}, {"templates", "list", "--json"}, {"templates", "lint"}, {"dev", "--help"}, {"run", "--help"}, {"config"}, {"config", "--json"}} {
		var out, log bytes.Buffer
		if code := run(context.Background(), system{append([]string{"followup"}, args...), nil, &out, &log}); code != done || out.Len() == 0 {
			t.Errorf("%v: exit %d, %s", args, code, log.String())
		}
	}
}

func TestEveryHelpHasAnExample(t *testing.T) {
	t.Parallel()
	for _, c := range root(system{}).Commands {
		for _, sub := range append(c.Commands, c) {
			if !strings.HasPrefix(sub.Description, "Example:") {
				t.Errorf("%s: --help shows no example", sub.Name)
			}
			for line := range strings.Lines(sub.Description) {
				if columns(line) > screenWidth {
					t.Errorf("%s: --help has a line of %d columns: %s", sub.Name, columns(line), line)
				}
			}
			for _, f := range sub.Flags {
				if n := strings.Count(f.String(), "(default"); n > 1 {
					t.Errorf("%s: --help gives %d defaults: %s", sub.Name, n, f)
				}
			}
		}
	}
}

func TestKeysNewPrintsAKeySetAndNothingElse(t *testing.T) {
	t.Parallel()
	var out, log, rotated bytes.Buffer
	if run(context.Background(), system{[]string{"followup", "keys", "new"}, nil, &out, &log}) != done || log.Len() != 0 || strings.Count(out.String(), "\n") != 1 {
		t.Fatalf("%q %q", out.String(), log.String())
	}
	env := []string{"FOLLOWUP_KEYSET=" + strings.TrimSpace(out.String())}
	if run(context.Background(), system{[]string{"followup", "keys", "rotate"}, env, &rotated, &log}) != done || !strings.Contains(rotated.String(), "2:") {
		t.Errorf("%q %q", rotated.String(), log.String())
	}
}

func TestEveryFaultOfTheSettingsIsListedWithItsCure(t *testing.T) {
	t.Parallel()
	var out, log bytes.Buffer
	env := []string{
		"FOLLOWUP_REDIS_URL=http://x", "FOLLOWUP_PUBLIC_URL=http://joydevie.example", "FOLLOWUP_GRACEE=1", "FOLLOWUP_GUARD=off",
		"FOLLOWUP_KEYSET=nonsense", "FOLLOWUP_CLINIC=" + clinicFile(t, `hours: {mon-fry: "9:00-17:00"}`),
	}
	code := run(context.Background(), system{[]string{"followup", "run"}, env, &out, &log})
	for _, name := range []string{"FOLLOWUP_REDIS_URL", "FOLLOWUP_PUBLIC_URL", "FOLLOWUP_GRACEE", "FOLLOWUP_GUARD", "FOLLOWUP_SMTP_URL", "FOLLOWUP_KEYSET", "FOLLOWUP_CLINIC"} {
		if !strings.Contains(log.String(), name+": ") {
			t.Errorf("%s is not named", name)
		}
	}
	if code != failed {
		t.Errorf("exit %d", code)
	}
	if t.Failed() {
		fmt.Println(log.String())
	}
}

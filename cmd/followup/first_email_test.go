package main

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var fenced = regexp.MustCompile("(?s)```sh\n(.*?)```")

// The commands are those of the page, but for what a newcomer writes too, for
// the port, since tests run side by side, and for the program, which is this
// test's own in place of one that go build makes.
func TestANewcomerGetsTheFirstEmailByTheCommandsOfThePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "first-email.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := fenced.FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d blocks of commands", len(blocks))
	}
	w := newClinicWorld(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().String()
	_ = free.Close()
	folder, err := os.MkdirTemp("", "n") // a socket's path may have 107 bytes (unix(7))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	for name, target := range map[string]string{"deploy": deployed, "built": os.Args[0]} {
		absolute, err := filepath.Abs(target)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(absolute, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	script := blocks[0][1] + "read -r arrived\n" + blocks[1][1]
	for old, ours := range map[string]string{
		"ME=you@example.com ":                               "ME=newcomer@example.com ",
		"RELAY='smtp://user:password@smtp.example.com:587'": "RELAY='" + w.mail.URL + "'",
		"go build -o followup ./cmd/followup":               "ln -s built followup",
		"127.0.0.1:8080":                                    port,
	} {
		if !strings.Contains(script, old) {
			t.Fatalf("the page has no %q", old)
		}
		script = strings.ReplaceAll(script, old, ours)
	}
	cmd := exec.Command("bash", "-em", "-c", script) // -m: jobs, as in a terminal
	cmd.Dir = folder
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "FOLLOWUP_") && !strings.HasPrefix(e, "TWILIO_") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	cmd.Env = append(cmd.Env, "BE_FOLLOWUP=1", w.env[0], "FOLLOWUP_LISTEN="+port, "FOLLOWUP_ADMIN_LISTEN=127.0.0.1:0")
	said := &buffer{}
	cmd.Stdout, cmd.Stderr = said, said
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	t.Cleanup(func() { // where it broke off before its own last commands
		_ = stdin.Close()
		_ = exec.Command("redis-cli", "-s", filepath.Join(folder, "redis.sock"), "shutdown", "nosave").Run()
		_ = cmd.Process.Kill()
		if t.Failed() {
			t.Log(said)
		}
	})
	eventually(t, "the confirmation and the note", func() bool { return len(w.mailTo("newcomer@example.com")) == 2 })
	t.Logf("first emails after %s", time.Since(start))
	for _, m := range w.mail.Messages() {
		if !strings.Contains(m.Header.Get("From"), "hello@example.com") || !m.TLS {
			t.Errorf("from %s, TLS %v", m.Header.Get("From"), m.TLS)
		}
	}
	_, _ = io.WriteString(stdin, "yes\n")
	if err := <-done; err != nil {
		t.Errorf("%v", err)
	}
	left, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	names := slices.DeleteFunc(left, func(e os.DirEntry) bool { return e.Name() == "deploy" || e.Name() == "built" })
	if len(names) != 0 {
		t.Errorf("it leaves %v behind", names)
	}
}

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/dial"
)

// machine is a folder tree on which followup was installed. Its units are run
// by the test, since there is no systemd in it: what ExecStart says, with the
// settings of EnvironmentFile, and every path below the tree.
type machine struct {
	t    *testing.T
	root string
	env  []string // beside the settings
}

var deployed = filepath.Join("..", "..", "deploy")

// install runs the script on a clean tree.
func install(t *testing.T, env ...string) *machine {
	t.Helper()
	root, err := os.MkdirTemp("", "m") // short: a socket's path may have 107 bytes (unix(7))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	m := &machine{t, root, env}
	m.install()
	return m
}

func (m *machine) install() string {
	m.t.Helper()
	return m.sh("install.sh", []string{"DESTDIR=" + m.root, "BE_FOLLOWUP=1"}, os.Args[0])
}

// sh runs a script of deploy/ and gives what it printed.
func (m *machine) sh(script string, env []string, args ...string) string {
	m.t.Helper()
	out, err := m.try(script, env, args...)
	if err != nil {
		m.t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return out
}

func (m *machine) try(script string, env []string, args ...string) (string, error) {
	cmd := exec.Command("sh", append([]string{filepath.Join(deployed, script)}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// desk runs what followup-desk has systemd-run run, for bea, with that on stdin.
func (m *machine) desk(stdin string, args ...string) string {
	m.t.Helper()
	bin := m.t.TempDir()
	for name, script := range map[string]string{
		"systemd-run": "#!/bin/sh\nwhile :; do case $1 in\n--property=EnvironmentFile=*) [ -r \"${1#*File=}\" ] ;;\n--*) ;;\n*) exec \"$@\" ;;\nesac || exit; shift; done\n",
		"desk":        m.below(m.read("/usr/local/sbin/followup-desk")),
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700); err != nil {
			m.t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(bin, "desk"), args...)
	cmd.Env = append(os.Environ(), append(m.settings(), "BE_FOLLOWUP=1", "SUDO_USER=bea", "PATH="+bin+":"+os.Getenv("PATH"))...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		m.t.Fatalf("followup-desk %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// at is a path of the machine as the test reaches it.
func (m *machine) at(path string) string { return filepath.Join(m.root, path) }

// below puts every path of the machine in a text below the tree.
func (m *machine) below(text string) string {
	for _, folder := range []string{"/etc/followup", "/var/lib/followup", "/run/followup-redis", "/usr/local/"} {
		text = strings.ReplaceAll(text, folder, m.root+folder)
	}
	return text
}

func (m *machine) read(path string) string {
	m.t.Helper()
	text, err := os.ReadFile(m.at(path))
	if err != nil {
		m.t.Fatal(err)
	}
	return string(text)
}

// write changes lines of a file as whoever installs does: NAME=value by NAME.
func (m *machine) set(values map[string]string) {
	m.t.Helper()
	var lines []string
	for line := range strings.Lines(m.read("/etc/followup/env")) {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "#"), "=")
		if v, ok := values[name]; ok {
			line = name + "=" + v + "\n"
		}
		lines = append(lines, line)
	}
	if err := os.WriteFile(m.at("/etc/followup/env"), []byte(strings.Join(lines, "")), 0o640); err != nil {
		m.t.Fatal(err)
	}
}

// settings are those of /etc/followup/env.
func (m *machine) settings() []string {
	var env []string
	for line := range strings.Lines(m.read("/etc/followup/env")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			env = append(env, m.below(line))
		}
	}
	return append(env, m.env...)
}

// start runs what a unit runs.
func (m *machine) start(unit string) *process {
	m.t.Helper()
	var command []string
	for line := range strings.Lines(m.read("/etc/systemd/system/" + unit + ".service")) {
		if c, ok := strings.CutPrefix(line, "ExecStart="); ok {
			command = strings.Fields(m.below(c))
		}
	}
	if unit == "followup-redis" {
		if err := os.MkdirAll(m.at("/run/followup-redis"), 0o700); err != nil { // RuntimeDirectory
			m.t.Fatal(err)
		}
		command[1] = m.at("/run/followup-redis/redis.conf")
		if err := os.WriteFile(command[1], []byte(m.below(m.read("/etc/followup/redis.conf"))), 0o600); err != nil {
			m.t.Fatal(err)
		}
	}
	p := begin(m.t, command[0], m.settings(), command[1:]...)
	if unit == "followup-redis" {
		rdb := m.redis()
		eventually(m.t, "Redis", func() bool { return rdb.Ping(m.t.Context()).Err() == nil })
	}
	return p
}

func (m *machine) redis() *redis.Client {
	dial.Quiet()
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: m.at("/run/followup-redis/redis.sock")})
	m.t.Cleanup(func() { _ = c.Close() })
	return c
}

// kill ends processes as kill -9 does.
func kill(all ...*process) {
	for _, p := range all {
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

func TestInstalledRestartedBackedUpAndRestoredElsewhereNothingIsLost(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	settings := map[string]string{
		"FOLLOWUP_PUBLIC_URL": "https://contact.joydevie.example", "FOLLOWUP_SMTP_URL": w.mail.URL,
		"FOLLOWUP_LISTEN": "127.0.0.1:0", "FOLLOWUP_ADMIN_LISTEN": "127.0.0.1:0",
	}
	m := install(t, w.env[0]) // SSL_CERT_FILE
	m.set(settings)
	written := 0
	write := func(base string, n int) {
		t.Helper()
		for range n {
			written++
			if status, body := post(t, base, map[string]any{"email": fmt.Sprintf("person%d@example.com", written)}); status != http.StatusAccepted {
				t.Fatal(status, body)
			}
		}
	}
	notes := func() int { return len(w.mailTo("desk@joydevie.example")) }

	store, serve, work := m.start("followup-redis"), m.start("followup-serve"), m.start("followup-work")
	write(serve.port("public"), 5)
	eventually(t, "a note about each", func() bool { return notes() == 5 })

	kill(store, serve, work)
	store, serve, work = m.start("followup-redis"), m.start("followup-serve"), m.start("followup-work")
	base := serve.port("public")
	eventually(t, "readiness after everything was killed", func() bool {
		r, err := http.Get(serve.port("admin") + "/readyz")
		if err != nil {
			return false
		}
		_ = r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
	write(base, 5)
	eventually(t, "a note about each", func() bool { return notes() == 10 })

	// What waits in the spool, and what waits in Redis, belongs to the backup.
	kill(work)
	write(base, 3)
	kill(store)
	write(base, 4)
	kill(serve)
	store = m.start("followup-redis")
	backups := t.TempDir()
	file := strings.TrimSpace(m.sh("backup.sh", m.settings(), backups))
	for _, secret := range []string{strings.TrimSpace(m.read("/etc/followup/keyset")), "pass%20word", "person1@", "keyset"} {
		if archive, err := os.ReadFile(file); err != nil || bytes.Contains(archive, []byte(secret)) {
			t.Errorf("%.9s… stands in the backup (%v)", secret, err)
		}
	}
	kill(store)

	// Elsewhere: a machine with a key set of its own, in place of which comes the
	// one that was kept apart.
	other := install(t, w.env[0])
	other.set(settings)
	redisDir, spoolDir := other.at("/var/lib/followup/redis"), other.at("/var/lib/followup/spool")
	kill(other.start("followup-redis")) // install.sh starts it, and it leaves a file
	if out, err := other.try("restore.sh", nil, file, redisDir, spoolDir); err == nil || !strings.Contains(out, "is not empty") {
		t.Errorf("restored over what was there: %s", out)
	}
	if err := os.Rename(filepath.Join(redisDir, "appendonlydir"), other.at("/appendonlydir.empty")); err != nil {
		t.Fatal(err)
	}
	said := other.sh("restore.sh", nil, file, redisDir, spoolDir)
	if !strings.Contains(said, "10 people have something planned") || !strings.Contains(said, "on trial until `followup go-live`") {
		t.Errorf("it says:\n%s", said)
	}
	if out, err := other.try("restore.sh", nil, file, redisDir, spoolDir); err == nil || !strings.Contains(out, "is not empty") {
		t.Errorf("restored over what was there: %s", out)
	}
	if err := os.WriteFile(other.at("/etc/followup/keyset"), []byte(m.read("/etc/followup/keyset")), 0o600); err != nil {
		t.Fatal(err)
	}
	_, serve, work = other.start("followup-redis"), other.start("followup-serve"), other.start("followup-work")
	eventually(t, "a note about each, and about none twice", func() bool { return notes() == written })
	write(serve.port("public"), 1)
	eventually(t, "the confirmations being held", func() bool {
		return strings.Count(dump(t, other.redis(), "f:{*}"), `"held","why":"trial"`) == written
	})
	for i := range written {
		if got := w.mailTo(fmt.Sprintf("person%d@example.com", i+1)); len(got) != 0 {
			t.Errorf("person %d got %q on trial", i+1, got)
		}
	}
	goLive(t, other.settings())
	eventually(t, "a confirmation for each", func() bool {
		for i := range written {
			if len(w.mailTo(fmt.Sprintf("person%d@example.com", i+1))) != 1 {
				return false
			}
		}
		return notes() == written
	})
	other.desk("email\nperson1@example.com\n", "remind", "--list", "-", "--at", "tomorrow 9am", "--yes", "1")
	if out := other.desk("", "batches", "list"); !strings.Contains(out, "reminder  bea  1 ") {
		t.Errorf("the list of bea:\n%s", out)
	}
	for _, p := range []*process{serve, work} {
		if code := p.stop(); code != 0 {
			t.Errorf("stopped with %d", code)
		}
	}
}

func TestInstallingAgainKeepsWhatWasWritten(t *testing.T) {
	t.Parallel()
	m := install(t)
	for path, mode := range map[string]fs.FileMode{
		"/usr/local/bin/followup": 0o755, "/usr/local/sbin/followup-backup": 0o755, "/usr/local/sbin/followup-restore": 0o755,
		"/usr/local/sbin/followup-desk": 0o755,
		"/etc/followup":                 0o750 | fs.ModeDir, "/etc/followup/keyset": 0o640, "/etc/followup/env": 0o640, "/etc/followup/clinic.yaml": 0o644,
		"/var/lib/followup/spool": 0o700 | fs.ModeDir, "/var/lib/followup/redis": 0o700 | fs.ModeDir, "/var/backups/followup": 0o700 | fs.ModeDir,
	} {
		if info, err := os.Stat(m.at(path)); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if !strings.Contains(m.read("/etc/passwd"), "followup:") {
		t.Error("there is no user followup")
	}
	m.set(map[string]string{"FOLLOWUP_PUBLIC_URL": "https://changed.example"})
	keys := m.read("/etc/followup/keyset")
	said := m.install()
	if m.read("/etc/followup/keyset") != keys || !strings.Contains(m.read("/etc/followup/env"), "https://changed.example") {
		t.Error("it wrote over what was there")
	}
	for _, line := range []string{"kept  /etc/followup/keyset", "kept  /etc/followup/env", "kept  /etc/followup/clinic.yaml"} {
		if !strings.Contains(said, line) {
			t.Errorf("it does not say %q:\n%s", line, said)
		}
	}
	if strings.Contains(said, "wrote") || strings.Contains(said, "made") {
		t.Errorf("the second time it does something:\n%s", said)
	}
	if out, err := m.try("install.sh", nil); err == nil || !strings.Contains(out, "usage:") {
		t.Errorf("without a program: %v\n%s", err, out)
	}
}

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/joydevie/followup/worker"
)

// systemd itself reads the units: nothing in them is unknown to it, and it finds
// little that a break-in could reach.
func TestSystemdUnderstandsTheUnitsAndFindsThemShut(t *testing.T) {
	t.Parallel()
	m := install(t)
	for _, program := range []string{"/bin/kill", "/usr/bin/redis-server"} { // of the machine, and named by units
		if err := os.MkdirAll(filepath.Dir(m.at(program)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(m.at(program), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	units, err := filepath.Glob(m.at("/etc/systemd/system/followup-*"))
	if err != nil || len(units) != 5 {
		t.Fatalf("%q, %v", units, err)
	}
	for _, unit := range units {
		name := filepath.Base(unit)
		if out := analyze(t, "verify", "--man=no", "--recursive-errors=no", "--root="+m.root, "/etc/systemd/system/"+name); out != "" {
			t.Errorf("%s: %s", name, out)
		}
		if filepath.Ext(unit) != ".service" {
			continue
		}
		// 0 is shut, 10 open to all (systemd-analyze(1)); the threshold is in tenths.
		cmd := exec.Command("systemd-analyze", "security", "--offline=yes", "--threshold=15", "--no-pager", unit)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func analyze(t *testing.T, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Fatal("systemd-analyze is not installed: run `make deps` (Debian: apt-get install systemd)")
	}
	out, _ := exec.Command("systemd-analyze", args...).CombinedOutput()
	return string(out)
}

func TestSystemdWaitsLongerThanAStoppingWorker(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"serve", "work"} {
		unit, err := os.ReadFile(filepath.Join(deployed, "systemd", "followup-"+role+".service"))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(unit), "TimeoutStopSec=")
		text, _, _ := strings.Cut(rest, "\n")
		seconds, err := strconv.Atoi(text)
		if least := worker.Grace.Seconds() + 10; err != nil || float64(seconds) < least {
			t.Errorf("%s: systemd waits %q seconds, a worker takes up to %g", role, text, least)
		}
	}
}

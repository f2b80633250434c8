// Package manifests holds what an operator copies for containers to the schemas
// of those who define them. No engine runs here: nothing of it is started.
package manifests

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/worker"
)

var deploy = filepath.Join("..", "..", "deploy")

// check runs the validators and gives the lines that name a fault.
func check(t *testing.T, kind string, files ...string) (faults []string) {
	t.Helper()
	if _, err := os.Stat("node_modules"); err != nil {
		t.Fatal("the schemas are not installed: run `make deps`")
	}
	out, err := exec.Command("node", append([]string{"check.mjs", kind}, files...)...).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "FAULT") {
			faults = append(faults, strings.TrimSpace(line))
		}
	}
	if (err != nil) != (len(faults) > 0) || !bytes.Contains(out, []byte("ok ")) && len(faults) == 0 {
		t.Fatalf("check %s: %v\n%s", kind, err, out)
	}
	return faults
}

// resources are the files that hold whole objects, and no patch of one.
func resources(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(deploy, "kubernetes", "base", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(f string) bool {
		return slices.Contains([]string{"kustomization.yaml", "clinic.yaml"}, filepath.Base(f))
	})
	ha := filepath.Join(deploy, "kubernetes", "ha")
	return append(files, filepath.Join(ha, "available.yaml"), filepath.Join(ha, "autoscale.yaml"))
}

// broken is a copy of a file with one thing wrong.
func broken(t *testing.T, file, old, wrong string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(text, []byte(old)) {
		t.Fatalf("%s has no %q (%v)", file, old, err)
	}
	to := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(to, bytes.ReplaceAll(text, []byte(old), []byte(wrong)), 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestWhatRunsInContainersIsUnderstoodByTheirSchemas(t *testing.T) {
	t.Parallel()
	compose, dockerfile := filepath.Join(deploy, "compose.yaml"), filepath.Join(deploy, "Dockerfile")
	serve := filepath.Join(deploy, "kubernetes", "base", "serve.yaml")
	for _, c := range []struct {
		kind  string
		files []string
		want  string // in a fault; "" wants none
	}{
		{"compose", []string{compose}, ""},
		{"compose", []string{broken(t, compose, "read_only:", "readonly:")}, "readonly"},
		{"kubernetes", resources(t), ""},
		{"kubernetes", []string{broken(t, serve, "enableServiceLinks:", "enableServiceLink:"), broken(t, serve, "runAsNonRoot: true", `runAsNonRoot: "yes"`)}, "enableServiceLink"},
		{"dockerfile", []string{dockerfile}, ""},
		{"dockerfile", []string{broken(t, dockerfile, "--chown", "--chwon")}, "chwon"},
	} {
		faults := check(t, c.kind, c.files...)
		if all := strings.Join(faults, "\n"); (len(faults) > 0) != (c.want != "") || !strings.Contains(all, c.want) {
			t.Errorf("%s %q: %s", c.kind, c.files, all)
		}
	}
}

// The settings of the service try in compose.yaml are read by the program's own eyes.
func TestTheTrialInContainersStarts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(deploy, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			Environment map[string]string
		}
	}
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.AllowDuplicateMapKey()); err != nil {
		t.Fatal(err)
	}
	var env []string
	for name, value := range file.Services["try"].Environment {
		env = append(env, name+"="+value)
	}
	c, err := config.Load(env, config.Run)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Parse(c.Keyset.Reveal()); err != nil {
		t.Error(err)
	}
}

func TestEveryPodIsShutAndHasTimeToStop(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"serve.yaml", "work.yaml", "redis.yaml"} {
		text, err := os.ReadFile(filepath.Join(deploy, "kubernetes", "base", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{
			"enableServiceLinks: false", "automountServiceAccountToken: false", "runAsNonRoot: true", "allowPrivilegeEscalation: false",
			"readOnlyRootFilesystem: true", "capabilities: {drop: [ALL]}", "seccompProfile: {type: RuntimeDefault}",
		} {
			if !bytes.Contains(text, []byte(line)) {
				t.Errorf("%s lacks %s", name, line)
			}
		}
		if name != "redis.yaml" && (worker.Grace.Seconds() > 60 || !bytes.Contains(text, []byte("terminationGracePeriodSeconds: 75"))) {
			t.Errorf("%s leaves a worker less time than its %s and a reserve", name, worker.Grace)
		}
	}
}

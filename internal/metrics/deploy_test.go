package metrics_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/joydevie/followup/internal/metrics"
)

func TestEveryAlertFires(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal("promtool is not installed: run `make deps` (Debian: apt-get install --no-install-recommends prometheus)")
	}
	cmd := exec.Command(path, "test", "rules", "alerts_test.yml")
	cmd.Dir = filepath.Join("..", "..", "deploy", "prometheus")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	var tests struct {
		Tests []struct {
			Rules []struct {
				Alert    string `yaml:"alertname"`
				Expected []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	parse(t, "deploy/prometheus/alerts_test.yml", &tests)
	fires, quiet := map[string]bool{}, map[string]bool{}
	for _, test := range tests.Tests {
		for _, r := range test.Rules {
			if len(r.Expected) > 0 {
				fires[r.Alert] = true
			} else {
				quiet[r.Alert] = true
			}
		}
	}
	for _, a := range alerts(t) {
		if !fires[a.Alert] || !quiet[a.Alert] {
			t.Errorf("%s: a test must see it quiet and see it fire", a.Alert)
		}
	}
}

var heading = regexp.MustCompile(`(?m)^## (Followup\w+)$`)

func TestEveryAlertHasItsEntryInTheRunbookAndEveryEntryItsAlert(t *testing.T) {
	t.Parallel()
	runbook := read(t, "docs/runbook.md")
	entries := map[string]string{}
	all := heading.FindAllStringSubmatchIndex(runbook, -1)
	for i, at := range all {
		end := len(runbook)
		if i+1 < len(all) {
			end = all[i+1][0]
		}
		entries[runbook[at[2]:at[3]]] = runbook[at[1]:end]
	}
	for _, a := range alerts(t) {
		if want := "docs/runbook.md#" + strings.ToLower(a.Alert); a.Annotations["runbook"] != want {
			t.Errorf("%s names %q, not %s", a.Alert, a.Annotations["runbook"], want)
		}
		entry, ok := entries[a.Alert]
		if !ok {
			t.Errorf("%s has no entry in the runbook", a.Alert)
		}
		for _, part := range []string{"**It means**", "**People notice**", "**Do**", "**It is over when**"} {
			if ok && !strings.Contains(entry, part) {
				t.Errorf("the entry of %s lacks %s", a.Alert, part)
			}
		}
		if !slices.Contains([]string{"critical", "warning"}, a.Labels["severity"]) || a.Annotations["summary"] == "" {
			t.Errorf("%s: severity %q, summary %q", a.Alert, a.Labels["severity"], a.Annotations["summary"])
		}
		delete(entries, a.Alert)
	}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		t.Errorf("the entry of %s belongs to no alert", name)
	}
}

// A name that is not ours comes from Prometheus or from its client for Go.
var name = regexp.MustCompile(`\b(followup_[a-z_]+[a-z]|process_\w+|go_\w+)\b`)

func TestWhatAlertsAndDashboardAskForIsThere(t *testing.T) {
	t.Parallel()
	shown := metrics.Whole()
	there := func(where, text string) {
		found := name.FindAllString(text, -1)
		for _, n := range found {
			base := n
			for _, suffix := range []string{"_bucket", "_count", "_sum"} {
				if base = strings.TrimSuffix(n, suffix); base != n && strings.Contains(shown, "# TYPE "+base+" histogram\n") {
					break
				}
				base = n
			}
			if !strings.Contains(shown, "# TYPE "+base+" ") {
				t.Errorf("%s: there is no %s", where, n)
			}
		}
	}
	for _, a := range alerts(t) {
		if !name.MatchString(a.Expr) && !strings.Contains(a.Expr, "up{") {
			t.Errorf("%s asks for nothing: %s", a.Alert, a.Expr)
		}
		there(a.Alert, a.Expr)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "deploy/grafana/followup.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	asked := ""
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			asked += target.Expr + "\n"
			there("panel "+p.Title, target.Expr)
		}
	}
	there("docs/watch.md", read(t, "docs/watch.md"))
	there("docs/runbook.md", read(t, "docs/runbook.md"))
	// And the other way round: what is counted is looked at.
	for _, m := range regexp.MustCompile(`# TYPE (followup_\w+) `).FindAllStringSubmatch(shown, -1) {
		if !strings.Contains(asked, m[1]) && !slices.ContainsFunc(alerts(t), func(a alert) bool { return strings.Contains(a.Expr, m[1]) }) {
			t.Errorf("nobody looks at %s", m[1])
		}
	}
}

type alert struct {
	Alert, Expr         string
	Labels, Annotations map[string]string
}

func alerts(t *testing.T) (all []alert) {
	t.Helper()
	var file struct{ Groups []struct{ Rules []alert } }
	parse(t, "deploy/prometheus/alerts.yml", &file)
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) < 10 {
		t.Fatalf("only %d alerts", len(all))
	}
	return all
}

func parse(t *testing.T, path string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, path)), into); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

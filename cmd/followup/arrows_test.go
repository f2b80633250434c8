package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/joydevie/followup/"

// arrows says who may import whom. cmd may import all; who is missing here
// imports nothing of ours.
var arrows = map[string][]string{
	"internal/alarm":               {"tasks", "internal/contact", "internal/gate", "internal/hours", "internal/ledger"},
	"internal/builders":            {"internal/intake"},
	"internal/channel/channeltest": {"internal/channel"},
	"internal/channel/outbox":      {"internal/channel"},
	"internal/channel/smtp":        {"internal/channel"},
	"internal/channel/twilio":      {"internal/channel"},
	"internal/desk":                {"internal/alarm", "internal/contact", "internal/gate", "internal/hours", "internal/ledger", "internal/list", "internal/seal"},
	"internal/doctor":              {"internal/channel/smtp", "internal/channel/twilio", "internal/dial"},
	"internal/gate":                {"internal/contact", "internal/hours"},
	"internal/intake":              {"tasks", "internal/contact", "internal/metrics", "internal/seal"},
	"internal/ledger":              {"internal/contact", "internal/gate", "internal/seal"},
	"internal/list":                {"internal/contact"},
	"internal/preview":             {"templates"},
	"internal/web":                 {"templates", "internal/contact", "internal/intake"},
	"internal/webhook":             {"tasks", "internal/contact", "internal/gate", "internal/ledger", "internal/safety"},
	"worker":                       {"tasks", "templates", "internal/alarm", "internal/channel", "internal/contact", "internal/gate", "internal/hours", "internal/ledger", "internal/metrics", "internal/safety"},
}

func TestTheArrowsPointOneWay(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		from, _ := filepath.Rel(root, filepath.Dir(path))
		from = filepath.ToSlash(from)
		if strings.HasPrefix(from, "cmd/") || tool(from) {
			return nil
		}
		for _, spec := range file.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			to, ours := strings.CutPrefix(imported, module)
			if ours && !slices.Contains(arrows[from], to) {
				t.Errorf("%s imports %s: the arrows do not allow it", path, to)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tool reports whether the package serves tests and measurements alone. None
// may be imported by what ships.
func tool(pkg string) bool {
	return slices.Contains([]string{
		"internal/redistest", "internal/smtptest", "internal/twiliotest", "internal/load", "internal/shots",
	}, pkg)
}

func TestNothingElseMakesATask(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"*/*.go", "*/*/*.go", "*/*/*/*.go"} {
		files, err := filepath.Glob(filepath.Join("..", "..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(path, "tasks/kind.go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "internal/load/") {
				continue
			}
			for _, spec := range file.Imports {
				if spec.Path.Value == `"github.com/hibiken/asynq"` && !strings.Contains(path, "/worker/") && !strings.Contains(path, "/tasks/") {
					t.Errorf("%s imports asynq: queue through package tasks", path)
				}
			}
		}
	}
}

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// clinicFile writes the example clinic with some keys put otherwise, each with
// all that stands behind it, and gives its path.
func clinicFile(t testing.TB, keys ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "clinic.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		name, _, _ := strings.Cut(key, ":")
		old := regexp.MustCompile(`(?m)^#?` + name + `:.*(\n#?  .*)*$`)
		if len(old.FindAllIndex(text, -1)) != 1 {
			t.Fatalf("the example clinic has no %s", name)
		}
		text = old.ReplaceAllLiteral(text, []byte(key))
	}
	path := filepath.Join(t.TempDir(), "clinic.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

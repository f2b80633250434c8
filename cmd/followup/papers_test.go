package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v3"
)

var (
	aTest    = regexp.MustCompile(`\bTest[A-Z]\w+…?`)
	aLink    = regexp.MustCompile(`\]\(([^)\s{]+)\)`)
	aSetting = regexp.MustCompile(`\b(?:FOLLOWUP|TWILIO|SENDGRID)_[A-Z0-9_]+\b`)
	aTarget  = regexp.MustCompile("(?m)(?:`|^    )make ([a-z][a-z-]*)")
	aCommand = regexp.MustCompile("(?m)(?:`|^ *(?:\\$ |sudo )?)(?:\\./)?followup(?:-desk)? ([a-z][^`\n#|]*)")
	aFlag    = regexp.MustCompile(`--[a-z][a-z-]*`)
	aPath    = regexp.MustCompile("`((?:internal|cmd|worker|tasks|templates|deploy|docs)/[\\w./-]*)`")
	aHeading = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

// What a newcomer reads names tests, files, settings, targets, commands and
// flags. Each is there.
func TestThePapersNameWhatThereIs(t *testing.T) {
	t.Parallel()
	top := filepath.Join("..", "..")
	read := func(path string) string {
		text, err := os.ReadFile(filepath.Join(top, path))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	tests, err := testNames(top)
	if err != nil {
		t.Fatal(err)
	}
	manual, makefile := read("deploy/env.example"), read("Makefile")
	commands := root(system{})
	papers := []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"}
	docs, err := fs.Glob(os.DirFS(top), "docs/*.md")
	if err != nil || len(docs) == 0 {
		t.Fatal("no docs", err)
	}
	checked := 0
	for _, paper := range append(papers, docs...) {
		text := read(paper)
		wrong := func(kind, what string) { t.Errorf("%s names the %s %s: there is none", paper, kind, what) }
		for _, name := range aTest.FindAllString(text, -1) {
			begin, cut := strings.CutSuffix(name, "…")
			if checked++; !slices.ContainsFunc(tests, func(have string) bool { return have == name || cut && strings.HasPrefix(have, begin) }) {
				wrong("test", name)
			}
		}
		for _, m := range aLink.FindAllStringSubmatch(text, -1) {
			path, anchor, _ := strings.Cut(m[1], "#")
			if checked++; strings.Contains(path, "://") {
				continue
			}
			target := paper
			if path != "" {
				target = filepath.Join(filepath.Dir(paper), path)
			}
			if _, err := os.Stat(filepath.Join(top, target)); err != nil || anchor != "" && !slices.Contains(anchors(read(target)), anchor) {
				wrong("page", m[1])
			}
		}
		for _, name := range aSetting.FindAllString(text, -1) {
			if checked++; !regexp.MustCompile(`(?m)^#?`+regexp.QuoteMeta(strings.TrimSuffix(name, "_FILE"))+`(_FILE)?=`).MatchString(manual) &&
				!slices.Contains([]string{"FOLLOWUP_KEYSET", "FOLLOWUP_BACKUPS"}, name) {
				wrong("setting", name)
			}
		}
		for _, m := range aTarget.FindAllStringSubmatch(text, -1) {
			if checked++; !strings.Contains(makefile, "\n"+m[1]+":") {
				wrong("target", m[1])
			}
		}
		for _, m := range aPath.FindAllStringSubmatch(text, -1) {
			if checked++; !strings.HasPrefix(m[1], "templates/messages/NAME") {
				if _, err := os.Stat(filepath.Join(top, m[1])); err != nil {
					wrong("path", m[1])
				}
			}
		}
		for _, m := range aCommand.FindAllStringSubmatch(text, -1) {
			if checked++; !known(commands, m[1]) {
				wrong("command or flag", m[1])
			}
		}
	}
	if checked < 180 {
		t.Errorf("only %d names were found to look at", checked)
	}
}

// known reports whether a command line begins with a command of ours and takes
// each of its flags.
func known(c *cli.Command, line string) bool {
	flags := slices.Clone(c.Flags)
	for _, word := range strings.Fields(line) {
		i := slices.IndexFunc(c.Commands, func(sub *cli.Command) bool { return sub.Name == word })
		if i < 0 {
			break
		}
		c = c.Commands[i]
		flags = append(flags, c.Flags...)
	}
	if len(c.Commands) > 0 { // a group alone, and nothing that it does
		return strings.TrimSpace(line) == c.Name
	}
	for _, flag := range aFlag.FindAllString(line, -1) {
		if !slices.ContainsFunc(flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), flag[2:]) }) {
			return false
		}
	}
	return true
}

// anchors are what links to the headings of a page end in.
func anchors(text string) []string {
	var all []string
	for _, m := range aHeading.FindAllStringSubmatch(text, -1) {
		kept := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case strings.ContainsRune("`,.:'()…", r):
				return -1
			}
			return r
		}, strings.ToLower(m[1]))
		all = append(all, kept)
	}
	return all
}

// testNames lists every test of the tree.
func testNames(top string) (names []string, err error) {
	aFunc := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "node_modules" {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range aFunc.FindAllSubmatch(text, -1) {
			names = append(names, string(m[1]))
		}
		return err
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("no tests below %s", top)
	}
	return names, err
}

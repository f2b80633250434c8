package config

import (
	"bufio"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Manual writes deploy/env.example: every setting with what it does. What must
// be set stands with an example, what may be set behind a #.
func Manual(w io.Writer) {
	b := bufio.NewWriter(w)
	defer b.Flush()
	fmt.Fprint(b, "# The settings of followup, for docker --env-file or systemd's EnvironmentFile.\n"+
		"# Instead of a secret itself, NAME_FILE may name the file that holds it.\n"+
		"# Generated: go test ./internal/config -update\n")
	var c Config
	for _, s := range c.settings() {
		if s.group != "" {
			fmt.Fprintf(b, "\n# ---- %s ----\n", s.group)
		}
		fmt.Fprintln(b)
		doc := s.doc
		if s.secret() {
			doc += " Secret."
		}
		if s.working != "" {
			doc += " The command work alone: " + s.working + "."
		}
		comment(b, doc)
		name, value := s.name, s.otherwise
		if value == "" {
			value = s.example
		}
		if s.secret() && strings.HasPrefix(value, "/") {
			name += fileSuffix
		}
		if !s.required {
			name = "#" + name
		}
		fmt.Fprintf(b, "%s=%s\n", name, value)
	}
}

// ClinicManual writes deploy/clinic.yaml: the example clinic with what each key
// means.
func ClinicManual(w io.Writer) {
	b := bufio.NewWriter(w)
	defer b.Flush()
	fmt.Fprint(b, "# The clinic, as followup speaks of it; FOLLOWUP_CLINIC names this file.\n"+
		"# What stands behind a # may be left as it is.\n"+
		"# Generated: go test ./internal/config -update\n")
	for field := range reflect.TypeFor[Clinic]().Fields() {
		if group := field.Tag.Get("group"); group != "" {
			fmt.Fprintf(b, "\n# ---- %s ----\n", group)
		}
		fmt.Fprintln(b)
		doc := field.Tag.Get("doc")
		if field.Tag.Get("optional") != "" {
			doc += " Optional."
		}
		comment(b, doc)
		text := field.Tag.Get("yaml") + ": " + sample(field)
		if field.Tag.Get("optional") == "unset" {
			text = "#" + strings.ReplaceAll(strings.ReplaceAll(text, ": \n", ":\n"), "\n", "\n#")
		}
		fmt.Fprintln(b, text)
	}
}

// comment writes the text behind #, in lines of at most 80 columns.
func comment(w io.Writer, text string) {
	const most = 78
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > most {
			fmt.Fprintln(w, "# "+line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(w, "# "+line)
}

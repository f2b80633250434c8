package config

import (
	"encoding/json"
	"io"
	"text/tabwriter"
)

// row is what Print shows of a setting.
type row struct {
	Name   string `json:"name"`
	Value  string `json:"value"` // of a secret whether it is set, and nothing else
	Source string `json:"source"`
	Secret bool   `json:"secret"`
}

// Print shows every setting, its value and where it comes from: "environment",
// "file …", "default" or "not set". Of a secret it shows only whether it is
// set. A Config that came with Faults shows what could be read.
func (c Config) Print(w io.Writer, asJSON bool) error {
	var rows []row
	for _, s := range c.settings() {
		r := row{Name: s.name, Value: s.text(), Source: c.from[s.name], Secret: s.secret()}
		switch {
		case r.Source != "":
		case r.Value == "":
			r.Source = "not set"
		default:
			r.Source = "default"
		}
		if s.secret() {
			r.Value = Secret(r.Value).String()
		}
		if s.name == "FOLLOWUP_CLINIC" && r.Value == "" && c.Test {
			r.Value, r.Source = "(the example clinic)", "default"
		}
		rows = append(rows, r)
	}
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(rows)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		if _, err := io.WriteString(table, printable(r.Name)+"\t"+printable(r.Value)+"\t"+printable(r.Source)+"\n"); err != nil {
			return err
		}
	}
	return table.Flush()
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/templates"
)

func configCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "config", Usage: "print every setting, its value and where it comes from; secrets stay hidden",
		Description: "Example:  followup config\n          followup config --json",
		Flags:       []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "as JSON"}},
		Action: func(_ context.Context, c *cli.Command) error {
			settings, err := config.Load(sys.env, config.Run)
			settings.Print(sys.stdout, c.Bool("json"))
			return err
		},
	}
}

func templatesCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "templates", Usage: "look at the words",
		Commands: []*cli.Command{
			{
				Name: "list", Usage: "list the messages, their class, languages and fields",
				Description: "Example:  followup templates list --json",
				Flags:       []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "as JSON"}},
				Action: func(_ context.Context, c *cli.Command) error {
					set, err := templates.Load()
					if err != nil {
						return err
					}
					return listTemplates(sys, set, c.Bool("json"))
				},
			},
			{
				Name: "lint", Usage: "check every message; print what is wrong and how to cure it",
				Description: "Example:  followup templates lint",
				Action: func(context.Context, *cli.Command) error {
					set, err := templates.Load()
					if err != nil {
						return err
					}
					fmt.Fprintf(sys.stdout, "%d messages, no fault\n", len(set.Names()))
					return nil
				},
			},
		},
	}
}

func listTemplates(sys system, set *templates.Set, asJSON bool) error {
	type row struct {
		Name      string   `json:"name"`
		Class     string   `json:"class"`
		Languages []string `json:"languages"`
		Fields    []string `json:"fields"`
	}
	var rows []row
	for _, name := range set.Names() {
		rows = append(rows, row{name, set.Class(name), []string{"en", "es"}, set.Fields(name)})
	}
	if asJSON {
		e := json.NewEncoder(sys.stdout)
		e.SetIndent("", "  ")
		return e.Encode(rows)
	}
	w := tabwriter.NewWriter(sys.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tCLASS\tLANGUAGES")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.Name, r.Class, strings.Join(r.Languages, " "))
	}
	return w.Flush()
}

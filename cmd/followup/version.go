package main

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// version is what can be told of a binary. Two versions whose wire differs work
// side by side; a ledger's schema that is newer stops the older one.
type version struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Built    string `json:"built"` // time of the commit, RFC 3339
	Modified bool   `json:"modified"`
	Wire     int    `json:"wire"`
	Schema   int    `json:"schema"`
	Go       string `json:"go"`
}

func versionCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "version", Usage: "print the version, the commit it was built from, and what it understands in Redis",
		Description: "Example:  followup version",
		Flags:       []cli.Flag{jsonFlag()},
		Action: func(_ context.Context, c *cli.Command) error {
			info, ok := debug.ReadBuildInfo()
			if !ok {
				return fmt.Errorf("this binary holds no build information")
			}
			v := readVersion(info)
			if c.Bool("json") {
				return printJSON(sys.stdout, v)
			}
			if v.Modified {
				v.Commit += " (modified)"
			}
			_, err := fmt.Fprintf(sys.stdout, "followup %s\ncommit   %s\nbuilt    %s\nwire     %d\nschema   %d\ngo       %s\n", v.Version, v.Commit, v.Built, v.Wire, v.Schema, v.Go)
			return err
		},
	}
}

func readVersion(info *debug.BuildInfo) version {
	v := version{Version: info.Main.Version, Commit: "unknown", Built: "unknown", Wire: tasks.Wire, Schema: ledger.Schema, Go: info.GoVersion}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.time":
			v.Built = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

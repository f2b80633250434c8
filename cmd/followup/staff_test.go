package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
)

// staffEnv are the settings that a command of staff needs.
func staffEnv(redisURL, keys string, more ...string) []string {
	return append([]string{
		"FOLLOWUP_TEST=1", "FOLLOWUP_REDIS_URL=" + redisURL, "FOLLOWUP_KEYSET=" + keys, "FOLLOWUP_PUBLIC_URL=http://127.0.0.1:8080",
	}, more...)
}

func TestACommandOfStaffNeedsNoRelayAndNamesWhoActs(t *testing.T) {
	t.Parallel()
	keys := seal.New()
	redis := redistest.Start(t).URL
	try := func(env []string, args ...string) (by string, err error) {
		var out bytes.Buffer
		sys := system{append([]string{"followup"}, args...), env, &out, &out}
		cmd := root(sys)
		cmd.Commands = append(cmd.Commands, &cli.Command{Name: "act", Action: func(ctx context.Context, c *cli.Command) error {
			f, err := sys.staff(ctx, c)
			if err == nil {
				by = f.by
				f.close()
			}
			return err
		}})
		err = cmd.Run(t.Context(), sys.args)
		return by, err
	}
	for _, c := range []struct {
		name string
		env  []string
		args []string
		by   string
	}{
		{"by its name", staffEnv(redis, keys, "USER=ann"), []string{"--by", "Bea", "act"}, "Bea"},
		{"after the command too", staffEnv(redis, keys, "USER=ann"), []string{"act", "--by", "Bea"}, "Bea"},
		{"by the login name", staffEnv(redis, keys, "USER=ann"), []string{"act"}, "ann"},
		{"by none", staffEnv(redis, keys), []string{"act"}, "cli"},
	} {
		if by, err := try(c.env, c.args...); by != c.by || err != nil {
			t.Errorf("%s: got %q, %v", c.name, by, err)
		}
	}
	if _, err := try(staffEnv(redis, keys), "act", "--by", "a\nb"); err == nil || !strings.Contains(err.Error(), "--by") {
		t.Errorf("a line break in a name: %v", err)
	}
	if _, err := try(staffEnv(redis+".gone", keys), "act"); err == nil || !strings.Contains(err.Error(), "FOLLOWUP_REDIS_URL") {
		t.Errorf("redis away: %v", err)
	}
	if _, err := try(nil, "act"); err == nil || strings.Contains(err.Error(), "SMTP") || !strings.Contains(err.Error(), "FOLLOWUP_KEYSET") {
		t.Errorf("nothing set: %v", err)
	}
}

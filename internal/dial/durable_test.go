package dial_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/redistest"
)

func TestARedisThatForgetsIsToldApart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		args   []string
		fatal  int
		saying string
	}{
		{"as it should be", []string{"--maxmemory", "64mb"}, 0, ""},
		{"no maxmemory", nil, 0, "maxmemory is not set"},
		{"once a second", []string{"--appendfsync", "everysec", "--maxmemory", "64mb"}, 0, "appendfsync is everysec"},
		{"no AOF", []string{"--appendonly", "no"}, 1, "appendonly is off"},
		{"evicting", []string{"--maxmemory-policy", "allkeys-lru"}, 1, "throws messages away"},
		{"settings hidden", []string{"--rename-command", "CONFIG", ""}, 0, "may not be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			faults, err := dial.Inspect(t.Context(), redistest.Start(t, c.args...).Client())
			if err != nil {
				t.Fatal(err)
			}
			fatal, said := 0, ""
			for _, f := range faults {
				said += f.String() + "\n"
				if f.Fatal {
					fatal++
				}
			}
			if fatal != c.fatal || !strings.Contains(said, c.saying) || (c.saying == "" && said != "") {
				t.Errorf("%d fatal: %s", fatal, said)
			}
		})
	}
}

func TestARedisThatIsAwayIsUnreachableAndNotWrong(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	client := s.Client()
	s.Kill()
	if _, err := dial.Inspect(t.Context(), client); !errors.Is(err, dial.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}

func TestMemoryIsThatOfTheServer(t *testing.T) {
	t.Parallel()
	rdb := redistest.Start(t, "--maxmemory", "64mb").Client()
	used, most, err := dial.Memory(t.Context(), rdb)
	if err != nil || used < 1<<19 || used > 64<<20 || most != 64<<20 {
		t.Errorf("%d of %d bytes, %v", used, most, err)
	}
}

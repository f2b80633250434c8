package dial_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/redistest"
)

func TestARedisThatForgetsIsToldApart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		args   []string
		fill   int                 // bytes that it already holds
		change func([]byte) []byte // what its answers become on the way
		fatal  int
		saying string
	}{
		{"as it should be", []string{"--maxmemory", "64mb"}, 0, nil, 0, ""},
		{"no maxmemory", nil, 0, nil, 0, "maxmemory is not set"},
		{"once a second", []string{"--appendfsync", "everysec", "--maxmemory", "64mb"}, 0, nil, 0, "appendfsync is everysec"},
		{"no AOF", []string{"--appendonly", "no"}, 0, nil, 1, "appendonly is off"},
		{"evicting", []string{"--maxmemory-policy", "allkeys-lru"}, 0, nil, 1, "throws messages away"},
		{"settings hidden", []string{"--rename-command", "CONFIG", ""}, 0, nil, 0, "may not be read"},
		{"old", []string{"--maxmemory", "64mb"}, 0, redistest.Older, 1, "use 6.2 or newer"},
		{"nearly full", []string{"--maxmemory", "8mb"}, 6 << 20, nil, 0, "% of its memory; raise `maxmemory`"},
		{"far away", []string{"--maxmemory", "64mb"}, 0, redistest.Slower(150 * time.Millisecond), 0, " to answer; run it on this machine"},
		{"another time", []string{"--maxmemory", "64mb"}, 0, redistest.Later(time.Minute), 0, "apart; let both machines follow a time server"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t, c.args...)
			client := s.Client()
			if c.change != nil {
				client = redis.NewClient(&redis.Options{Network: "unix", Addr: redistest.Proxy(t, s, c.change)})
				defer client.Close()
			}
			if c.fill > 0 {
				client.Set(t.Context(), "much", strings.Repeat("x", c.fill), 0)
			}
			faults, err := dial.Inspect(t.Context(), client)
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

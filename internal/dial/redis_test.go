package dial_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/dial"
)

func TestEachFormOfTheURLReachesItsClient(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, addr, user, password, master string }{
		{"redis://ann:secret@db.example:6380/2", "db.example:6380", "ann", "secret", ""},
		{"redis-socket:///run/redis.sock?db=2", "/run/redis.sock", "", "", ""},
		{"redis-socket://ann:secret@/run/redis.sock?db=2", "/run/redis.sock", "ann", "secret", ""},
	} {
		client, err := dial.Redis(c.url, dial.Bounded())
		if err != nil {
			t.Fatalf("%s: %v", c.url, err)
		}
		o := client.(*redis.Client).Options()
		if o.Addr != c.addr || o.Username != c.user || o.Password != c.password || o.DB != 2 || !o.ContextTimeoutEnabled {
			t.Errorf("%s became %s user %s db %d", c.url, o.Addr, o.Username, o.DB)
		}
		_ = client.Close()
	}
	tls, err := dial.Redis("rediss://db.example:6380", dial.Patient(10))
	if err != nil || tls.(*redis.Client).Options().TLSConfig == nil || tls.(*redis.Client).Options().MaxRetries != 100 {
		t.Errorf("rediss: %v", err)
	}
	cluster, err := dial.Redis("redis-cluster://ann:se@cret@a:1,b:2", dial.Bounded())
	if err != nil {
		t.Fatal(err)
	}
	o := cluster.(*redis.ClusterClient).Options()
	if strings.Join(o.Addrs, " ") != "a:1 b:2" || o.Username != "ann" || o.Password != "se@cret" || o.ClusterStateReloadInterval != 2*time.Second {
		t.Errorf("cluster became %v as %s", o.Addrs, o.Username)
	}
	if _, err := dial.Redis("redis-sentinel://ann:secret@a:1,b:2/3?master=m", dial.Bounded()); err != nil {
		t.Errorf("sentinel: %v", err)
	}
}

func TestABadURLIsRefusedWithoutShowingIt(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "db:6379", "http://u:secret@x", "redis://u:secret@x:port", "redis-sentinel://u:secret@a/x"} {
		_, err := dial.Redis(bad, dial.Bounded())
		if !errors.Is(err, dial.ErrURL) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

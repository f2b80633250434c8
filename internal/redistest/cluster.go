package redistest

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// StartNodes runs a Redis Cluster of many nodes on ports of the loopback interface: so many
// primaries, the first of the nodes, and as many replicas of each. A primary
// that is gone for a second is replaced by its replica. It returns when every
// node knows all slots.
func StartNodes(tb testing.TB, primaries, replicas int, args ...string) (url string, nodes []*Server) {
	tb.Helper()
	var addrs []string
	for range primaries * (1 + replicas) {
		port := clusterPort(tb)
		s := Start(tb, append([]string{
			"--port", port, "--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-config-file", "nodes.conf",
			"--repl-diskless-sync-delay", "0",
		}, args...)...)
		s.Port = port
		nodes, addrs = append(nodes, s), append(addrs, "127.0.0.1:"+port)
	}
	create := append([]string{"--cluster", "create"}, addrs...)
	out, err := exec.Command("redis-cli", append(create, "--cluster-replicas", strconv.Itoa(replicas), "--cluster-yes")...).CombinedOutput()
	if err != nil {
		tb.Fatalf("make a cluster: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for _, s := range nodes {
		c := s.Client()
		for tick := time.NewTicker(20 * time.Millisecond); !whole(ctx, c, len(nodes)); {
			select {
			case <-ctx.Done():
				tb.Fatal("the cluster did not come together within 30 s")
			case <-tick.C:
			}
		}
	}
	return "redis-cluster://" + strings.Join(addrs, ","), nodes
}

// whole reports whether a node knows all slots and all others, and has its
// data where it is a replica.
func whole(ctx context.Context, c *redis.Client, nodes int) bool {
	info := c.ClusterInfo(ctx).Val()
	role := c.Info(ctx, "replication").Val()
	return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:"+strconv.Itoa(nodes)+"\r") &&
		(strings.Contains(role, "role:master") || strings.Contains(role, "master_link_status:up"))
}

// clusterPort is free, and so low that the port of the nodes' own bus, which
// lies 10,000 above it, is one too.
func clusterPort(tb testing.TB) string {
	tb.Helper()
	for {
		port := freePort(tb)
		if n, err := strconv.Atoi(port); err == nil && n < 55_000 {
			return port
		}
	}
}

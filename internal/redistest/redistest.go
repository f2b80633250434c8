// Package redistest gives each test a redis-server of its own, on a socket in
// a temporary folder, and stops it when the test ends.
package redistest

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is a running redis-server.
type Server struct {
	URL    string // redis-socket://…
	Socket string
	Port   string // of the loopback interface, where the server has one

	tb   testing.TB
	args []string
	cmd  *exec.Cmd
}

// Start runs redis-server with appendonly, appendfsync always and noeviction;
// args such as "--maxmemory", "8mb" come after these and win. It returns when
// the server answers. A machine without redis-server fails the test.
func Start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	// Not tb.TempDir: a socket's path may have 107 bytes at most (unix(7)).
	dir, err := os.MkdirTemp("", "redis")
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{Socket: filepath.Join(dir, "s"), tb: tb}
	s.URL = "redis-socket://" + s.Socket
	s.args = append([]string{
		"--port", "0", "--unixsocket", s.Socket, "--dir", dir, "--save", "", "--daemonize", "no",
		"--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction", "--loglevel", "warning",
	}, args...)
	tb.Cleanup(func() {
		s.Kill()
		_ = os.RemoveAll(dir)
	})
	s.Run()
	return s
}

// StartReplicated runs a server and a replica of it. They meet on ports of the
// loopback interface, since replication knows no sockets.
func StartReplicated(tb testing.TB, args ...string) (primary, replica *Server) {
	tb.Helper()
	quick := []string{"--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0"}
	start := func(more ...string) *Server {
		port := freePort(tb)
		s := Start(tb, slices.Concat([]string{"--port", port}, quick, args, more)...)
		s.Port = port
		return s
	}
	primary = start()
	return primary, start("--replicaof", "127.0.0.1", primary.Port)
}

// StartCluster runs a Redis Cluster of one node, on ports of the loopback
// interface: it refuses what does not lie in one slot. It gives a client, closed
// when the test ends.
func StartCluster(tb testing.TB) (*Server, *redis.ClusterClient) {
	tb.Helper()
	port := freePort(tb)
	s := Start(tb, "--port", port, "--cluster-enabled", "yes", "--appendfsync", "no", "--cluster-port", freePort(tb))
	s.Port = port
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	node := s.Client()
	if err := node.ClusterAddSlotsRange(ctx, 0, 16383).Err(); err != nil {
		tb.Fatal(err)
	}
	for tick := time.NewTicker(5 * time.Millisecond); !strings.Contains(node.ClusterInfo(ctx).Val(), "cluster_state:ok"); <-tick.C {
		if ctx.Err() != nil {
			tb.Fatal("the cluster was not ready within 20 s")
		}
	}
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:" + port}})
	tb.Cleanup(func() { _ = c.Close() })
	return s, c
}

// Sentinel watches over a set called clinic.
type Sentinel struct {
	URL string // of the set

	tb   testing.TB
	port string
}

// StartSentinel watches over a primary that has a Port, and makes its replica
// the primary a second after it has gone. A machine so busy that this takes half
// a minute finds the old one in its place again.
func StartSentinel(tb testing.TB, primary *Server) *Sentinel {
	tb.Helper()
	port, file := freePort(tb), filepath.Join(tb.TempDir(), "sentinel.conf")
	conf := "port " + port + "\nsentinel monitor clinic 127.0.0.1 " + primary.Port + " 1\n" +
		"sentinel down-after-milliseconds clinic 1000\nsentinel failover-timeout clinic 30000\n"
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil { // Sentinel keeps its state in it
		tb.Fatal(err)
	}
	cmd := exec.Command("redis-server", file, "--sentinel")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		tb.Fatalf("start Sentinel: %v", err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return &Sentinel{URL: "redis-sentinel://127.0.0.1:" + port + "/0?master=clinic", tb: tb, port: port}
}

// Primary gives the port of the one that Sentinel sends everybody to. A server
// says that it is the primary before that, when Sentinel can still take it back.
func (s *Sentinel) Primary() (port string) {
	s.tb.Helper()
	c := redis.NewSentinelClient(&redis.Options{Addr: "127.0.0.1:" + s.port})
	defer c.Close()
	addr, err := c.GetMasterAddrByName(s.tb.Context(), "clinic").Result()
	if err != nil || len(addr) != 2 {
		s.tb.Fatalf("ask Sentinel for the primary: %q, %v", addr, err)
	}
	return addr[1]
}

func freePort(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	return port
}

func (s *Server) start() {
	s.tb.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		s.tb.Fatal("redis-server is not installed: run `make deps` (Debian: apt-get install redis-server)")
	}
	s.cmd = exec.Command(path, s.args...)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		s.tb.Fatalf("start redis-server: %v", err)
	}
}

// Run starts the server again on the same data after Kill.
func (s *Server) Run() {
	s.tb.Helper()
	s.start()
	client := s.Client()
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		if client.Ping(ctx).Err() == nil {
			return
		}
		select {
		case <-ctx.Done():
			s.tb.Fatal("redis-server did not answer within 20 s")
		case <-tick.C:
		}
	}
}

// loadCommands are more than a loading Redis reads between two looks at its
// connections (server.c, loadSingleAppendOnlyFile: 1024).
const loadCommands = 4096

// Reload kills the server and starts it again, such that it takes that many
// seconds at least to read its data. It returns while the server still does.
func (s *Server) Reload(seconds int) {
	s.tb.Helper()
	c := s.Client()
	_, err := c.Pipelined(s.tb.Context(), func(p redis.Pipeliner) error {
		for i := range loadCommands {
			p.Set(s.tb.Context(), "filler", i, 0)
		}
		return nil
	})
	if err != nil {
		s.tb.Fatal(err)
	}
	s.Kill()
	args := s.args
	s.args = append(slices.Clone(args), "--key-load-delay", strconv.Itoa(seconds*1_000_000/loadCommands), "--loading-process-events-interval-bytes", "1024")
	s.start()
	s.args = args
	for tick := time.NewTicker(5 * time.Millisecond); ; <-tick.C {
		switch err := c.Ping(s.tb.Context()).Err(); {
		case redis.HasErrorPrefix(err, "LOADING"):
			return
		case err == nil:
			s.tb.Fatal("redis-server has read its data and never said that it was loading")
		}
	}
}

// Kill ends the server as kill -9 does. It may be called twice.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
	_ = os.Remove(s.Socket)
}

// Stop freezes the server: connections stay open and nothing answers. Continue ends it.
func (s *Server) Stop() { _ = s.cmd.Process.Signal(syscall.SIGSTOP) }

// Continue wakes a stopped server.
func (s *Server) Continue() { _ = s.cmd.Process.Signal(syscall.SIGCONT) }

// Client gives a plain client, closed when the test ends.
func (s *Server) Client() *redis.Client {
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: s.Socket})
	s.tb.Cleanup(func() { _ = c.Close() })
	return c
}

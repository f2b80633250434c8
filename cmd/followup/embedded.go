package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// embedded is a Redis in this process's memory, reached through a socket in a
// temporary folder: dev opens no port but its own. It keeps nothing.
type embedded struct {
	url    string
	memory *miniredis.Miniredis
	socket net.Listener
	folder string
}

func startEmbedded() (*embedded, error) {
	e := &embedded{memory: miniredis.NewMiniRedis()}
	if err := e.memory.Start(); err != nil {
		return nil, fmt.Errorf("start the embedded Redis: %w", err)
	}
	// miniredis can only start on a port; closed at once, it still serves the
	// connections that it is handed.
	server := e.memory.Server()
	server.Close()
	var err error
	if e.folder, err = os.MkdirTemp("", "followup"); err != nil {
		return nil, fmt.Errorf("start the embedded Redis: %w", err)
	}
	path := filepath.Join(e.folder, "redis.sock")
	if e.socket, err = net.Listen("unix", path); err != nil {
		_ = os.RemoveAll(e.folder)
		return nil, fmt.Errorf("start the embedded Redis: %w", err)
	}
	e.url = "redis-socket://" + path
	go func() { // ends when the socket closes
		for {
			conn, err := e.socket.Accept()
			if err != nil {
				return
			}
			server.ServeConn(conn)
		}
	}()
	return e, nil
}

// age lets what should expire expire, until ctx is done: the clock of miniredis
// stands still by itself, and its option to follow the real one sorts all keys
// on every command.
func (e *embedded) age(ctx context.Context) error {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for last := time.Now(); ; {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			e.memory.FastForward(now.Sub(last))
			last = now
		}
	}
}

func (e *embedded) close() {
	_ = e.socket.Close()
	e.memory.Close()
	_ = os.RemoveAll(e.folder)
}

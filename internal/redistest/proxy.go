package redistest

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Proxy stands before a server until the test ends, and lets change see every
// piece of its answers on the way. It gives the path of its socket. A piece is
// what one read gives: an answer that is shorter than 64 kB comes whole.
func Proxy(tb testing.TB, s *Server, change func([]byte) []byte) (socket string) {
	tb.Helper()
	dir, err := os.MkdirTemp("", "proxy")
	if err != nil {
		tb.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		tb.Fatal(err)
	}
	var open sync.WaitGroup
	tb.Cleanup(func() {
		_ = l.Close()
		s.Kill() // which ends the connections
		open.Wait()
		_ = os.RemoveAll(dir)
	})
	open.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", s.Socket)
			if err != nil {
				_ = client.Close()
				continue
			}
			open.Go(func() { _, _ = io.Copy(server, client); _ = server.Close() })
			open.Go(func() {
				defer client.Close()
				for piece := make([]byte, 64<<10); ; {
					n, err := server.Read(piece)
					if err != nil {
						return
					}
					if _, err := client.Write(change(piece[:n])); err != nil {
						return
					}
				}
			})
		}
	})
	return l.Addr().String()
}

var (
	versionLine = regexp.MustCompile(`redis_version:\d+\.\d+`)
	timeAnswer  = regexp.MustCompile(`^\*2\r\n\$10\r\n(\d{10})\r\n`)
)

// Older makes the server say that it is version 5.0, or as long a number.
func Older(piece []byte) []byte {
	return versionLine.ReplaceAllFunc(piece, func(m []byte) []byte {
		old := []byte("redis_version:5.0")
		for len(old) < len(m) {
			old = append(old, '0')
		}
		return old[:len(m)]
	})
}

// Slower delays every answer.
func Slower(by time.Duration) func([]byte) []byte {
	return func(piece []byte) []byte {
		<-time.After(by)
		return piece
	}
}

// Later makes the server's clock go ahead.
func Later(by time.Duration) func([]byte) []byte {
	return func(piece []byte) []byte {
		return timeAnswer.ReplaceAllFunc(piece, func(m []byte) []byte {
			seconds, _ := strconv.ParseInt(string(timeAnswer.FindSubmatch(m)[1]), 10, 64)
			return fmt.Appendf(nil, "*2\r\n$10\r\n%d\r\n", seconds+int64(by/time.Second))
		})
	}
}

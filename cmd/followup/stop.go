package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// httpGrace is how long a stopping server may finish the answers it has begun.
const httpGrace = 10 * time.Second

// part runs until its context is done and then finishes what is in hand.
type part func(context.Context) error

// together runs the parts until ctx is done or one of them fails, and returns
// when every one has finished. HTTP and workers stop taking work at the same
// moment; each has its own grace.
func together(ctx context.Context, parts ...part) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, p := range parts {
		g.Go(func() error { return p(ctx) })
	}
	return g.Wait()
}

// listen opens a port at once, so that one that is taken stops the start.
func listen(address, setting string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return l, nil
}

// serve gives the part that serves HTTP on an open port; name is what the log calls it.
func serve(name string, s *http.Server, l net.Listener, log *slog.Logger) part {
	return func(ctx context.Context) error {
		stopped := make(chan error, 1)
		go func() { // ends with Serve below
			<-ctx.Done()
			grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), httpGrace)
			defer cancel()
			stopped <- s.Shutdown(grace)
		}()
		log.Info("listening", "port", name, "addr", l.Addr().String())
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve %s: %w", l.Addr(), err)
		}
		return <-stopped
	}
}

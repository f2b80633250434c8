package smtp

import (
	"sync"
	"time"
)

// pool holds connections between messages, the freshest first. No goroutine
// watches it: each connection carries its own timer.
type pool struct {
	keep   time.Duration // how long one may wait
	mu     sync.Mutex
	idle   []*link
	closed bool
}

// take returns the connection that waited least, or nil.
func (p *pool) take() *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	l := p.idle[n-1]
	p.idle = p.idle[:n-1]
	l.expiry.Stop()
	return l
}

// put keeps l for the next message, or says no: full, or closed.
func (p *pool) put(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= maxIdle {
		return false
	}
	l.expiry = time.AfterFunc(p.keep, func() {
		if p.drop(l) {
			l.quit()
		}
	})
	p.idle = append(p.idle, l)
	return true
}

// drop takes l out and reports whether it was still there: whoever takes a
// connection out owns it.
func (p *pool) drop(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, other := range p.idle {
		if other == l {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			return true
		}
	}
	return false
}

// close ends every waiting connection, all at once, and keeps none from now on.
func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	var ended sync.WaitGroup
	for _, l := range idle {
		l.expiry.Stop()
		ended.Go(l.quit)
	}
	ended.Wait()
}

package web

import (
	"net/netip"
	"sync"
	"time"
)

// limiter counts posts from one neighbourhood in the running minute. It only
// stops a flood: real people behind one address must never meet it, and no
// flood may close the form for others.
type limiter struct {
	most int
	now  func() time.Time

	mu     sync.Mutex
	since  time.Time
	counts map[netip.Prefix]int
}

// maxCounted bounds the memory that a flood from everywhere can take; beyond
// it nobody new is counted.
const maxCounted = 100_000

func newLimiter(most int, now func() time.Time) *limiter { return &limiter{most: most, now: now} }

// allow counts a post, and says how long to wait when it is one too many.
func (l *limiter) allow(from netip.Addr) (wait time.Duration, ok bool) {
	if l.most <= 0 || !from.IsValid() {
		return 0, true
	}
	bits := 24
	if from.Is6() {
		bits = 64
	}
	near, err := from.Prefix(bits)
	if err != nil {
		return 0, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if now.Sub(l.since) >= time.Minute {
		l.since, l.counts = now, map[netip.Prefix]int{}
	}
	if _, known := l.counts[near]; !known && len(l.counts) >= maxCounted {
		return 0, true
	}
	l.counts[near]++
	return l.since.Add(time.Minute).Sub(now), l.counts[near] <= l.most
}

package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/tasks"
	"github.com/joydevie/followup/worker"
)

// What a person under email follow-up costs in Redis, all keys of everybody
// counted, once the confirmation and the note are sent and the first follow-up
// is scheduled.
func BenchmarkMemoryOfAPerson(b *testing.B) {
	const n = 10_000
	server := redistest.Start(b, "--appendfsync", "everysec")
	rdb := connect(b, server, dial.Patient(worker.DefaultConcurrency.Sum()))
	sent := &counter{}
	h := benchHouse(b, sent)
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- h.worker(rdb).Run(ctx, rdb, worker.DefaultConcurrency) }()
	queue := tasks.NewClient(rdb, h.keys)
	before := usedMemory(b, rdb)
	spread(n, func(i int) {
		if err := tasks.Enqueue(b.Context(), queue, tasks.Submitted, tasks.Submission{
			ID: seal.NewID(), Content: h.keys.Hash("content", seal.NewID()), At: time.Now().UTC().Truncate(time.Second), Name: "Ann Lee", Email: fmt.Sprintf("ann.lee.%d@example.com", i), Message: message, Language: "en",
			Zone: "America/Denver", Page: "/blog/ketamine-therapy", ConsentEmail: true, Wording: "2026-11-24.1", WordingHash: strings.Repeat("0", 32), IP: "203.0.113.77",
			UserAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
		}, time.Time{}); err != nil {
			b.Error(err)
		}
	})
	sent.until(2 * n)
	stop()
	if err := <-done; err != nil {
		b.Error(err)
	}
	b.ReportMetric(float64(usedMemory(b, rdb)-before)/n, "B/person")
	kinds := map[string]int64{}
	for keys := rdb.Scan(b.Context(), 0, "*", 1000).Iterator(); keys.Next(b.Context()); {
		kind, _, _ := strings.Cut(keys.Val(), "{")
		kinds[cmp.Or(kind, keys.Val())] += rdb.MemoryUsage(b.Context(), keys.Val(), 0).Val()
	}
	b.Logf("bytes a person by kind of key: %v", perPerson(kinds, n))
}

func perPerson(kinds map[string]int64, n int64) string {
	var b bytes.Buffer
	for kind, size := range kinds {
		if size/n > 4 {
			fmt.Fprintf(&b, "%s %d; ", kind, size/n)
		}
	}
	return b.String()
}

func usedMemory(b *testing.B, rdb redis.UniversalClient) int64 {
	b.Helper()
	info, err := rdb.Info(b.Context(), "memory").Result()
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(line, "used_memory:"); ok {
			var n int64
			if _, err := fmt.Sscan(v, &n); err != nil {
				b.Fatal(err)
			}
			return n
		}
	}
	b.Fatal("no used_memory")
	return 0
}

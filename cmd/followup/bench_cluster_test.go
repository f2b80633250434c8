package main

import (
	"testing"
	"time"

	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/internal/smtptest"
)

// How the sum of three workers grows on a Cluster of three where the relay, and
// not the machine, is what takes time.
func BenchmarkWorkersOnACluster(b *testing.B) {
	const n = 6000
	rate := func(workers int) float64 {
		out := &relay{taken: map[string]time.Time{}}
		mail := smtptest.Start(b, smtptest.Options{NoTLS: true, Taken: func(m smtptest.Message) {
			<-time.After(100 * time.Millisecond)
			out.take(m)
		}})
		w := newClinicWorld(b)
		url, _ := redistest.StartNodes(b, 3, 0, "--appendfsync", "everysec")
		keyset := seal.New()
		w.env = w.with("FOLLOWUP_SMTP_URL="+mail.URL, "FOLLOWUP_KEYSET="+keyset, "FOLLOWUP_REDIS_URL="+url)
		plan(b, &redistest.Server{URL: url}, keyset, n, time.Now(), func(int) string { return "America/Denver" })
		var hands []*process
		for range workers {
			hands = append(hands, launch(b, w.env, "work"))
		}
		eventually(b, "the first follow-up", func() bool { return out.followUps() > 0 })
		start, before := time.Now(), out.followUps()
		limit := time.NewTimer(5 * time.Minute)
		defer limit.Stop()
		for tick := time.NewTicker(20 * time.Millisecond); out.followUps() < n; {
			select {
			case <-tick.C:
			case <-limit.C:
				b.Fatalf("%d of %d follow-ups", out.followUps(), n)
			}
		}
		took := time.Since(start)
		for _, p := range hands {
			p.stop()
		}
		if out.again > 0 || out.followUps() != n {
			b.Errorf("%d workers: %d sent, %d of them twice", workers, out.followUps(), out.again)
		}
		return float64(n-before) / took.Seconds()
	}
	one, three := rate(1), rate(3)
	b.ReportMetric(one, "one/s")
	b.ReportMetric(three, "three/s")
	b.ReportMetric(three/one, "ratio")
}

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/smtp"
	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/internal/smtptest"
	"github.com/joydevie/followup/tasks"
	"github.com/joydevie/followup/worker"
)

// These are measurements, each next to its bare limit in the same run: machines
// differ, the ratio tells. `make bench` runs them; b.N is not used.

// message is 300 bytes, what a person writes.
var message = strings.Repeat("Is this something for me? ", 12)[:300]

// benchHouse is the service on that Redis with channels that accept at once.
func benchHouse(b *testing.B, send channel.Sender) *house {
	b.Helper()
	keys, err := seal.Parse(seal.New())
	if err != nil {
		b.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	h := &house{
		keys: keys, clock: hours.NewClock(1, nil), windows: hours.Always(), reminders: hours.Always(), publicURL: "https://joydevie.example", log: quiet, requests: quiet,
		channels: map[contact.Via]channel.Sender{contact.ViaEmail: send, contact.ViaSMS: send},
	}
	if err := h.furnish(config.ExampleClinic()); err != nil {
		b.Fatal(err)
	}
	return h
}

type counter struct{ n atomic.Int64 }

func (c *counter) Send(context.Context, channel.Message) channel.Outcome {
	c.n.Add(1)
	return channel.Outcome{State: channel.Accepted, ID: "x"}
}

func (c *counter) until(n int64) {
	for c.n.Load() < n {
		time.Sleep(time.Millisecond)
	}
}

func connect(b *testing.B, server *redistest.Server, p dial.Patience) redis.UniversalClient {
	b.Helper()
	rdb, err := dial.Redis(server.URL, p)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// modes are the two ways to run Redis that README names.
var modes = []string{"always", "everysec"}

// POST /contact, all of it, beside a handler that does nothing but enqueue the
// same bytes.
func BenchmarkPostContact(b *testing.B) {
	for _, fsync := range modes {
		b.Run("fsync="+fsync, func(b *testing.B) {
			server := redistest.Start(b, "--appendfsync", fsync)
			rdb := connect(b, server, dial.Bounded())
			h := benchHouse(b, &counter{})
			handler, err := h.handler(rdb, nil)
			if err != nil {
				b.Fatal(err)
			}
			payload, err := tasks.Submitted.Encode(tasks.Submission{
				ID: seal.NewID(), At: time.Now(), Name: "Ann Lee", Email: "ann1234@example.com", Phone: "+13035550142", Message: message,
				Language: "en", Zone: "America/Denver", Page: "/blog/one", ConsentEmail: true, UserAgent: "Go-http-client/1.1", IP: "127.0.0.1",
			}, h.keys)
			if err != nil {
				b.Fatal(err)
			}
			queue := asynq.NewClientFromRedisClient(rdb)
			bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if _, err := queue.EnqueueContext(r.Context(), asynq.NewTask("bare", payload), asynq.TaskID(seal.NewID()), asynq.Queue("bare")); err != nil {
					http.Error(w, "no", http.StatusInternalServerError)
					return
				}
				w.WriteHeader(http.StatusAccepted)
			})
			ours, limit := duel(func() float64 { return posts(b, handler) }, func() float64 { return posts(b, bare) })
			b.ReportMetric(ours, "posts/s")
			b.ReportMetric(limit, "bare/s")
			b.ReportMetric(ours/limit, "ratio")
		})
	}
}

// duel takes turns, three each, and gives the medians.
func duel(ours, bare func() float64) (float64, float64) {
	var a, z []float64
	for range 3 {
		a, z = append(a, ours()), append(z, bare())
	}
	slices.Sort(a)
	slices.Sort(z)
	return a[1], z[1]
}

// posts sends forms from 32 clients for two seconds and gives the rate of those
// that were accepted.
func posts(b *testing.B, h http.Handler) float64 {
	server := httptest.NewServer(h)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	var accepted atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for c := range 32 {
		all.Go(func() {
			for i := 0; time.Since(start) < 2*time.Second; i++ {
				form := url.Values{
					"name": {"Ann Lee"}, "email": {fmt.Sprintf("ann%d.%d@example.com", c, i)}, "phone": {"(303) 555-0142"}, "message": {message},
					"consent_email": {"yes"}, "language": {"en"}, "time_zone": {"America/Denver"}, "page": {"/blog/one"},
				}
				r, err := http.NewRequest(http.MethodPost, server.URL+"/contact", strings.NewReader(form.Encode()))
				if err != nil {
					b.Error(err)
					return
				}
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Accept", "application/json")
				answer, err := client.Do(r)
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				if answer.StatusCode == http.StatusAccepted {
					accepted.Add(1)
				}
			}
		})
	}
	all.Wait()
	return float64(accepted.Load()) / time.Since(start).Seconds()
}

// Planned messages through claim, gate, words, channel and settle, beside
// asynq's own rate for a handler that does nothing, at the same concurrency.
func BenchmarkMessages(b *testing.B) {
	for _, fsync := range modes {
		b.Run("fsync="+fsync, func(b *testing.B) {
			const n = 6000
			server := redistest.Start(b, "--appendfsync", fsync)
			rdb := connect(b, server, dial.Patient(worker.DefaultConcurrency.Sum()))
			ours, limit := duel(func() float64 { return messages(b, rdb, n) }, func() float64 { return noops(b, rdb, n) })
			b.ReportMetric(ours, "messages/s")
			b.ReportMetric(limit, "noop/s")
			b.ReportMetric(ours/limit, "ratio")
		})
	}
}

func messages(b *testing.B, rdb redis.UniversalClient, n int) float64 {
	sent := &counter{}
	h := benchHouse(b, sent)
	book, ring := h.ledger(rdb), h.alarm(rdb)
	spread(n, func(i int) {
		s := contact.Submission{
			ID: seal.NewID(), At: h.clock.Now(), Name: "Ann", Email: contact.Email(fmt.Sprintf("ann%d.%d@example.com", i, rand.Int())),
			Message: contact.Private(message), Language: contact.English,
		}
		a, err := book.Admit(b.Context(), s, ledger.Once{Content: s.ID}, func(*ledger.Person) ledger.Plan {
			return ledger.Plan{Steps: []ledger.Step{{Template: "confirmation", Via: contact.ViaEmail, Due: s.At}}}
		})
		if err == nil {
			err = ring.Ring(b.Context(), &a.Steps[0])
		}
		if err != nil {
			b.Error(err)
		}
	})
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan error, 1)
	start := time.Now()
	go func() { done <- h.worker(rdb).Run(ctx, rdb, worker.DefaultConcurrency) }()
	sent.until(int64(n))
	took := time.Since(start)
	stop()
	if err := <-done; err != nil {
		b.Error(err)
	}
	return float64(n) / took.Seconds()
}

func noops(b *testing.B, rdb redis.UniversalClient, n int) float64 {
	queue := asynq.NewClientFromRedisClient(rdb)
	payload, _ := tasks.Email.Encode(tasks.Message{Contact: seal.NewID(), Entry: "1.confirmation"}, nil)
	spread(n, func(int) {
		if _, err := queue.Enqueue(asynq.NewTask("noop", payload), asynq.Queue("noop"), asynq.TaskID(seal.NewID())); err != nil {
			b.Error(err)
		}
	})
	var handled atomic.Int64
	all := make(chan struct{})
	s := asynq.NewServerFromRedisClient(rdb, asynq.Config{
		Queues: map[string]int{"noop": 1}, Concurrency: worker.DefaultConcurrency.Mail, TaskCheckInterval: 20 * time.Millisecond, LogLevel: asynq.FatalLevel,
	})
	start := time.Now()
	if err := s.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		if handled.Add(1) == int64(n) {
			close(all)
		}
		return nil
	})); err != nil {
		b.Fatal(err)
	}
	<-all
	took := time.Since(start)
	s.Shutdown()
	return float64(n) / took.Seconds()
}

// spread does n things on 16 goroutines.
func spread(n int, do func(i int)) {
	var all sync.WaitGroup
	var next atomic.Int64
	for range 16 {
		all.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				do(int(i))
			}
		})
	}
	all.Wait()
}

// From the accepted POST to the message at an SMTP server that demands STARTTLS
// and a login, while nothing else is going on.
func BenchmarkIdleLatency(b *testing.B) {
	for _, fsync := range modes {
		b.Run("fsync="+fsync, func(b *testing.B) {
			const n = 200
			server := redistest.Start(b, "--appendfsync", fsync)
			relay := smtptest.Start(b, smtptest.Options{User: "clinic", Password: "secret"})
			mail, err := smtp.New(relay.URL, smtp.Options{From: "hello@joydevie.example", Roots: relay.Roots})
			if err != nil {
				b.Fatal(err)
			}
			h := benchHouse(b, mail)
			h.clinic.Staff = nil // the note would be a second message
			handler, err := h.handler(connect(b, server, dial.Bounded()), nil)
			if err != nil {
				b.Fatal(err)
			}
			web := httptest.NewServer(handler)
			defer web.Close()
			rdb := connect(b, server, dial.Patient(worker.DefaultConcurrency.Sum()))
			ctx, stop := context.WithCancel(b.Context())
			done := make(chan error, 1)
			go func() { done <- h.worker(rdb).Run(ctx, rdb, worker.DefaultConcurrency) }()
			var took []time.Duration
			for i := range n {
				time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond) // out of step with the polling
				if status, body := post(b, web.URL, map[string]any{"email": fmt.Sprintf("ann%d@example.com", i), "message": message}); status != http.StatusAccepted {
					b.Fatal(status, body)
				}
				start := time.Now()
				for len(relay.Messages()) <= i {
					time.Sleep(500 * time.Microsecond)
				}
				took = append(took, time.Since(start))
			}
			stop()
			if err := <-done; err != nil {
				b.Error(err)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[n/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[n*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(bareLatency(b, server, relay), "bare-p50-ms")
		})
	}
}

// bareLatency is one task of asynq at the same polling, and one message over
// the same relay: what no design on top can beat.
func bareLatency(b *testing.B, server *redistest.Server, relay *smtptest.Server) float64 {
	rdb := connect(b, server, dial.Patient(20))
	mail, err := smtp.New(relay.URL, smtp.Options{From: "hello@joydevie.example", Roots: relay.Roots})
	if err != nil {
		b.Fatal(err)
	}
	arrived := make(chan time.Time, 1)
	s := asynq.NewServerFromRedisClient(rdb, asynq.Config{
		Queues: map[string]int{"bare": 1}, Concurrency: 20, TaskCheckInterval: 20 * time.Millisecond, LogLevel: asynq.FatalLevel,
	})
	if err := s.Start(asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		mail.Send(ctx, channel.Message{ID: seal.NewID(), To: "ann@example.com", Subject: "x", Text: "x", HTML: "<p>x</p>"})
		arrived <- time.Now()
		return nil
	})); err != nil {
		b.Fatal(err)
	}
	defer s.Shutdown()
	queue := asynq.NewClientFromRedisClient(rdb)
	var took []time.Duration
	for range 100 {
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
		start := time.Now()
		if _, err := queue.Enqueue(asynq.NewTask("bare", nil), asynq.Queue("bare")); err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-arrived).Sub(start))
	}
	slices.Sort(took)
	return float64(took[50].Microseconds()) / 1000
}

// From the start of the program to the first form that it has taken in.
func BenchmarkDevFirstForm(b *testing.B) {
	start := time.Now()
	p := launch(b, nil, "dev", "--listen", "127.0.0.1:0")
	if status, _ := post(b, p.port("public"), map[string]any{"email": "ann@example.com"}); status != http.StatusAccepted {
		b.Fatal(status)
	}
	b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms")
}

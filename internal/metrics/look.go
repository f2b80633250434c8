package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Look is what one scrape finds beside what was counted. Nil parts are not
// known now, and left out: a scrape never fails for what it could not find.
type Look struct {
	Spool *Spool
	Redis *Redis
}

// Spool is the folder on this machine.
type Spool struct{ Waiting, Aside int }

// Redis is what Redis knows, of the whole house and not of this process alone.
type Redis struct {
	MemoryUsed, MemoryMax int64 // bytes; both 0 when it does not tell
	Queues                []Queue
	Paused                map[string]bool // by channel
	Paces                 map[string]Pace // by channel
	Trial                 bool
	Sweep                 Sweep
	Canary                Canary
}

// Queue is one queue: how many tasks are in each state, and how long the oldest
// that is due has waited.
type Queue struct {
	Name    string
	States  map[string]int64
	Latency time.Duration
}

// Pace is how far the pace of a channel is used up.
type Pace struct {
	Ahead         time.Duration
	Today, DayMax int
}

// Sweep is the sweeper's last run; a zero At says that there was none.
type Sweep struct {
	At                  time.Time
	Lost, Again, Behind int
}

// Canary is the last submission of our own; zero times say that there was none.
type Canary struct {
	Sent, Done time.Time
	Took       time.Duration
}

// Build is what runs.
type Build struct{ Version, Commit, Go string }

// See makes every scrape look, for a second at most. look must honour its
// context.
func (m *Metrics) See(b Build, look func(context.Context) Look) {
	m.registry.MustRegister(&looker{b, look})
}

// lookFor bounds a look: Prometheus itself waits for ten seconds.
const lookFor = time.Second

type looker struct {
	build Build
	look  func(context.Context) Look
}

// Describe implements prometheus.Collector.
func (*looker) Describe(out chan<- *prometheus.Desc) {
	for _, d := range described {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (l *looker) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	at := func(d *prometheus.Desc, t time.Time) {
		if !t.IsZero() {
			gauge(d, float64(t.UnixMilli())/1000)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookFor)
	defer cancel()
	found := l.look(ctx)
	gauge(buildInfo, 1, l.build.Version, l.build.Commit, l.build.Go)
	if s := found.Spool; s != nil {
		gauge(spoolDepth, float64(s.Waiting))
		gauge(spoolAside, float64(s.Aside))
	}
	r := found.Redis
	if r == nil {
		gauge(redisUp, 0)
		return
	}
	gauge(redisUp, 1)
	if r.MemoryUsed > 0 {
		gauge(redisUsed, float64(r.MemoryUsed))
		gauge(redisMax, float64(r.MemoryMax))
	}
	for _, q := range r.Queues {
		gauge(queueWait, q.Latency.Seconds(), q.Name)
		for state, n := range q.States {
			gauge(queueTasks, float64(n), q.Name, state)
		}
	}
	for channel, is := range r.Paused {
		gauge(paused, map[bool]float64{true: 1}[is], channel)
	}
	for channel, p := range r.Paces {
		gauge(paceAhead, p.Ahead.Seconds(), channel)
		gauge(paceToday, float64(p.Today), channel)
		gauge(paceMost, float64(p.DayMax), channel)
	}
	gauge(trial, map[bool]float64{true: 1}[r.Trial])
	if at(sweepLast, r.Sweep.At); !r.Sweep.At.IsZero() {
		gauge(overdue, float64(r.Sweep.Lost), "lost")
		gauge(overdue, float64(r.Sweep.Again), "again")
		gauge(overdue, float64(r.Sweep.Behind), "behind")
	}
	at(canarySent, r.Canary.Sent)
	if at(canaryLast, r.Canary.Done); !r.Canary.Done.IsZero() {
		gauge(canaryTook, r.Canary.Took.Seconds())
	}
}

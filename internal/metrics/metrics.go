// Package metrics owns every number that is watched: its name, what it means,
// and how it is counted. names.go lists them all. It imports nothing of ours.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts what concludes in this process. Nil counts nothing, so that
// whoever counts need not ask. Safe for use by many goroutines.
type Metrics struct {
	registry     *prometheus.Registry
	submissions  *prometheus.CounterVec
	refused      prometheus.Counter
	erased       prometheus.Counter
	confirmation *prometheus.HistogramVec
	sends        *prometheus.CounterVec
	holds        *prometheus.CounterVec
	notSent      *prometheus.CounterVec
	unknown      *prometheus.CounterVec
	taskFailures *prometheus.CounterVec
}

// New gives a registry of its own, with the numbers of Go and of the process
// beside ours.
func New() *Metrics {
	m := &Metrics{
		registry:     prometheus.NewPedanticRegistry(),
		submissions:  prometheus.NewCounterVec(submissions, []string{"committed"}),
		refused:      prometheus.NewCounter(submissionsRefused),
		erased:       prometheus.NewCounter(submissionsErased),
		confirmation: prometheus.NewHistogramVec(confirmation, []string{"channel"}),
		sends:        prometheus.NewCounterVec(sends, []string{"channel", "class", "outcome"}),
		holds:        prometheus.NewCounterVec(holds, []string{"channel", "reason"}),
		notSent:      prometheus.NewCounterVec(notSent, []string{"channel", "reason"}),
		unknown:      prometheus.NewCounterVec(unknown, []string{"channel"}),
		taskFailures: prometheus.NewCounterVec(taskFailures, []string{"task"}),
	}
	m.registry.MustRegister(
		m.submissions, m.refused, m.erased, m.confirmation, m.sends, m.holds, m.notSent, m.unknown, m.taskFailures,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	// A rate over a series that begins with its first event misses that event.
	for _, where := range []string{"redis", "spool"} {
		m.submissions.WithLabelValues(where)
	}
	return m
}

// Channel makes the series of a channel begin at 0.
func (m *Metrics) Channel(name string) {
	m.unknown.WithLabelValues(name)
	m.confirmation.WithLabelValues(name)
}

// Submitted counts a submission that was made durable; committed is "redis" or
// "spool".
func (m *Metrics) Submitted(committed string) {
	if m != nil {
		m.submissions.WithLabelValues(committed).Inc()
	}
}

// Refused counts a submission that nothing could take.
func (m *Metrics) Refused() {
	if m != nil {
		m.refused.Inc()
	}
}

// Erased counts a submission whose person was erased before it was taken in.
func (m *Metrics) Erased() {
	if m != nil {
		m.erased.Inc()
	}
}

// Confirmed takes the time from a submission to its accepted confirmation. One
// below zero, of clocks that disagree, counts as none.
func (m *Metrics) Confirmed(channel string, after time.Duration) {
	if m != nil {
		m.confirmation.WithLabelValues(channel).Observe(max(0, after).Seconds())
	}
}

// Sent counts what a provider said to a message.
func (m *Metrics) Sent(channel, class, outcome string) {
	if m != nil {
		m.sends.WithLabelValues(channel, class, outcome).Inc()
	}
}

// Held counts a message that was held back.
func (m *Metrics) Held(channel, reason string) {
	if m != nil {
		m.holds.WithLabelValues(channel, reason).Inc()
	}
}

// NotSent counts a message that will not go.
func (m *Metrics) NotSent(channel, reason string) {
	if m != nil {
		m.notSent.WithLabelValues(channel, reason).Inc()
	}
}

// Unknown counts a message whose answer was lost for good.
func (m *Metrics) Unknown(channel string) {
	if m != nil {
		m.unknown.WithLabelValues(channel).Inc()
	}
}

// TaskFailed counts a run of a task that failed.
func (m *Metrics) TaskFailed(kind string) {
	if m != nil {
		m.taskFailures.WithLabelValues(kind).Inc()
	}
}

// Handler answers a scrape. See adds what is looked up for each.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, EnableOpenMetrics: true,
	})
}

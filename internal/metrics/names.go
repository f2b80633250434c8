package metrics

import "github.com/prometheus/client_golang/prometheus"

// Every name that we own, with its help and its labels. Dashboards and alerts
// of other houses depend on them: a name never changes its meaning. A label
// takes few values, all of them ours; none tells of a person.

// What this process counts.
var (
	submissions = prometheus.CounterOpts{
		Name: "followup_submissions_total",
		Help: "Submissions that were made durable, by where: in Redis, or in the spool while Redis was away.",
	}
	submissionsRefused = prometheus.CounterOpts{
		Name: "followup_submissions_refused_total",
		Help: "Submissions that neither Redis nor the spool could take: the visitor was asked to call.",
	}
	submissionsErased = prometheus.CounterOpts{
		Name: "followup_submissions_erased_total",
		Help: "Submissions that were not taken in, since their person was erased after they were made.",
	}
	confirmation = prometheus.HistogramOpts{
		Name:    "followup_confirmation_seconds",
		Help:    "Time from a submission until a provider accepted its confirmation, by channel. A text may wait for decent hours.",
		Buckets: []float64{1, 2, 3, 5, 10, 20, 30, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 72 * 3600},
	}
	sends = prometheus.CounterOpts{
		Name: "followup_sends_total",
		Help: "Messages handed to a provider, by channel, class of the template, and what the provider said.",
	}
	holds = prometheus.CounterOpts{
		Name: "followup_holds_total",
		Help: "Times that a message was held back when it was due, by channel and reason.",
	}
	notSent = prometheus.CounterOpts{
		Name: "followup_messages_not_sent_total",
		Help: "Messages that did not go and will not, by channel and reason.",
	}
	unknown = prometheus.CounterOpts{
		Name: "followup_messages_unknown_total",
		Help: "Messages of which nobody knows whether the provider took them, by channel. They are never repeated.",
	}
	taskFailures = prometheus.CounterOpts{
		Name: "followup_task_failures_total",
		Help: "Runs of a task that ended in an error of our own house, by kind of task. Each is tried again.",
	}
)

// What a scrape looks up.
var (
	buildInfo = desc("followup_build_info", "Always 1; the labels say what runs.", "version", "commit", "goversion")

	spoolDepth = desc("followup_spool_submissions", "Submissions that wait on this machine's disk for Redis.")
	spoolAside = desc("followup_spool_set_aside_submissions", "Submissions on this machine's disk that no key of the key set opens.")

	redisUp    = desc("followup_redis_up", "1 if Redis answered this scrape in time, else 0: then what Redis knows is missing here.")
	redisUsed  = desc("followup_redis_memory_used_bytes", "Memory that Redis uses; of a cluster, that of the fullest node.")
	redisMax   = desc("followup_redis_memory_max_bytes", "Memory that Redis may use, 0 for no limit; of a cluster, that of the fullest node.")
	queueTasks = desc("followup_queue_tasks", "Tasks in a queue, by state.", "queue", "state")
	queueWait  = desc("followup_queue_latency_seconds", "How long the oldest task that is due has waited in its queue; 0 for an empty one.", "queue")
	paused     = desc("followup_channel_paused", "1 while a channel is paused, since its provider refuses our credentials, sender or TLS; else 0.", "channel")
	paceAhead  = desc("followup_pace_ahead_seconds", "How far ahead seconds at a provider are reserved, by channel: so long would one more message wait.", "channel")
	paceToday  = desc("followup_pace_day_messages", "Messages that went today by the clinic's calendar, by channel, where the channel has a pace.", "channel")
	paceMost   = desc("followup_pace_day_max_messages", "Messages that may go in a day, by channel; 0 for no ceiling.", "channel")
	trial      = desc("followup_trial_mode", "1 while the service is on trial: only staff get messages, until followup go-live; else 0.")
	overdue    = desc("followup_messages_overdue", "Messages due for more than two minutes and not sent that the sweeper found in its last run: lost had lost their alarm and were rung for, again had been rung for before, behind wait their turn in a queue that is behind.", "found")
	sweepLast  = desc("followup_sweep_last_run_timestamp_seconds", "When the sweeper last ended a run, in any process.")
	canarySent = desc("followup_canary_last_sent_timestamp_seconds", "When a submission of our own was last handed to the form, by any process.")
	canaryLast = desc("followup_canary_last_success_timestamp_seconds", "When a submission of our own last came through form, queue and worker.")
	canaryTook = desc("followup_canary_last_duration_seconds", "How long that took.")
	described  = []*prometheus.Desc{buildInfo, spoolDepth, spoolAside, redisUp, redisUsed, redisMax, queueTasks, queueWait, paused, paceAhead, paceToday, paceMost, trial, overdue, sweepLast, canarySent, canaryLast, canaryTook}
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

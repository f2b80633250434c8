package metrics

import (
	"context"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// whole has counted one of everything, and finds everything.
func whole() *Metrics {
	m, at := New(), time.Unix(1_800_000_000, 0)
	m.Channel("email")
	m.Submitted("redis")
	m.Refused()
	m.Confirmed("email", 3*time.Second)
	m.Sent("email", "confirmation", "accepted")
	m.Held("sms", "hours")
	m.NotSent("sms", "no_consent")
	m.Unknown("sms")
	m.TaskFailed("contact:submitted")
	m.See(Build{"v1", "abc", "go1"}, func(context.Context) Look {
		return Look{Spool: &Spool{Waiting: 1}, Redis: &Redis{
			MemoryUsed: 1, MemoryMax: 2, Queues: []Queue{{"mail", map[string]int64{"pending": 1}, time.Second}}, Paused: map[string]bool{"sms": true}, Paces: map[string]Pace{"sms": {time.Second, 3, 9}},
			Sweep: Sweep{At: at, Lost: 1}, Canary: Canary{Sent: at, Done: at, Took: time.Second},
		}}
	})
	return m
}

// Whole is the scrape of one that has counted and found everything.
func Whole() string {
	rw := httptest.NewRecorder()
	whole().Handler().ServeHTTP(rw, httptest.NewRequest("GET", "/metrics", nil))
	return rw.Body.String()
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	rw := httptest.NewRecorder()
	m.Handler().ServeHTTP(rw, httptest.NewRequest("GET", "/metrics", nil))
	if rw.Code != 200 {
		t.Fatalf("%d %s", rw.Code, rw.Body)
	}
	return rw.Body.String()
}

func TestALinterFindsNothing(t *testing.T) {
	t.Parallel()
	problems, err := promlint.New(strings.NewReader(scrape(t, whole()))).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

func TestEveryNameIsShown(t *testing.T) {
	t.Parallel()
	text := scrape(t, whole())
	for _, d := range described {
		name := regexp.MustCompile(`fqName: "([^"]+)"`).FindStringSubmatch(d.String())[1]
		if !strings.Contains(text, "\n"+name) {
			t.Errorf("%s is not shown", name)
		}
	}
	if n := strings.Count(text, "# TYPE followup_"); n != len(described)+9 {
		t.Errorf("%d names of ours", n)
	}
}

// A name, an address or a number could get into a label alone.
func TestLabelsTakeWhatIsListedHere(t *testing.T) {
	t.Parallel()
	known := []string{"committed", "channel", "class", "outcome", "reason", "task", "queue", "state", "found", "version", "commit", "goversion", "le"}
	families, err := whole().registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.Metric {
			for _, l := range m.Label {
				if strings.HasPrefix(f.GetName(), "followup_") && !slices.Contains(known, l.GetName()) {
					t.Errorf("%s has the label %s", f.GetName(), l.GetName())
				}
			}
		}
	}
}

func TestNothingIsCountedWithoutMetrics(t *testing.T) {
	t.Parallel()
	var m *Metrics
	m.Submitted("redis")
	m.Refused()
	m.Confirmed("email", time.Second)
	m.Sent("email", "confirmation", "accepted")
	m.Held("sms", "hours")
	m.NotSent("sms", "hours")
	m.Unknown("sms")
	m.TaskFailed("x")
}

func TestAScrapeWithoutRedisSaysSoAndShowsTheRest(t *testing.T) {
	t.Parallel()
	m := New()
	m.Submitted("spool")
	m.See(Build{}, func(ctx context.Context) Look {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("a look has no bound")
		}
		return Look{Spool: &Spool{Waiting: 7}}
	})
	text := scrape(t, m)
	for _, line := range []string{"followup_redis_up 0", `followup_submissions_total{committed="spool"} 1`, "followup_spool_submissions 7"} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("%s is missing", line)
		}
	}
	if strings.Contains(text, "followup_queue") {
		t.Error("queues are shown that nobody could ask for")
	}
}

func TestTwoOfUsDoNotMeet(t *testing.T) {
	t.Parallel()
	a, b := New(), New()
	a.Refused()
	if strings.Contains(scrape(t, b), "followup_submissions_refused_total 1") {
		t.Error("they share a registry")
	}
}

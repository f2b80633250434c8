package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/seal"
)

// faultsFlag chooses the form of the fault suite: `make faults` runs the long one.
var faultsFlag = flag.String("faults", "short", "short: what waits for a lease or a retry is counted as waiting; long: wait for it")

func longFaults() bool { return *faultsFlag == "long" }

// faultWorld is a clinic's world with a load on it, and the ledger to look into.
type faultWorld struct {
	*clinicWorld
	keys   *seal.Keys
	ledger *ledger.Ledger
	rdb    redis.UniversalClient

	mu       sync.Mutex
	next     int
	accepted map[int]string // person to id of the submission
	slowest  time.Duration  // answer
	gone     int            // messages that a flushed Redis knew of

	hung   map[int][]string   // person to the messages about an appointment that must go
	booked map[int]contact.ID // who has one
}

func newFaultWorld(t testing.TB) *faultWorld {
	t.Helper()
	w := &faultWorld{clinicWorld: newClinicWorld(t), accepted: map[int]string{}, hung: map[int][]string{}}
	w.env = append(w.env, "FOLLOWUP_GUARD=off")
	var keyset string
	for _, e := range w.env {
		if v, ok := strings.CutPrefix(e, "FOLLOWUP_KEYSET="); ok {
			keyset = v
		}
	}
	keys, err := seal.Parse(keyset)
	if err != nil {
		t.Fatal(err)
	}
	w.keys, w.rdb = keys, w.redis.Client()
	w.ledger = ledger.New(w.rdb, keys, time.Now)
	return w
}

// number is a number of person i alone, in the ranges kept for fiction: 01 to
// 99 behind 555-01 in each area.
func number(i int) string {
	areas := strings.Fields("303 720 719 970 212 415 617 206 312 713 214 404 305 602 702 503 801 505 402 515 " +
		"614 317 502 615 504 501 405 316 816 314 612 414 313 216 412 410 202 757 704 803")
	if i >= 99*len(areas) {
		panic("more people than numbers")
	}
	return fmt.Sprintf("+1%s55501%02d", areas[i/99], i%99+1)
}

// try posts the form of the next person. A post that is not answered, or not
// with a 202, is not accepted.
func (w *faultWorld) try(base string) {
	w.mu.Lock()
	i := w.next
	w.next++
	w.mu.Unlock()
	body, _ := json.Marshal(map[string]any{"email": person(i), "phone": number(i), "consent_sms": true, "message": fmt.Sprintf("canary %d", i)})
	client := http.Client{Timeout: 10 * time.Second}
	start := time.Now()
	r, err := client.Post(base+"/contact", "application/json", bytes.NewReader(body))
	if err != nil {
		return
	}
	defer r.Body.Close()
	var answer struct{ ID string }
	if text, err := io.ReadAll(r.Body); err != nil || r.StatusCode != http.StatusAccepted || json.Unmarshal(text, &answer) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.accepted[i] = answer.ID
	w.slowest = max(w.slowest, time.Since(start))
}

// post has n people write, four at a time.
func (w *faultWorld) post(base string, n int) {
	var all sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(n))
	for range 4 {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				w.try(base)
			}
		})
	}
	all.Wait()
}

// mostPeople leaves some numbers for those who write at the end.
const mostPeople = 3500

func (w *faultWorld) wrote() int { w.mu.Lock(); defer w.mu.Unlock(); return w.next }

// under keeps people writing while do runs, and some after it.
func (w *faultWorld) under(base func() string, do func()) {
	stop := make(chan struct{})
	var load sync.WaitGroup
	for range 2 {
		load.Go(func() {
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-stop:
					return
				case <-tick.C:
					if w.wrote() < mostPeople { // on a slow machine do takes its time
						w.try(base())
					}
				}
			}
		})
	}
	do()
	close(stop)
	load.Wait()
	w.post(base(), 5)
}

// tally is a row of the table.
type tally struct {
	accepted, expected, lost, twice, repeated, unknown, waiting, notSent, gone int

	untrue          int // the ledger says that it did not go, and the provider has it
	longest, answer time.Duration
}

// providers counts what each provider has, by our id of the message.
func (w *faultWorld) providers() map[string]int {
	has := map[string]int{}
	for _, m := range w.mail.Messages() {
		id, _, _ := strings.Cut(m.ID(), "@")
		has[id]++
	}
	for _, m := range w.twilio.Messages() {
		if u, err := url.Parse(m.StatusCallback); err == nil {
			has[u.Query().Get("m")]++
		}
	}
	return has
}

// people reads everybody in the ledger, by address.
func (w *faultWorld) people() (map[string]*ledger.Person, error) {
	people := map[string]*ledger.Person{}
	keys, err := w.scan("f:{*}")
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if strings.HasSuffix(key, ":log") {
			continue
		}
		id := contact.ID(strings.TrimSuffix(strings.TrimPrefix(key, "f:{"), "}"))
		p, err := w.ledger.Person(w.t.Context(), id)
		if errors.Is(err, ledger.ErrNone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		people[string(p.Submissions[len(p.Submissions)-1].Email)] = p
	}
	return people, nil
}

// scan lists the keys of that pattern, of every node.
func (w *faultWorld) scan(pattern string) (keys []string, err error) {
	var mu sync.Mutex
	one := func(ctx context.Context, c *redis.Client) error {
		found := c.Scan(ctx, 0, pattern, 1000).Iterator()
		for found.Next(ctx) {
			mu.Lock()
			keys = append(keys, found.Val())
			mu.Unlock()
		}
		return found.Err()
	}
	switch c := w.rdb.(type) {
	case *redis.ClusterClient:
		return keys, c.ForEachMaster(w.t.Context(), one)
	case *redis.Client:
		return keys, one(w.t.Context(), c)
	}
	return keys, err
}

// expected is what a submission leads to at once.
var expected = []string{"confirmation/email", "confirmation/sms", "staff-note/email"}

// count compares what was promised, what the ledger says and what the providers have.
func (w *faultWorld) count() (tally, error) {
	people, err := w.people()
	if err != nil {
		return tally{}, err
	}
	has := w.providers()
	w.mu.Lock()
	defer w.mu.Unlock()
	c := tally{accepted: len(w.accepted), expected: len(expected) * len(w.accepted), answer: w.slowest, gone: w.gone}
	judged := map[string]bool{}
	for i, submission := range w.accepted {
		planned := map[string]ledger.Planned{}
		if p := people[person(i)]; p != nil {
			for _, m := range p.Messages {
				planned[m.Entry.Template+"/"+string(m.Via)] = m
				judged[m.ID()] = true
			}
		}
		if len(planned) == 0 && w.rdb.Exists(w.t.Context(), "asynq:{intake}:t:"+submission).Val() == 1 {
			c.waiting += len(expected) // its task lies in Redis
			continue
		}
		hung := w.hung[i]
		for _, name := range slices.Concat(expected, hung) {
			c.add(planned[name], has)
		}
		c.expected += len(hung)
		for name, m := range planned {
			if _, hangs := m.Entry.Hangs(); hangs && !slices.Contains(hung, name) {
				c.twice += has[m.ID()] // of another set
			}
		}
	}
	for _, p := range people { // of those too whose post got no answer
		for _, m := range p.Messages {
			if !judged[m.ID()] {
				c.countTwice(m, has[m.ID()])
			}
		}
	}
	return c, nil
}

// countTwice counts what a provider has more than once: an email may have been
// repeated, once, because an answer was lost.
func (c *tally) countTwice(m ledger.Planned, n int) {
	switch {
	case m.Via == contact.ViaEmail && m.Row.Repeat && n == 2:
		c.repeated++
	case n > 1:
		c.twice++
	}
}

// add judges one message; the zero message is one that is nowhere.
func (c *tally) add(m ledger.Planned, has map[string]int) {
	n := has[m.ID()]
	c.countTwice(m, n)
	switch s := m.Row.State; {
	case s == "":
		c.lost++
	case s == ledger.Unknown:
		c.unknown++
	case s.Pending():
		c.waiting++
		if n > 0 && s != ledger.Sending && !m.Row.Repeat {
			c.twice++ // it is there and will be sent again
		}
	case s == ledger.NotSent || s == ledger.Cancelled || s == ledger.Undelivered:
		c.notSent++
		if n > 0 && s != ledger.Undelivered {
			c.untrue++
		}
	case n == 0:
		c.lost++ // it counts as sent, and nobody has it
	default:
		c.longest = max(c.longest, time.Duration(m.Row.At-max(m.Row.Planned, m.Submission.At.Unix()))*time.Second)
	}
}

// alarmed finds in a task of asynq for which message it rings.
var alarmed = regexp.MustCompile(`message:(email|sms).*?"contact":"([^"]+)","entry":"([^"]+)"`)

// unrung counts the messages that wait though nothing rings for them: only a
// sweeper would find them.
func (w *faultWorld) unrung() (n int, err error) {
	people, err := w.people()
	if err != nil {
		return 0, err
	}
	keys, err := w.scan("asynq:{*}:t:*")
	if err != nil {
		return 0, err
	}
	rung, atIntake := map[string]bool{}, map[string]bool{}
	for _, key := range keys {
		if id, ok := strings.CutPrefix(key, "asynq:{intake}:t:"); ok {
			atIntake[id] = true // it sets the alarms of its submission
		}
		if f := alarmed.FindStringSubmatch(w.rdb.HGet(w.t.Context(), key, "msg").Val()); f != nil {
			rung[f[2]+"."+f[3]+"."+f[1]] = true
		}
	}
	for _, p := range people {
		for _, m := range p.Alarmed() {
			if !rung[m.ID()] && !atIntake[m.Submission.ID] {
				n++
			}
		}
	}
	return n, nil
}

// settle waits until nothing waits any more; in the short form, and where
// something may go on waiting, until nothing has moved for a while.
func (w *faultWorld) settle(some bool) tally {
	w.t.Helper()
	calm := 20 // looks without a change
	longest := 60 * time.Second
	switch {
	case longFaults() && some:
		calm, longest = 800, 12*time.Minute
	case longFaults():
		calm, longest = 1<<30, 12*time.Minute
	}
	deadline := time.NewTimer(longest)
	defer deadline.Stop()
	var last tally
	for tick, same := time.NewTicker(250*time.Millisecond), 0; ; {
		now, err := w.count()
		if err == nil {
			if same++; now != last {
				same = 0
			}
			last = now
			if now.waiting+now.lost == 0 || same >= calm {
				return now
			}
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			return last
		}
	}
}

// table collects the rows.
type table struct {
	mu   sync.Mutex
	rows map[string]tally
}

func (t *table) add(name string, c tally) { t.mu.Lock(); t.rows[name] = c; t.mu.Unlock() }

func (t *table) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "fault\taccepted\texpected\tlost\tsent twice\trepeated (same Message-ID)\tunknown\twaiting\tnot sent\tgone with a flush\tlongest delay\tslowest answer")
	names := make([]string, 0, len(t.rows))
	for name := range t.rows {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		c := t.rows[name]
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", name, c.accepted, c.expected, c.lost, c.twice,
			c.repeated, c.unknown, c.waiting, c.notSent, c.gone, c.longest, c.answer.Round(time.Millisecond))
	}
	_ = w.Flush()
	return b.String()
}

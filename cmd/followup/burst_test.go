package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/internal/smtptest"
	"github.com/joydevie/followup/worker"
)

// relay counts what it takes, by our id of the message.
type relay struct {
	mu    sync.Mutex
	taken map[string]time.Time
	again int // messages that came a second time
	later []time.Time
}

var messageID = regexp.MustCompile(`(?im)^message-id: <([^@>]+)@`)

func (r *relay) take(m smtptest.Message) {
	now := time.Now()
	head, _, _ := bytes.Cut(m.Raw, []byte("\n\n"))
	found := messageID.FindSubmatch(head)
	r.mu.Lock()
	defer r.mu.Unlock()
	if found == nil {
		r.again++
		return
	}
	id := string(found[1])
	if _, twice := r.taken[id]; twice {
		r.again++
	}
	if strings.Contains(id, ".followup-1.") {
		r.later = append(r.later, now)
	}
	r.taken[id] = now
	if strings.Contains(id, ".confirmation.") {
		r.taken[m.To] = now
	}
}

func (r *relay) followUps() int { r.mu.Lock(); defer r.mu.Unlock(); return len(r.later) }

func (r *relay) got(to string) (time.Time, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.taken[to]
	return at, ok
}

// TestABurstOfFollowUpsKeepsThePaceAndNobodyElseWaits has thousands of follow-ups
// fall due in the same minute, a hundred thousand in the long form.
func TestABurstOfFollowUpsKeepsThePaceAndNobodyElseWaits(t *testing.T) {
	if !longFaults() {
		t.Parallel()
	}
	n, perSecond := times(800, 100_000), times(400, 1000)
	out := &relay{taken: map[string]time.Time{}}
	mail := smtptest.Start(t, smtptest.Options{NoTLS: true, Taken: out.take})
	w := newClinicWorld(t, "--appendfsync", "everysec")
	open, shut := zones(time.Now())
	window := "default"
	if open == "" { // no zone of the Earth is in its hours, as on a Sunday
		window, open = "always", "America/Denver"
	}
	keyset := seal.New()
	w.env = w.with("FOLLOWUP_SMTP_URL="+mail.URL, "FOLLOWUP_KEYSET="+keyset, "FOLLOWUP_GUARD=off", "FOLLOWUP_SEND_WINDOW="+window,
		fmt.Sprintf("FOLLOWUP_CLINIC=%s", clinicFile(t, fmt.Sprintf("pace: {email: {per_second: %d, per_day: 0}}", perSecond))))
	base := launch(t, w.env, "serve").port("public")
	workers := []*process{launch(t, w.env, "work"), launch(t, w.env, "work")}

	closed := 0
	if window == "default" {
		closed = n / 100
	}
	due := time.Now().Add(time.Duration(n/2000+2) * time.Second)
	plan(t, w.redis, keyset, n, due, func(i int) string {
		if i < closed {
			return shut
		}
		return open
	})
	planned := time.Now()
	if due.After(planned) {
		<-time.After(time.Until(due))
	}
	begun := time.Now()

	// New people write meanwhile.
	stop, took := make(chan struct{}), make(chan []time.Duration)
	go func() { took <- confirmations(t, base, out, stop) }()
	limit := time.NewTimer(time.Duration(times(60, 600)) * time.Second)
	defer limit.Stop()
	for tick := time.NewTicker(50 * time.Millisecond); out.followUps() < n-closed; {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("%d of %d follow-ups after %s", out.followUps(), n-closed, time.Since(begun))
		}
	}
	whole := time.Since(begun)
	close(stop)
	waited := <-took
	slices.Sort(waited)
	if len(waited) < times(1, 10) {
		t.Fatalf("only %d people wrote meanwhile", len(waited))
	}
	p99 := waited[len(waited)*99/100]
	busiest := busiestSeconds(out.later, 5)
	var peak int
	for _, p := range workers {
		peak = max(peak, peakMemory(t, p.cmd.Process.Pid))
	}
	t.Logf("%d follow-ups due at once, planned in %s; sent in %s, %.0f a second; busiest 5 s: %d a second of %d (four fifths for what is scheduled); "+
		"confirmations meanwhile: %d, p50 %s, p99 %s, longest %s; a worker's peak: %d MiB; window %s",
		n, planned.Sub(due.Add(-time.Duration(n/2000+2)*time.Second)).Round(time.Second), whole.Round(time.Second), float64(n-closed)/whole.Seconds(), busiest/5, perSecond,
		len(waited), waited[len(waited)/2].Round(time.Millisecond), p99.Round(time.Millisecond), waited[len(waited)-1].Round(time.Millisecond), peak>>20, window)
	if out.again > 0 || out.followUps() != n-closed {
		t.Errorf("%d sent twice; %d sent, of which none may go where the window is closed", out.again, out.followUps())
	}
	// Late ones catch up, yet the provider never gets more than its pace, and in
	// the sum the follow-ups have their four fifths.
	if busiest > 5*perSecond {
		t.Errorf("%d in five seconds, of %d at most", busiest, 5*perSecond)
	}
	if least := time.Duration(n-closed)*time.Second/time.Duration(perSecond*4/5) - time.Second; whole < least {
		t.Errorf("all went in %s, which the pace allows in %s", whole, least)
	}
	if peak > 256<<20 {
		t.Errorf("a worker took %d MiB", peak>>20)
	}
	if longFaults() && p99 > 2*time.Second { // the short form runs beside every other test
		t.Errorf("confirmations: p99 %s", p99)
	}
}

// zones gives one that is in its hours for an hour yet, "" when there is none,
// and one that is not.
func zones(now time.Time) (open, shut string) {
	for _, name := range []string{"America/Denver", "Europe/Berlin", "Asia/Tokyo", "Pacific/Auckland", "America/Anchorage", "Asia/Kolkata", "Pacific/Honolulu", "Asia/Dubai", "Atlantic/Azores"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			continue
		}
		is := func(at time.Time) bool {
			next, ok := hours.Default().Next(at, []*time.Location{zone})
			return ok && !next.After(at)
		}
		switch {
		case is(now) && is(now.Add(time.Hour)):
			open = name
		case !is(now) && !is(now.Add(time.Hour)):
			shut = name
		}
	}
	return open, shut
}

// plan writes n people into the ledger, each with a follow-up that is due at
// that moment, and its alarm.
func plan(t testing.TB, server *redistest.Server, keyset string, n int, due time.Time, zone func(int) string) {
	t.Helper()
	keys, err := seal.Parse(keyset)
	if err != nil {
		t.Fatal(err)
	}
	rdb, err := dial.Redis(server.URL, dial.Patient(worker.DefaultConcurrency.Sum()))
	if err != nil {
		t.Fatal(err)
	}
	defer rdb.Close()
	h := &house{keys: keys, clock: hours.NewClock(1, nil)}
	book, ring := h.ledger(rdb), h.alarm(rdb)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	spread(n, func(i int) {
		s := contact.Submission{
			ID: seal.NewID(), At: due.Add(-24 * time.Hour), Name: "Ann", Email: contact.Email(fmt.Sprintf("burst%d@example.com", i)),
			Message: contact.Private(message), Language: contact.English, Zone: zone(i - 1), Consent: contact.Consent{Email: true},
		}
		a, err := book.Admit(ctx, s, ledger.Once{Content: s.ID}, func(*ledger.Person) ledger.Plan {
			return ledger.Plan{Steps: []ledger.Step{{Template: ledger.FollowUp(1), Via: contact.ViaEmail, Due: due}}}
		})
		if err == nil {
			err = ring.Ring(ctx, &a.Steps[0])
		}
		if err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
}

// confirmations has ten people a second write until stop, and gives how long
// each waited for the confirmation after the form was answered.
func confirmations(t testing.TB, base string, out *relay, stop chan struct{}) []time.Duration {
	answered := map[string]time.Time{}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-stop:
			var took []time.Duration
			for to, at := range answered {
				eventually(t, "the confirmation to "+to, func() bool { _, ok := out.got(to); return ok })
				got, _ := out.got(to)
				took = append(took, max(0, got.Sub(at)))
			}
			return took
		case <-tick.C:
			if status, body := post(t, base, map[string]any{"email": person(i), "message": "canary " + strconv.Itoa(i)}); status != http.StatusAccepted {
				t.Errorf("post: %d %s", status, body)
				continue
			}
			answered[person(i)] = time.Now()
		}
	}
}

// busiestSeconds counts the most moments that lie within so many seconds.
func busiestSeconds(at []time.Time, seconds int) int {
	slices.SortFunc(at, time.Time.Compare)
	most, from := 0, 0
	for i := range at {
		for at[i].Sub(at[from]) >= time.Duration(seconds)*time.Second {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// peakMemory is the most that a process has held, in bytes.
func peakMemory(t testing.TB, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		t.Fatal("the machine does not tell a process's memory")
	}
	kib, _ := strconv.Atoi(string(found[1]))
	return kib << 10
}

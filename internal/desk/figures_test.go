package desk_test

import (
	"context"
	"flag"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
)

var people = flag.Int("people", 1500, "how many people TestTheDeskLooksQuickly makes; `make figures` takes 100,000 and times each look")

// trips counts how often Redis is asked.
type trips struct{ n atomic.Int64 }

func (h *trips) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (h *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { h.n.Add(1); return next(ctx, cmd) }
}

func (h *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { h.n.Add(1); return next(ctx, cmds) }
}

// town fills the ledger with people of 300 first and 2,000 last names, three
// messages planned for each over the next month, as the sweeper leaves them.
func (w *world) town(t testing.TB, n int) {
	t.Helper()
	ctx := context.Background()
	var all sync.WaitGroup
	var next atomic.Int64
	for range 16 {
		all.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				at := w.now.Add(-time.Duration(i%2000) * time.Minute)
				if i%50 == 2 { // to be called
					at = at.Add(-100 * time.Hour)
				}
				s := contact.Submission{
					ID: strconv.Itoa(i), At: at, Name: contact.Private(fmt.Sprintf("First%d Last%d", i%300, i%2003)), Language: contact.English,
					Email: contact.Email(fmt.Sprintf("%d@example.com", i)), Phone: contact.Phone(fmt.Sprintf("+1303%07d", 2000000+i)),
					Message: "canary words of some length, as people write them to a clinic", Zone: "America/Denver", Page: "/blog/one",
					Consent: contact.Consent{Email: true, SMS: true, UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", IP: "192.0.2.1"},
				}
				first := w.now.Add(time.Duration(i%30*24) * time.Hour).Add(time.Duration(i%600) * time.Minute)
				a, err := w.Ledger.Admit(ctx, s, ledger.Once{}, func(*ledger.Person) ledger.Plan {
					p := ledger.Plan{Unread: i%50 == 0}
					for k, template := range []string{"followup-1", "followup-2", "followup-3"} {
						p.Steps = append(p.Steps, ledger.Step{Template: template, Via: contact.ViaEmail, Due: first.Add(time.Duration(k*48) * time.Hour)})
					}
					return p
				})
				switch {
				case err != nil:
				case i%50 == 1:
					_, _, err = w.Ledger.Replied(ctx, a.Contact, ledger.Reply{SID: strconv.Itoa(i), Text: "canary", At: at})
				case i%50 == 2:
					err = w.Ledger.Put(ctx, ledger.TrayCall, ledger.Slip{Contact: a.Contact, N: 1, Since: at})
				case i%50 == 3:
					m := a.Steps[0]
					row := m.Row
					row.State, row.Why, row.At = ledger.NotSent, gate.ReasonRefused, at.Unix()
					err = w.Ledger.Settle(ctx, &m, row)
				}
				if err == nil {
					err = w.redis.ZAdd(ctx, "f:due", redis.Z{Score: float64(first.Unix()), Member: string(a.Contact)}).Err()
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// A look may take 100 ms, and none may keep Redis from others for more than
// 10 ms, with 100,000 people and 300,000 planned messages. Machines differ, so
// at first glance what is held is how often Redis is asked.
func TestTheDeskLooksQuickly(t *testing.T) {
	t.Parallel()
	rdb := redistest.Start(t, "--appendfsync", "no", "--slowlog-log-slower-than", "10000", "--slowlog-max-len", "100").Client()
	w := setupOn(t, rdb)
	w.town(t, *people)
	ctx := t.Context()
	id, err := w.Ledger.Find(ctx, contact.ViaEmail, "7@example.com")
	if err != nil {
		t.Fatal(err)
	}
	p := w.person(t, id)
	whom := func(text string) func() error {
		return func() error { _, _, err := w.Find(ctx, text, 20); return err }
	}
	looks := []struct {
		name string
		asks int64 // of Redis, at most
		look func() error
	}{
		{"find by a first name", 8, whom("first7")},
		{"find by two names", 12, whom("First7 Last7")},
		{"find by a name that nobody has", 8, whom("nobody")},
		{"find by number", 2, whom("(303) 200-0007")},
		{"find by address", 2, whom("7@example.com")},
		{"find by item", 8, whom(w.Links.Item(id, 1))},
		{"show one", 6, func() error { _, err := w.Show(ctx, p, 1); return err }},
		{"why, of one", 2, func() error { q, _, err := w.One(ctx, "7@example.com"); w.Why(q, 0); return err }},
		{"inbox", 60, func() error { _, err := w.Inbox(ctx, 20); return err }},
		{"upcoming today", 3, func() error { _, err := w.Upcoming(ctx, w.now.Add(13*time.Hour), 50); return err }},
		{"upcoming this week", 3, func() error { _, err := w.Upcoming(ctx, w.now.Add(7*24*time.Hour), 50); return err }},
		{"messages failed", 4, func() error { _, _, err := w.Failed(ctx, 50); return err }},
	}
	var count trips
	rdb.AddHook(&count)
	for _, l := range looks { // what is stale is taken out by whoever looks first
		if err := l.look(); err != nil {
			t.Fatal(err)
		}
	}
	if err := rdb.Do(ctx, "SLOWLOG", "RESET").Err(); err != nil {
		t.Fatal(err)
	}
	for _, l := range looks {
		before := count.n.Load()
		var took []time.Duration
		for range 5 {
			start := time.Now()
			if err := l.look(); err != nil {
				t.Errorf("%s: %v", l.name, err)
			}
			took = append(took, time.Since(start))
		}
		asked := (count.n.Load() - before) / 5
		slices.Sort(took)
		t.Logf("%-32s %6.1f ms, at most %6.1f ms, asks Redis %d times", l.name,
			float64(took[2].Microseconds())/1000, float64(took[4].Microseconds())/1000, asked)
		if asked > l.asks {
			t.Errorf("%s asks Redis %d times, at most %d", l.name, asked, l.asks)
		}
	}
	var index int64
	for _, c := range "abcdefghijklmnopqrstuvwxyz234567" {
		index += rdb.MemoryUsage(ctx, "f:word:"+string(c), 0).Val()
	}
	t.Logf("the index of names and items takes %d bytes a person", index/int64(*people))
	slow, err := rdb.SlowLogGet(ctx, 10).Result()
	if err != nil || len(slow) > 0 {
		t.Errorf("kept Redis for more than 10 ms: %v, %v", slow, err)
	}
}

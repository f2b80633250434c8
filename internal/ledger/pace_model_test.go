package ledger

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/joydevie/followup/internal/redistest"
)

// asking is a message that asks for a slot until it goes.
type asking struct {
	since            int
	urgent, reserved bool
}

// Some hundred seconds of a provider's pace, with the script as it is but for the
// clock: every slot rings late by what the machine happens to do, the same for
// minutes or different each time.
func TestNoPaceIsExceededAndNobodyStarvesHoweverLateSlotsRing(t *testing.T) {
	t.Parallel()
	rdb := redistest.Start(t, "--appendonly", "no").Client()
	script := redis.NewScript(strings.Replace(paceScript, "redis.call('TIME')[1]", "ARGV[6]", 1))
	rapid.Check(t, func(t *rapid.T) {
		rdb.FlushAll(t.Context())
		n := rapid.IntRange(1, 10).Draw(t, "a second")
		backlog := rapid.IntRange(0, 40).Draw(t, "seconds of scheduled messages") * n
		late := map[bool][]int{}
		for _, class := range []bool{false, true} {
			late[class] = rapid.SliceOfN(rapid.IntRange(0, 3), 1, 4).Draw(t, "late")
		}
		share := 10 * ((n + 4) / 5) // in ten seconds
		if n == 1 {
			share = 5
		}
		urgent := rapid.IntRange(0, share*8/10).Draw(t, "urgent ones in ten seconds")
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "chance"), 0))
		asks := map[int][]asking{0: nil}
		for range backlog {
			asks[0] = append(asks[0], asking{})
		}
		left := backlog
		const day, urgentUntil = 86400, 300
		for range urgentUntil / 10 * urgent {
			s := chance.IntN(urgentUntil)
			asks[s] = append(asks[s], asking{since: s, urgent: true})
			left++
		}
		longest := map[bool]int{}
		for s, asked := 0, 0; left > 0; s++ {
			if s > 1000 {
				t.Fatalf("%d of %d have not gone after %d seconds", left, backlog, s)
			}
			went := 0
			chance.Shuffle(len(asks[s]), func(i, k int) { asks[s][i], asks[s][k] = asks[s][k], asks[s][i] })
			for _, m := range asks[s] {
				got, err := script.Run(t.Context(), rdb, []string{"f:pace:email"}, n, 0, m.urgent, m.reserved, day, 1000+s).Int64Slice()
				if err != nil {
					t.Fatal(err)
				}
				asked++
				if got[0] == 0 {
					went++
					left--
					longest[m.urgent] = max(longest[m.urgent], s-m.since)
					continue
				}
				lates := late[m.urgent]
				at := s + int(got[0]) + lates[asked%len(lates)]
				m.reserved = true
				asks[at] = append(asks[at], m)
			}
			delete(asks, s)
			if went > n {
				t.Fatalf("second %d has %d of %d", s, went, n)
			}
		}
		if n == 1 {
			return // who asks in the other's second may lose time, but goes
		}
		if longest[true] > 30 {
			t.Fatalf("an urgent one waited %d s", longest[true])
		}
		if most := 100 + 4*backlog/n; longest[false] > most {
			t.Fatalf("a scheduled one waited %d s, and all of them need %d", longest[false], backlog/n)
		}
	})
}

// What is scheduled keeps its share of a second though an urgent one asks first,
// and an urgent one its turn though late ones of the scheduled ask first.
func TestWhoAsksFirstInASecondTakesNothingOfTheOthersShare(t *testing.T) {
	t.Parallel()
	rdb := redistest.Start(t, "--appendonly", "no").Client()
	script := redis.NewScript(strings.Replace(paceScript, "redis.call('TIME')[1]", "ARGV[6]", 1))
	ask := func(n, second int, m asking) int64 {
		t.Helper()
		got, err := script.Run(t.Context(), rdb, []string{"f:pace:email"}, n, 0, m.urgent, m.reserved, 86400, second).Int64Slice()
		if err != nil {
			t.Fatal(err)
		}
		return got[0]
	}
	for n := 2; n <= 10; n++ {
		rdb.FlushAll(t.Context())
		share := (n + 4) / 5
		for range share {
			ask(n, 1000, asking{urgent: true})
		}
		for i := range n - share {
			if w := ask(n, 1000, asking{reserved: true}); w != 0 {
				t.Errorf("rate %d: %d scheduled ones of %d went, and the next waits %d s", n, i, n-share, w)
				break
			}
		}
	}
	rdb.FlushAll(t.Context())
	ask(1, 1000, asking{}) // planned for 1001
	for i, want := range []int64{0, 2} {
		if w := ask(1, 1000, asking{urgent: true}); w != want {
			t.Fatalf("urgent one %d waits %d s", i, w)
		}
	}
	if w := ask(1, 1002, asking{reserved: true}); w == 0 {
		t.Error("one that is late takes the only place of one that is urgent")
	}
	if w := ask(1, 1002, asking{urgent: true, reserved: true}); w != 0 {
		t.Errorf("the urgent one waits %d s more", w)
	}
}

package ledger_test

import (
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
)

// paced is a ledger by the real clock: slots are seconds of Redis.
type paced struct {
	*ledger.Ledger
	redis *redistest.Server
	rate  ledger.Rate
}

func newPaced(t *testing.T) *paced {
	t.Helper()
	server := redistest.Start(t, "--appendonly", "no")
	rdb, err := dial.Redis(server.URL, dial.Bounded())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rdb.Close() })
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	return &paced{ledger.New(rdb, keys, time.Now), server, ledger.Rate{}}
}

func (p *paced) ask(t *testing.T, turn ledger.Turn) ledger.Slot {
	t.Helper()
	turn.Midnight = time.Now().Add(time.Hour)
	slot, err := p.Pace(t.Context(), contact.ViaEmail, p.rate, turn)
	if err != nil {
		t.Fatal(err)
	}
	return slot
}

// inOneSecond repeats do, each time without a memory, until the clock of Redis
// was the same before and after it: then waits compare.
func (p *paced) inOneSecond(t *testing.T, do func()) {
	t.Helper()
	rdb := p.redis.Client()
	for {
		rdb.FlushAll(t.Context())
		before := rdb.Time(t.Context()).Val().Unix()
		do()
		if rdb.Time(t.Context()).Val().Unix() == before {
			return
		}
	}
}

func TestNoSecondGetsMoreThanThePaceAndTheUrgentKeepTheirShare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rate, scheduled, share int }{{10, 8, 2}, {2, 1, 1}, {1, 1, 1}, {7, 5, 2}} {
		p := newPaced(t)
		p.rate.PerSecond = c.rate
		var all, later map[time.Duration]int
		var urgent []time.Duration
		p.inOneSecond(t, func() {
			all, later, urgent = map[time.Duration]int{}, map[time.Duration]int{}, nil
			for i := range 120 {
				w := p.ask(t, ledger.Turn{}).Wait
				all[w]++
				later[w]++
				if i >= 60 && i < 60+3*c.share { // while the scheduled reach far ahead
					w := p.ask(t, ledger.Turn{Urgent: true}).Wait
					all[w]++
					urgent = append(urgent, w)
				}
			}
		})
		for second, n := range all {
			if n > c.rate || later[second] > c.scheduled {
				t.Errorf("rate %d: second %s has %d, of them %d scheduled", c.rate, second, n, later[second])
			}
		}
		last := time.Duration(120/c.scheduled+1) * time.Second
		if c.rate == 1 {
			last *= 2 // every other second is kept free
		}
		for second := range later {
			if second > last {
				t.Errorf("rate %d: scheduled as far as %s ahead, which leaves seconds unused", c.rate, second)
			}
		}
		for i, w := range urgent {
			if most := time.Duration(i/c.share+1) * time.Second; c.rate > 1 && w > most || w > 2*most {
				t.Errorf("rate %d: urgent message %d waits %s", c.rate, i, w)
			}
		}
	}
}

func TestWhatIsScheduledGoesBehindEverythingUrgent(t *testing.T) {
	t.Parallel()
	p := newPaced(t)
	p.rate.PerSecond = 10
	all := map[time.Duration]int{}
	p.inOneSecond(t, func() {
		clear(all)
		for i := range 35 {
			w := p.ask(t, ledger.Turn{Urgent: true}).Wait
			all[w]++
			if want := time.Duration(i/10) * time.Second; w != want {
				t.Errorf("with nothing scheduled, urgent message %d waits %s", i, w)
			}
		}
		for range 5 {
			w := p.ask(t, ledger.Turn{}).Wait
			all[w]++
			if w != 3*time.Second {
				t.Errorf("the scheduled goes after %s", w)
			}
		}
		if w := p.ask(t, ledger.Turn{}).Wait; w != 4*time.Second {
			t.Errorf("into a second that is full, %s ahead", w)
		}
	})
}

func TestAReservedSlotIsUsedWhenItRings(t *testing.T) {
	t.Parallel()
	p := newPaced(t)
	p.rate.PerSecond = 5
	p.inOneSecond(t, func() {
		for range 40 {
			p.ask(t, ledger.Turn{})
		}
		for i := range 10 {
			if w := p.ask(t, ledger.Turn{Reserved: time.Now()}).Wait; w != 0 {
				t.Errorf("slot %d was not used but moved %s ahead", i, w)
			}
		}
	})
	// After an outage they do not all go at once, and yet none waits for the end of the queue.
	went := 0
	p.inOneSecond(t, func() {
		went = 0
		for range 40 {
			p.ask(t, ledger.Turn{})
		}
		for range 20 {
			if p.ask(t, ledger.Turn{Reserved: time.Now().Add(-time.Minute)}).Wait == 0 {
				went++
			}
		}
	})
	if went > 4 {
		t.Errorf("%d old slots were used in a second of five", went)
	}
	for range 200 { // far ahead
		p.ask(t, ledger.Turn{})
	}
	rdb := p.redis.Client()
	for full := rdb.Time(t.Context()).Val().Unix(); rdb.Time(t.Context()).Val().Unix() == full; {
	}
	if w := p.ask(t, ledger.Turn{Reserved: time.Now().Add(-time.Minute)}).Wait; w != 0 {
		t.Errorf("an old slot waits %s though the second is free", w)
	}
}

func TestTheDaysCeilingHoldsWithAShareForTheUrgent(t *testing.T) {
	t.Parallel()
	p := newPaced(t)
	p.rate = ledger.Rate{PerDay: 10}
	var went [2]int
	for range 30 {
		for lane := range went {
			if slot := p.ask(t, ledger.Turn{Urgent: lane == 1}); slot.Wait == 0 {
				went[lane]++
			} else if !slot.Daily || slot.Wait < 59*time.Minute || slot.Wait > time.Hour {
				t.Fatalf("%+v", slot)
			}
		}
	}
	if went[0]+went[1] != 10 || went[1] < 2 {
		t.Errorf("went: %d scheduled, %d urgent", went[0], went[1])
	}
	if slot := p.ask(t, ledger.Turn{Reserved: time.Now()}); !slot.Daily {
		t.Error("a reserved slot breaks the day's ceiling")
	}
}

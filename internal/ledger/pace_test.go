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
	var urgent, scheduled []time.Duration
	p.inOneSecond(t, func() {
		urgent, scheduled = nil, nil
		for range 35 {
			urgent = append(urgent, p.ask(t, ledger.Turn{Urgent: true}).Wait)
		}
		for range 6 {
			scheduled = append(scheduled, p.ask(t, ledger.Turn{}).Wait)
		}
	})
	for i, w := range urgent {
		if want := time.Duration(i/10) * time.Second; w != want {
			t.Errorf("with nothing scheduled, urgent message %d waits %s", i, w)
		}
	}
	for i, w := range scheduled { // the fourth second holds five urgent ones
		if want := time.Duration(3+i/5) * time.Second; w != want {
			t.Errorf("scheduled message %d waits %s", i, w)
		}
	}
}

func TestAReservedSlotIsUsedWhileItsSecondHasRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rate, scheduled, all int }{{10, 9, 10}, {100, 90, 100}, {5, 4, 5}, {2, 1, 2}, {1, 1, 1}} {
		p := newPaced(t)
		p.rate.PerSecond = c.rate
		var went, urgent int
		var next, fresh, freshUrgent time.Duration
		p.inOneSecond(t, func() {
			went, urgent, next = 0, 0, time.Hour
			for range 3 * c.rate { // they ring all at once, as after an outage
				if w := p.ask(t, ledger.Turn{Reserved: true}).Wait; w == 0 {
					went++
				} else {
					next = min(next, w)
				}
			}
			for range 2 * c.rate { // of those that are urgent, the second takes what is left of it
				if p.ask(t, ledger.Turn{Reserved: true, Urgent: true}).Wait == 0 {
					urgent++
				}
			}
			fresh, freshUrgent = p.ask(t, ledger.Turn{}).Wait, p.ask(t, ledger.Turn{Urgent: true}).Wait
		})
		if went != c.scheduled || went+urgent != c.all {
			t.Errorf("rate %d: %d slots were used in one second, and %d urgent ones", c.rate, went, urgent)
		}
		if fresh == 0 || freshUrgent == 0 {
			t.Errorf("rate %d: in a second that is full, a new message waits %s, an urgent one %s", c.rate, fresh, freshUrgent)
		}
		if next > 2*time.Second {
			t.Errorf("rate %d: the next one waits %s", c.rate, next)
		}
	}
}

func TestAnOldSlotIsUsedThoughTheQueueReachesFarAhead(t *testing.T) {
	t.Parallel()
	p := newPaced(t)
	p.rate.PerSecond = 5
	for range 200 {
		p.ask(t, ledger.Turn{})
	}
	rdb := p.redis.Client()
	for full := rdb.Time(t.Context()).Val().Unix(); rdb.Time(t.Context()).Val().Unix() == full; {
	}
	if w := p.ask(t, ledger.Turn{Reserved: true}).Wait; w != 0 {
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
	if slot := p.ask(t, ledger.Turn{Reserved: true}); !slot.Daily {
		t.Error("a reserved slot breaks the day's ceiling")
	}
}

package desk_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/alarm"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/list"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/tasks"
	"github.com/joydevie/followup/templates"
)

// A list of 10,000 is read and checked within 5 s and planned within 20 s in a
// ledger of 100,000 people, and none of it may keep Redis from others for more
// than 10 ms: on a machine that does nothing else. At first glance what is held
// is how often Redis is asked for each row.
func TestALargeListIsCheckedAndPlannedQuickly(t *testing.T) {
	t.Parallel()
	rdb := redistest.Start(t, "--appendfsync", "everysec", "--slowlog-log-slower-than", "10000", "--slowlog-max-len", "100").Client()
	w := setupOn(t, rdb)
	w.town(t, *people)
	words, err := templates.Load()
	if err != nil {
		t.Fatal(err)
	}
	clock := hours.NewClock(1, func() time.Time { return w.now })
	d := &desk.Desk{
		Ledger: w.Ledger, Alarm: alarm.Clock{Tasks: tasks.NewClient(rdb, w.Links.Keys), Plan: clock}, Log: slog.New(slog.DiscardHandler), Words: words,
		Windows: hours.Always(), Zone: w.Zone, Texts: true, Wait: time.Minute, ListWait: 10 * time.Minute,
	}
	n := min(10_000, *people/10)
	var file strings.Builder
	file.WriteString("Name;Mobile;E-Mail\r\n")
	for i := range n {
		who := 1 + i*(*people/n)
		if i%10 == 9 { // nobody
			fmt.Fprintf(&file, "Nobody;;nobody%d@example.com\r\n", i)
			continue
		}
		fmt.Fprintf(&file, "First Last;(303) %03d-%04d;%d@example.com\r\n", (2000000+who)/10000, (2000000+who)%10000, who)
	}
	if err := rdb.Do(t.Context(), "SLOWLOG", "RESET").Err(); err != nil {
		t.Fatal(err)
	}
	var count trips
	rdb.AddHook(&count)
	timed := func(what string, bound time.Duration, asks float64, do func()) {
		before, start := count.n.Load(), time.Now()
		do()
		took, asked := time.Since(start), float64(count.n.Load()-before)/float64(n)
		t.Logf("%-26s %6.2f s for %d rows among %d people, asks Redis %.2f times a row", what, took.Seconds(), n, *people, asked)
		if asked > asks {
			t.Errorf("%s: Redis is asked %.2f times a row, at most %.2f", what, asked, asks)
		}
		if *people >= 100_000 && took > bound {
			t.Errorf("%s took %s, at most %s", what, took, bound)
		}
	}
	var roll *desk.Roll
	timed("read and checked", 5*time.Second, 0.1, func() {
		l, err := list.Read(strings.NewReader(file.String()))
		if err == nil {
			roll, err = d.CheckList(t.Context(), l, desk.ListAsk{Template: "reminder"})
		}
		if err != nil || len(roll.Go) != n-n/10 || len(roll.Left) != n/10 {
			t.Fatalf("%d go, %v", len(roll.Go), err)
		}
	})
	var id string
	timed("planned, alarms set", 20*time.Second, 6, func() {
		b, err := d.SendList(t.Context(), roll, desk.By{Name: "bea"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		id = b.ID
	})
	timed("shown", 5*time.Second, 0.1, func() {
		if card, err := w.Batch(t.Context(), id); err != nil || card.Rows != n-n/10 || card.Tally.Waiting != card.Rows {
			t.Errorf("%d rows, %+v, %v", card.Rows, card.Tally, err)
		}
	})
	timed("all batches", 100*time.Millisecond, 1, func() {
		if cards, total, err := w.Batches(t.Context(), 20); err != nil || total != 1 || cards[0].Stage != "waiting" {
			t.Errorf("%d, %v", total, err)
		}
	})
	timed("aborted", 20*time.Second, 3, func() {
		if tally, err := d.Abort(t.Context(), id, desk.By{Name: "bea"}); err != nil || tally.Stopped != n-n/10 || tally.Open != 0 {
			t.Errorf("%+v, %v", tally, err)
		}
	})
	slow, err := rdb.SlowLogGet(t.Context(), 3).Result()
	if err != nil {
		t.Fatal(err)
	}
	if len(slow) > 0 && *people >= 100_000 { // on a busy machine, at first glance, the smallest command takes that long
		t.Errorf("kept Redis for more than 10 ms: %v", slow)
	}
}

package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
)

// Swept is what a run of the sweeper found: messages that were due some minutes
// ago and have not ended. Its time is real time.
type Swept struct {
	At     time.Time `json:"at"`               // when the run ended
	Lost   int       `json:"lost,omitempty"`   // their alarm was lost; they were rung for
	Again  int       `json:"again,omitempty"`  // they had been rung for before
	Behind int       `json:"behind,omitempty"` // their queue is behind; they wait their turn
}

// NoteSwept keeps what the last run found, for whoever watches.
func (l *Ledger) NoteSwept(ctx context.Context, s Swept) error {
	b, _ := json.Marshal(s) // numbers and a time: cannot fail
	if err := l.redis.Set(ctx, keySwept, b, 0).Err(); err != nil {
		return fmt.Errorf("note the sweep: %w", err)
	}
	return nil
}

// Canary is what is known of the submissions of our own, in real time. A zero
// time says that there was none.
type Canary struct {
	Sent, Done time.Time
	Took       time.Duration // of the last that came through
}

// Watched is what those who watch want to know of the ledger, whichever process
// they ask.
type Watched struct {
	Swept  Swept
	Canary Canary
	Live   bool // the service was let out of its trial
	Paused map[contact.Via]bool
}

// Watch reads it in one round trip.
func (l *Ledger) Watch(ctx context.Context) (Watched, error) {
	var swept *redis.StringCmd
	var canary *redis.SliceCmd
	var live *redis.IntCmd
	pauses := map[contact.Via]*redis.IntCmd{}
	_, err := l.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, v := range []contact.Via{contact.ViaEmail, contact.ViaSMS} {
			pauses[v] = pipe.Exists(ctx, pauseKey(v))
		}
		live = pipe.Exists(ctx, keyLive)
		canary = pipe.HMGet(ctx, keyCanary, "sent", "done", "took")
		swept = pipe.Get(ctx, keySwept) // last: that it is not there must hide no error
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return Watched{}, fmt.Errorf("watch: %w", err)
	}
	w := Watched{Live: live.Val() > 0, Paused: map[contact.Via]bool{}}
	for v, is := range pauses {
		w.Paused[v] = is.Val() > 0
	}
	if text := swept.Val(); text != "" {
		if err := json.Unmarshal([]byte(text), &w.Swept); err != nil {
			return Watched{}, fmt.Errorf("watch: %w", err)
		}
	}
	ms := func(i int) int64 {
		text, _ := canary.Val()[i].(string)
		n, _ := strconv.ParseInt(text, 10, 64)
		return n
	}
	at := func(i int) (t time.Time) {
		if n := ms(i); n > 0 {
			t = time.UnixMilli(n)
		}
		return t
	}
	w.Canary = Canary{Sent: at(0), Done: at(1), Took: time.Duration(ms(2)) * time.Millisecond}
	return w, nil
}

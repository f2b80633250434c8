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
	Paced  map[contact.Via]Paced
}

// NoteCanarySent notes that a submission of our own was handed to the form.
func (l *Ledger) NoteCanarySent(ctx context.Context, at time.Time) error {
	if err := l.redis.HSet(ctx, keyCanary, "sent", at.UnixMilli()).Err(); err != nil {
		return fmt.Errorf("note the canary: %w", err)
	}
	return nil
}

// NoteCanaryDone notes that the one of that time came through.
func (l *Ledger) NoteCanaryDone(ctx context.Context, sent, done time.Time) error {
	if err := l.redis.HSet(ctx, keyCanary, "done", done.UnixMilli(), "took", done.Sub(sent).Milliseconds()).Err(); err != nil {
		return fmt.Errorf("note the canary: %w", err)
	}
	return nil
}

// Paced is how far a channel's pace is used up.
type Paced struct {
	Ahead time.Duration // until the last second that a message was given
	Today int           // messages that went today
}

// Watch reads it in one round trip.
func (l *Ledger) Watch(ctx context.Context) (Watched, error) {
	var swept *redis.StringCmd
	var canary *redis.SliceCmd
	var live *redis.IntCmd
	pauses, paces := map[contact.Via]*redis.IntCmd{}, map[contact.Via]*redis.SliceCmd{}
	_, err := l.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, v := range []contact.Via{contact.ViaEmail, contact.ViaSMS} {
			pauses[v] = pipe.Exists(ctx, pauseKey(v))
			paces[v] = pipe.HMGet(ctx, paceKey(v), "u", "s", "d", "dn")
		}
		live = pipe.Exists(ctx, keyLive)
		canary = pipe.HMGet(ctx, keyCanary, "sent", "done", "took")
		swept = pipe.Get(ctx, keySwept) // last: that it is not there must hide no error
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return Watched{}, fmt.Errorf("watch: %w", err)
	}
	w := Watched{Live: live.Val() > 0, Paused: map[contact.Via]bool{}, Paced: map[contact.Via]Paced{}}
	now := time.Now().Unix()
	for v, c := range paces {
		f := numbers(c)
		p := Paced{Ahead: time.Duration(max(0, max(f[0], f[1])-now)) * time.Second}
		if now < f[2] { // else what is counted there is yesterday's
			p.Today = int(f[3])
		}
		w.Paced[v] = p
	}
	for v, is := range pauses {
		w.Paused[v] = is.Val() > 0
	}
	if text := swept.Val(); text != "" {
		if err := json.Unmarshal([]byte(text), &w.Swept); err != nil {
			return Watched{}, fmt.Errorf("watch: %w", err)
		}
	}
	f := numbers(canary)
	w.Canary = Canary{Sent: millis(f[0]), Done: millis(f[1]), Took: time.Duration(f[2]) * time.Millisecond}
	return w, nil
}

// numbers reads fields of a hash; what is not there is 0.
func numbers(c *redis.SliceCmd) []int64 {
	values := make([]int64, len(c.Val()))
	for i, v := range c.Val() {
		text, _ := v.(string)
		values[i], _ = strconv.ParseInt(text, 10, 64)
	}
	return values
}

// millis gives a time, 0 the zero time.
func millis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

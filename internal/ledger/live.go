package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
)

// Live says when, in real time, and by whom the service was let out of its
// trial. The zero value is a service on trial.
type Live struct {
	At int64  `json:"at"` // seconds since 1970
	By string `json:"by"`
}

// byUpgrade stands where an installation was at work before there were trials.
const byUpgrade = "upgrade"

// Live tells whether the service was let out of its trial; the zero Live with
// a nil error says that it was not.
func (l *Ledger) Live(ctx context.Context) (Live, error) {
	text, err := l.redis.Get(ctx, keyLive).Result()
	if errors.Is(err, redis.Nil) {
		return Live{}, nil
	}
	var live Live
	if err == nil {
		err = json.Unmarshal([]byte(text), &live)
	}
	if err != nil {
		return Live{}, fmt.Errorf("ask whether the service is live: %w", err)
	}
	return live, nil
}

// GoLive ends the trial, for every worker and from its next message on. It
// gives who ended it first: twice is once.
func (l *Ledger) GoLive(ctx context.Context, by string) (Live, error) {
	mine, _ := json.Marshal(Live{time.Now().Unix(), by}) // cannot fail
	if _, err := l.first(ctx, keyLive, string(mine), 0); err != nil {
		return Live{}, fmt.Errorf("go live: %w", err)
	}
	return l.Live(ctx)
}

// Awaited calls look for each person for whom something is planned, in no
// order and now and then twice, until it returns an error. Who comes while it
// runs may be left out.
func (l *Ledger) Awaited(ctx context.Context, look func(contact.ID) error) error {
	people := l.redis.ZScan(ctx, keyDue, 0, "", 100).Iterator()
	for people.Next(ctx) {
		id := contact.ID(people.Val())
		if !people.Next(ctx) { // its score
			break
		}
		if err := look(id); err != nil {
			return err
		}
	}
	if err := people.Err(); err != nil {
		return fmt.Errorf("list who is awaited: %w", err)
	}
	return nil
}

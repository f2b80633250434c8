package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Limit bounds how many count under one name in a sliding time.
type Limit struct {
	Of     string // what is counted, such as "block"
	Whose  string // by whom: hashed under the key; "" counts all together
	Member string // what counts once, however often it comes
	Most   int
	In     time.Duration
	Now    time.Time // by the clock that the limit goes by
}

// within counts under every limit, or, where one is reached, under none, and
// gives its place, from 1. What was counted before counts once.
var within = redis.NewScript(`
for i, key in ipairs(KEYS) do
  local a = 4 * i - 3
  local since = tonumber(ARGV[a + 1]) - tonumber(ARGV[a + 2])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', since))
  if not redis.call('ZSCORE', key, ARGV[a]) and redis.call('ZCARD', key) >= tonumber(ARGV[a + 3]) then return i end
end
for i, key in ipairs(KEYS) do
  local a = 4 * i - 3
  redis.call('ZADD', key, 'NX', ARGV[a + 1], ARGV[a])
  redis.call('PEXPIRE', key, ARGV[a + 2])
end
return 0`)

// Within counts once under each limit, in one step, unless one of them is
// reached: then under none, and it gives the place of the first that is, from
// 0. It is -1 when there was room under all. No set grows beyond its limit, so a
// flood costs no more memory than what is let through.
func (l *Ledger) Within(ctx context.Context, limits ...Limit) (reached int, err error) {
	var keys []string
	var args []any
	for _, limit := range limits {
		keys = append(keys, limitKey(limit.Of+":"+l.whose(limit)))
		args = append(args, limit.Member, limit.Now.UnixMilli(), limit.In.Milliseconds(), limit.Most)
	}
	got, err := within.Run(ctx, l.redis, keys, args...).Int()
	if err != nil {
		return -1, fmt.Errorf("count under limits: %w", err)
	}
	return got - 1, nil
}

func (l *Ledger) whose(limit Limit) string {
	if limit.Whose == "" {
		return ""
	}
	return l.keys.Hash("limit "+limit.Of, limit.Whose)
}

// Trip takes what a name stands for out of service for a time, which is real
// time, and reports whether it was this caller, who may ask again.
func (l *Ledger) Trip(ctx context.Context, name, by string, pause time.Duration) (mine bool, err error) {
	first, err := l.first(ctx, limitKey(name), by, pause)
	if err != nil {
		return false, fmt.Errorf("trip %s: %w", name, err)
	}
	return first == by, nil
}

// Tripped gives who took it out of service; "" when it is in service.
func (l *Ledger) Tripped(ctx context.Context, name string) (by string, err error) {
	by, err = optional(l.redis.Get(ctx, limitKey(name)))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return by, nil
}

// gatheredFor is how long a gathering may be asked how much it holds.
const gatheredFor = 24 * time.Hour

// Gather counts one more in the gathering that is open, which is named after
// the one that began it. The one that opens it is told so.
func (l *Ledger) Gather(ctx context.Context, member string, open time.Duration) (mine bool, err error) {
	by, err := l.first(ctx, limitKey("gather"), member, open)
	if err == nil {
		_, err = l.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.SAdd(ctx, limitKey("gathered:"+by), member)
			p.Expire(ctx, limitKey("gathered:"+by), gatheredFor)
			return nil
		})
	}
	if err != nil {
		return false, fmt.Errorf("gather: %w", err)
	}
	return by == member, nil
}

// Gathered is how many a gathering holds.
func (l *Ledger) Gathered(ctx context.Context, by string) (int, error) {
	n, err := l.redis.SCard(ctx, limitKey("gathered:"+by)).Result()
	if err != nil {
		return 0, fmt.Errorf("read how much was gathered: %w", err)
	}
	return int(n), nil
}

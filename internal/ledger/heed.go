package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// vouch notes when a server vouched, by the clock of Redis.
var vouch = redis.NewScript(`return redis.call('HSET', KEYS[1], ARGV[1], redis.call('TIME')[1])`)

// silent lists the servers that have not vouched for so many seconds.
var silent = redis.NewScript(`
local now, quiet = tonumber(redis.call('TIME')[1]), {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if now - tonumber(all[i + 1]) > tonumber(ARGV[1]) then quiet[#quiet + 1] = all[i] end
end
return quiet`)

// Vouch says for a server, by its name, that every opt-out that it was told of
// is in force. It is said again every second or so: while Redis was away the
// server could keep opt-outs and not say so, and its silence tells.
func (l *Ledger) Vouch(ctx context.Context, server string) error {
	if err := vouch.Run(ctx, l.redis, []string{keyServers}, server).Err(); err != nil {
		return fmt.Errorf("vouch: %w", err)
	}
	return nil
}

// Silent lists the servers that once vouched and have not for so long.
func (l *Ledger) Silent(ctx context.Context, long time.Duration) ([]string, error) {
	servers, err := silent.Run(ctx, l.redis, []string{keyServers}, int64(long/time.Second)).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("look for servers: %w", err)
	}
	return servers, nil
}

// Dismiss forgets servers that have stopped, or are given up.
func (l *Ledger) Dismiss(ctx context.Context, servers ...string) error {
	if err := l.redis.HDel(ctx, keyServers, servers...).Err(); err != nil {
		return fmt.Errorf("dismiss a server: %w", err)
	}
	return nil
}

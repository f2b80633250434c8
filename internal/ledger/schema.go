package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// Schema is the version of what this ledger writes. It grows when an older
// followup could not work with what a newer one has written; keys and fields
// that an older one ignores need no new version.
const Schema = 2

// ErrNewer says that a newer followup has written to this Redis, so that this
// one must not.
var ErrNewer = errors.New("ledger: a newer followup has written here")

// claimSchema notes which version of the ledger is at home in this Redis, or
// finds that it is one from later. Where sending began before there were
// versions and trials, it goes on: an upgrade holds nothing back.
//
// Of the two keys the mark is read first and written last, so that two starts
// at the same time never take a fresh Redis for an old one.
func (l *Ledger) claimSchema(ctx context.Context) error {
	old, err := l.redis.Exists(ctx, keyMark).Result()
	if err != nil {
		return fmt.Errorf("look for the mark: %w", err)
	}
	versions, err := l.redis.Exists(ctx, keySchema).Result()
	if err != nil {
		return fmt.Errorf("look for the schema's version: %w", err)
	}
	if versions == 0 && old > 0 {
		if _, err := l.GoLive(ctx, byUpgrade); err != nil {
			return err
		}
	}
	have, err := raiseSchema.Run(ctx, l.redis, []string{keySchema}, Schema).Text()
	if err != nil {
		return fmt.Errorf("write the schema's version: %w", err)
	}
	return known(have)
}

// raiseSchema writes the version where there is none, or an older one, and gives the
// one that is there then.
var raiseSchema = redis.NewScript(`
local have = redis.call('GET', KEYS[1])
if not have or (tonumber(have) or math.huge) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1])
  have = ARGV[1]
end
return have`)

// Known returns ErrNewer where a newer followup is at home. It changes nothing.
func (l *Ledger) Known(ctx context.Context) error {
	have, err := l.redis.Get(ctx, keySchema).Result()
	if errors.Is(err, redis.Nil) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	return known(have)
}

func known(schema string) error {
	if version, err := strconv.Atoi(schema); err != nil || version > Schema {
		return fmt.Errorf("%w: schema %.20q, and this version knows %d", ErrNewer, schema, Schema)
	}
	return nil
}

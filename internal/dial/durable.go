package dial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Fault is something wrong with a Redis, and what to do about it.
type Fault struct {
	What, Cure string
	Fatal      bool // messages can be lost without a trace: do not start
}

// String gives both as one line.
func (f Fault) String() string { return f.What + "; " + f.Cure }

// ErrUnreachable says that the Redis did not answer, so that nothing is known of it.
var ErrUnreachable = errors.New("redis does not answer")

// Inspect asks a Redis whether it keeps what it is given, has room left, is
// near, and has our time. It returns ErrUnreachable when it does not answer within 3 seconds; a Redis whose
// settings may not be read, as with some hosts, is a fault that is not fatal.
func Inspect(ctx context.Context, rdb redis.UniversalClient) ([]Fault, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	info, err := rdb.Info(ctx).Result()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	var faults []Fault
	if v := field(info, "redis_version"); !atLeast(v, 6, 2) {
		// asynq archives with ZRANGE BYSCORE, which is new in 6.2 (rdb.go:869).
		faults = append(faults, Fault{"Redis is version " + v, "use 6.2 or newer", true})
	}
	faults = append(append(faults, full(info)...), slow(ctx, rdb)...)
	settings := map[string]string{}
	for _, name := range []string{"appendonly", "appendfsync", "maxmemory", "maxmemory-policy"} {
		got, err := rdb.ConfigGet(ctx, name).Result()
		if err != nil {
			return append(faults, Fault{"the settings of Redis may not be read", "make sure yourself that it has appendonly yes and maxmemory-policy noeviction", false}), nil
		}
		settings[name] = got[name]
	}
	if settings["appendonly"] != "yes" {
		faults = append(faults, Fault{"Redis forgets on a restart: appendonly is off", "set `appendonly yes` in redis.conf", true})
	} else if settings["appendfsync"] != "always" {
		faults = append(faults, Fault{"a power cut may lose the last second: appendfsync is " + settings["appendfsync"], "set `appendfsync always` in redis.conf", false})
	}
	if p := settings["maxmemory-policy"]; p != "noeviction" {
		faults = append(faults, Fault{"a full Redis throws messages away: maxmemory-policy is " + p, "set `maxmemory-policy noeviction` in redis.conf", true})
	}
	if settings["maxmemory"] == "0" {
		faults = append(faults, Fault{"Redis may grow until the machine has no memory left: maxmemory is not set", "set `maxmemory` in redis.conf, to half of the machine's memory for example", false})
	}
	return faults, nil
}

// full: asynq cannot even take tasks off a full Redis, since that writes too
// (OOM with noeviction), so people should know in time.
func full(info string) []Fault {
	used, _ := strconv.ParseInt(field(info, "used_memory"), 10, 64)
	most, _ := strconv.ParseInt(field(info, "maxmemory"), 10, 64)
	if most == 0 || used*100 < most*mostMemory {
		return nil
	}
	return []Fault{{fmt.Sprintf("Redis has used %d%% of its memory", used*100/most), "raise `maxmemory` in redis.conf, and look what fills it: a full Redis can neither take nor give work", false}}
}

// What a Redis may be before somebody is told.
const (
	mostMemory  = 70                     // per cent of maxmemory
	mostLatency = 100 * time.Millisecond // of a PING, the median of five
	mostSkew    = 5 * time.Second        // a worker whose clock is half a minute off repeats tasks that run (asynq v0.26.0 rdb.go:253)
)

// slow measures how far away the Redis is, in the network and in time.
func slow(ctx context.Context, rdb redis.UniversalClient) (faults []Fault) {
	var took [5]time.Duration
	for i := range took {
		start := time.Now()
		if rdb.Ping(ctx).Err() != nil {
			return nil
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took[:])
	if median := took[len(took)/2]; median > mostLatency {
		faults = append(faults, Fault{"Redis takes " + median.Round(time.Millisecond).String() + " to answer", "run it on this machine or in the same network, and leave it its processor", false})
	}
	before := time.Now()
	if there, err := rdb.Time(ctx).Result(); err == nil {
		skew := max(time.Until(there), before.Sub(there))
		if skew > mostSkew {
			faults = append(faults, Fault{"the clock of Redis and ours are " + skew.Round(time.Second).String() + " apart", "let both machines follow a time server (systemd-timesyncd or chrony)", false})
		}
	}
	return faults
}

func field(info, name string) string {
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func atLeast(version string, major, minor int) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	a, errA := strconv.Atoi(parts[0])
	b, errB := strconv.Atoi(parts[1])
	return errA == nil && errB == nil && (a > major || a == major && b >= minor)
}

// Package dial opens connections to Redis with the patience that each side of
// the queue needs. asynq's own options expose neither the retries nor the
// context deadlines that matter (asynq v0.26.0 asynq.go:317-330): against a
// hung Redis they block an enqueue for 10 seconds, and an outage of 5 seconds
// repeats every task that ends during it.
package dial

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Patience is how long a command may try before its error is shown.
type Patience struct {
	retries   int
	low, high time.Duration
	pool      int
	replicas  int
}

// Bounded is for those who are waited for: a web request that enqueues. Its
// caller's context ends it.
func Bounded() Patience {
	return Patience{retries: 3, low: 8 * time.Millisecond, high: 128 * time.Millisecond, pool: 64}
}

// Patient is for workers that hold a task: a command outlives a restart or a
// failover of Redis (100 tries, at most half a second apart), so that a task
// that was done is also marked as done. concurrency is the number of tasks that
// the worker handles at a time.
func Patient(concurrency int) Patience {
	return Patience{retries: 100, low: 50 * time.Millisecond, high: 500 * time.Millisecond, pool: concurrency + 20}
}

// ErrURL says that a Redis URL cannot be used. It never holds the URL, which
// may carry a password.
var ErrURL = errors.New("not a Redis URL: use redis://, rediss://, redis-socket://, redis-sentinel:// or redis-cluster://")

// Redis opens a client for one of these forms; nothing is dialled before the
// first command. User, password and database are honoured in each.
//
//	redis://user:password@host:6379/0          rediss:// the same over TLS
//	redis-socket:///run/redis.sock?db=0
//	redis-sentinel://user:password@host1:26379,host2:26379/0?master=mymaster
//	redis-cluster://user:password@host1:6379,host2:6379
//
// For Sentinel, user and password are those of the data nodes;
// sentinel_username and sentinel_password in the query are the sentinels' own.
func Redis(text string, p Patience) (redis.UniversalClient, error) {
	u, err := url.Parse(multiHost(text))
	if err != nil {
		return nil, ErrURL
	}
	password, _ := u.User.Password()
	o := redis.UniversalOptions{
		Username: u.User.Username(), Password: password,
		MaxRetries: p.retries, MinRetryBackoff: p.low, MaxRetryBackoff: p.high,
		PoolSize: p.pool, ContextTimeoutEnabled: true,
	}
	hosts := strings.Split(u.Query().Get("hosts"), ",")
	switch u.Scheme {
	case "redis", "rediss", "redis-socket":
		return single(text, u, p)
	case "redis-sentinel":
		o.Addrs, o.MasterName = hosts, u.Query().Get("master")
		o.SentinelUsername, o.SentinelPassword = u.Query().Get("sentinel_username"), u.Query().Get("sentinel_password")
		if o.MasterName == "" {
			o.MasterName = "mymaster"
		}
		if db := strings.Trim(u.Path, "/"); db != "" {
			if _, err := fmt.Sscanf(db, "%d", &o.DB); err != nil {
				return nil, ErrURL
			}
		}
		return p.replicate(redis.NewFailoverClient(o.Failover())), nil
	case "redis-cluster":
		o.Addrs = hosts
		c := o.Cluster()
		// go-redis asks for the cluster's shape every 60 s and not when a node
		// refuses (redis/go-redis#3979): after a failover that is an outage.
		c.ClusterStateReloadInterval = 2 * time.Second
		return p.replicate(redis.NewClusterClient(c)), nil
	default:
		return nil, ErrURL
	}
}

func single(text string, u *url.URL, p Patience) (redis.UniversalClient, error) {
	if u.Scheme == "redis-socket" {
		text = "unix" + strings.TrimPrefix(text, "redis-socket")
	}
	o, err := redis.ParseURL(text)
	if err != nil {
		return nil, ErrURL
	}
	o.MaxRetries, o.MinRetryBackoff, o.MaxRetryBackoff = p.retries, p.low, p.high
	o.PoolSize, o.ContextTimeoutEnabled = p.pool, true
	return p.replicate(redis.NewClient(o)), nil
}

// multiHost moves a list of hosts into the query, since net/url reads one.
func multiHost(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || (scheme != "redis-sentinel" && scheme != "redis-cluster") {
		return text
	}
	user := ""
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, rest = rest[:at+1], rest[at+1:]
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	hosts, tail := rest[:end], rest[end:]
	separator := "?"
	if strings.Contains(tail, "?") {
		separator = "&"
	}
	return scheme + "://" + user + "hosts" + tail + separator + "hosts=" + url.QueryEscape(hosts)
}

type logFunc func(ctx context.Context, format string, v ...any)

func (f logFunc) Printf(ctx context.Context, format string, v ...any) { f(ctx, format, v...) }

// Quiet silences go-redis' own logger, which writes a line for each failed
// dial: thousands in an outage that our own log names once. It is process-wide.
func Quiet() { redis.SetLogger(logFunc(func(context.Context, string, ...any) {})) }

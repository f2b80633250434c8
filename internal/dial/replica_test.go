package dial_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/redistest"
)

var write = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then return 'there' end
redis.call('SET', KEYS[1], 'x')
return 'written'`)

// attempt runs the script as asynq does, alone, or as the ledger does, in a
// pipeline with a read.
func attempt(ctx context.Context, rdb redis.UniversalClient, key string, piped bool) (string, error) {
	if !piped {
		return write.Run(ctx, rdb, []string{key}).Text()
	}
	if err := write.Load(ctx, rdb).Err(); err != nil {
		return "", err
	}
	var cmd *redis.Cmd
	_, _ = rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		cmd = write.EvalSha(ctx, p, []string{key})
		p.Get(ctx, "nothing")
		return nil
	})
	return cmd.Text()
}

func TestAWriteIsAcknowledgedWhenAReplicaHasIt(t *testing.T) {
	t.Parallel()
	for name, piped := range map[string]bool{"alone": false, "in a pipeline": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			primary, replica := redistest.StartReplicated(t)
			rdb, err := dial.Redis(primary.URL, dial.Bounded().Replicated(1))
			if err != nil {
				t.Fatal(err)
			}
			defer rdb.Close()
			reader := replica.Client()
			wait(t, func() bool { _, err := attempt(t.Context(), rdb, "{k}first", piped); return err == nil })
			for _, key := range []string{"{k}a", "{k}b", "other"} {
				got, err := attempt(t.Context(), rdb, key, piped)
				if err != nil || got != "written" || reader.Exists(t.Context(), key).Val() != 1 {
					t.Errorf("%s: %q, %v; on the replica: %d", key, got, err, reader.Exists(t.Context(), key).Val())
				}
			}

			replica.Stop() // still connected, and behind
			start := time.Now()
			if _, err := attempt(t.Context(), rdb, "{k}c", piped); !errors.Is(err, dial.ErrReplica) || time.Since(start) > 10*time.Second {
				t.Errorf("acknowledged after %s without a replica: %v", time.Since(start), err)
			}
			// The task is there: that another connection finds it is no proof.
			again, err := dial.Redis(primary.URL, dial.Bounded().Replicated(1))
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			if _, err := attempt(t.Context(), again, "{k}c", false); !errors.Is(err, dial.ErrReplica) {
				t.Errorf("the second try was acknowledged: %v", err)
			}
			replica.Continue()
			wait(t, func() bool {
				got, err := attempt(t.Context(), rdb, "{k}c", piped)
				return err == nil && got == "there" && reader.Exists(t.Context(), "{k}c").Val() == 1
			})

			replica.Kill()
			if _, err := attempt(t.Context(), rdb, "{k}d", piped); !errors.Is(err, dial.ErrReplica) {
				t.Errorf("acknowledged with the replica dead: %v", err)
			}
			if err := rdb.Set(t.Context(), "plain", "x", 0).Err(); err != nil {
				t.Errorf("what is no script waits too: %v", err)
			}
		})
	}
}

func TestWithoutReplicasAskedForNoneIsWaitedFor(t *testing.T) {
	t.Parallel()
	rdb, err := dial.Redis(redistest.Start(t).URL, dial.Bounded().Replicated(0))
	if err != nil {
		t.Fatal(err)
	}
	defer rdb.Close()
	if got, err := attempt(t.Context(), rdb, "k", false); err != nil || got != "written" {
		t.Errorf("%q, %v", got, err)
	}
}

// wait is for a condition, for 20 seconds at most.
func wait(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	for tick := time.NewTicker(10 * time.Millisecond); !ok(); {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatal("waited for 20 s")
		}
	}
}

package dial

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrReplica says that a write was made and too few replicas have confirmed it:
// a failover could lose it, so it must not be relied on. It may be there all
// the same.
var ErrReplica = errors.New("redis: too few replicas have it")

// replicaPatience is how long a write waits for its replicas. It leaves room in
// the time that a visitor waits for an enqueue.
const replicaPatience = 500 * time.Millisecond

// Replicated makes every script of a client, which is how asynq enqueues and
// the ledger claims, wait until that many replicas have what it wrote; with
// fewer it fails with ErrReplica. Zero waits for none.
//
// It is WAIT (redis.io/commands/wait) on the connection that wrote, in the same
// pipeline. That a replica has it in memory is what a failover needs; for a
// power cut on both machines at once each of them needs its AOF.
func (p Patience) Replicated(replicas int) Patience {
	p.replicas = replicas
	return p
}

// replicate gives the client the hook: each node's client in a Cluster, since
// WAIT has no key that would lead it to the node that wrote.
func (p Patience) replicate(rdb redis.UniversalClient) redis.UniversalClient {
	if p.replicas == 0 {
		return rdb
	}
	switch c := rdb.(type) {
	case *redis.ClusterClient:
		c.OnNewNode(func(node *redis.Client) { node.AddHook(replicaHook{node, p.replicas}) })
	case *redis.Client:
		c.AddHook(replicaHook{c, p.replicas})
	}
	return rdb
}

type replicaHook struct {
	client   *redis.Client
	replicas int
}

func (replicaHook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook sends a script as a pipeline of one, so that the hook below waits for it.
func (h replicaHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if !isScript(cmd) {
			return next(ctx, cmd)
		}
		_, _ = h.client.Pipelined(ctx, func(p redis.Pipeliner) error { return p.Process(ctx, cmd) })
		return cmd.Err()
	}
}

// ProcessPipelineHook waits after the last command of a pipeline with scripts.
func (h replicaHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		var scripts []redis.Cmder
		for _, cmd := range cmds {
			if isScript(cmd) {
				scripts = append(scripts, cmd)
			}
		}
		if len(scripts) == 0 {
			return next(ctx, cmds)
		}
		// Redis counts from where its log stood after the script, whether or not
		// the script wrote (server.c, processCommand sets woff): one that finds
		// the work of an earlier try waits for that.
		wait := redis.NewIntCmd(ctx, "wait", h.replicas, replicaPatience.Milliseconds())
		if err := next(ctx, append(cmds[:len(cmds):len(cmds)], wait)); err != nil && wait.Err() != nil {
			fail(scripts, wait.Err())
			return err
		}
		if wait.Val() < int64(h.replicas) {
			fail(scripts, ErrReplica)
			return ErrReplica
		}
		return firstError(cmds)
	}
}

// fail marks the commands as failed that had no error of their own.
func fail(cmds []redis.Cmder, err error) {
	for _, cmd := range cmds {
		if cmd.Err() == nil {
			cmd.SetErr(err)
		}
	}
}

func firstError(cmds []redis.Cmder) error {
	for _, cmd := range cmds {
		if err := cmd.Err(); err != nil {
			return err
		}
	}
	return nil
}

func isScript(cmd redis.Cmder) bool { return cmd.Name() == "evalsha" || cmd.Name() == "eval" }

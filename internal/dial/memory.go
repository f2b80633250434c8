package dial

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Memory says how many bytes a Redis uses and how many it may use, 0 for no
// limit. Of a cluster it tells of the fullest node: a slot has no other.
func Memory(ctx context.Context, rdb redis.UniversalClient) (used, most int64, err error) {
	cluster, ok := rdb.(*redis.ClusterClient)
	if !ok {
		return memory(ctx, rdb)
	}
	var mu sync.Mutex
	err = cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		u, m, err := memory(ctx, node)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if u > used {
			used, most = u, m
		}
		return nil
	})
	return used, most, err
}

func memory(ctx context.Context, rdb redis.UniversalClient) (used, most int64, err error) {
	info, err := rdb.Info(ctx, "memory").Result()
	if err != nil {
		return 0, 0, fmt.Errorf("memory of redis: %w", err)
	}
	if used, err = strconv.ParseInt(field(info, "used_memory"), 10, 64); err != nil {
		return 0, 0, fmt.Errorf("memory of redis: %w", err)
	}
	most, _ = strconv.ParseInt(field(info, "maxmemory"), 10, 64) // some hosts do not tell
	return used, most, nil
}

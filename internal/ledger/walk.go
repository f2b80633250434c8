package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
)

// walkPage is how many keys Redis looks at for one page of people.
const walkPage = 500

// anyPerson matches the keys of people and nothing else.
var anyPerson = personKey(contact.ID(strings.Repeat("?", idLength)))

// Walk gives some of all people, and the place to go on from; both are "" at
// the beginning and at the end. Who was there all the time is met at least once.
func (l *Ledger) Walk(ctx context.Context, from string) (ids []contact.ID, next string, err error) {
	node, place, _ := strings.Cut(from, " ")
	nodes, err := l.nodes(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("walk: %w", err)
	}
	names := make([]string, 0, len(nodes))
	for name := range nodes {
		names = append(names, name)
	}
	slices.Sort(names)
	i, there := slices.BinarySearch(names, node)
	if !there {
		place = "" // a node that has gone
	}
	if i == len(names) {
		return nil, "", nil
	}
	cursor, _ := strconv.ParseUint(place, 10, 64)
	keys, cursor, err := nodes[names[i]].Scan(ctx, cursor, anyPerson, walkPage).Result()
	if err != nil {
		return nil, "", fmt.Errorf("walk: %w", err)
	}
	for _, key := range keys {
		ids = append(ids, contact.ID(strings.TrimSuffix(strings.TrimPrefix(key, "f:{"), "}")))
	}
	switch {
	case cursor != 0:
		return ids, names[i] + " " + strconv.FormatUint(cursor, 10), nil
	case i+1 < len(names):
		return ids, names[i+1], nil
	default:
		return ids, "", nil
	}
}

// nodes are what to ask for keys, by name: each primary of a Redis Cluster.
func (l *Ledger) nodes(ctx context.Context) (map[string]redis.Cmdable, error) {
	cluster, ok := l.redis.(*redis.ClusterClient)
	if !ok {
		return map[string]redis.Cmdable{"-": l.redis}, nil
	}
	var mu sync.Mutex
	nodes := map[string]redis.Cmdable{}
	err := cluster.ForEachMaster(ctx, func(_ context.Context, c *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		nodes[c.Options().Addr] = c
		return nil
	})
	return nodes, err
}

// Listed reports whether everybody is in the lists that people are looked up
// by. A Redis from before there were lists is not.
func (l *Ledger) Listed(ctx context.Context) (bool, error) {
	_, err := l.redis.Get(ctx, keyListed).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return false, fmt.Errorf("look whether people are listed: %w", err)
	}
	return err == nil, nil
}

// SetListed notes that everybody is.
func (l *Ledger) SetListed(ctx context.Context) error {
	if err := l.redis.Set(ctx, keyListed, "1", 0).Err(); err != nil {
		return fmt.Errorf("note that people are listed: %w", err)
	}
	return nil
}

// List puts a person, as read, into every list in which it is missing: what it
// is found by, what waits for staff, and when to look after it.
func (l *Ledger) List(ctx context.Context, p *Person) error {
	if err := l.listMissingWords(ctx, p); err != nil {
		return fmt.Errorf("list %s: %w", p.ID, err)
	}
	_, err := l.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		if p.Unread > 0 && p.Unread <= len(p.Submissions) {
			put(ctx, pipe, TrayNew, Slip{Contact: p.ID, N: p.Unread, Since: p.Submissions[p.Unread-1].At})
		}
		if p.Heard > 0 {
			put(ctx, pipe, TrayReplied, Slip{Contact: p.ID, N: p.Heard, Since: p.HeardAt})
		}
		for _, m := range p.Messages {
			if m.Row.Failed() && m.Row.At > l.now().Add(-TrayLife).Unix() {
				put(ctx, pipe, TrayFailed, m.slip())
			}
		}
		for _, m := range p.Alarmed() {
			due := redis.Z{Score: float64(m.Row.Due), Member: string(p.ID)}
			pipe.ZAddNX(ctx, keyDue, due)
			if m.Row.Due > l.now().Unix() { // when to look again for what is overdue, who looks has said
				pipe.ZAddLT(ctx, keyDue, due)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list %s: %w", p.ID, err)
	}
	return nil
}

// Unlist takes a person, as read before it was erased, out of every list.
func (l *Ledger) Unlist(ctx context.Context, p *Person) error {
	_, err := l.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, s := range p.Submissions {
			for _, r := range l.records(p.ID, i+1, s) {
				pipe.LRem(ctx, r.key, 0, r.value)
			}
			for _, t := range []Tray{TrayNew, TrayCall} {
				pipe.ZRem(ctx, trayKey(t), Slip{Contact: p.ID, N: i + 1}.member())
			}
		}
		for k := range p.Replies {
			pipe.ZRem(ctx, trayKey(TrayReplied), Slip{Contact: p.ID, N: k + 1}.member())
		}
		for _, m := range p.Messages {
			pipe.ZRem(ctx, trayKey(TrayFailed), m.slip().member())
			if h, ok := m.Entry.Hangs(); ok && m.Row.Batch != "" {
				pipe.ZRem(ctx, batchRowsKey(m.Row.Batch), BatchRow{Contact: p.ID, Alone: h.Alone}.member())
			}
		}
		pipe.ZRem(ctx, keyDue, string(p.ID))
		return nil
	})
	if err != nil {
		return fmt.Errorf("unlist %s: %w", p.ID, err)
	}
	return nil
}

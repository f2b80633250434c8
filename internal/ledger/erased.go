package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
)

// erasedFor is how long it is remembered that somebody asked to be removed: a
// submission from before that may still lie in a queue, or on the disk of a
// server that is switched off.
const erasedFor = 7 * 24 * time.Hour

// remember notes, under the keyed hash of each address of a person, that all
// that was submitted before that second is unwanted. Submissions know whole
// seconds: who writes in the very second is taken for one who wrote after it,
// since nobody who may have may get lost.
func (l *Ledger) remember(ctx context.Context, p *Person, asked time.Time) error {
	for _, a := range l.addresses(p) {
		if err := l.redis.Set(ctx, erasedKey(kindOf(a.via), a.hash), asked.Truncate(time.Second).UnixMilli(), erasedFor).Err(); err != nil {
			return fmt.Errorf("erase %s: %w", p.ID, err)
		}
	}
	return nil
}

// erasedSince reports whether the person of a submission has been removed since
// it was made. The address tells, and the number only where there is no address:
// many may have one number, and nobody else's submission may get lost. Both times
// are those of the clinic's machines, which must agree.
func (l *Ledger) erasedSince(ctx context.Context, s contact.Submission) (bool, error) {
	via := contact.ViaEmail
	if s.Email == "" {
		via = contact.ViaSMS
	}
	asked, err := l.redis.Get(ctx, erasedKey(kindOf(via), l.addressHash(via, s))).Int64()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for an erasure: %w", err)
	}
	return s.At.UnixMilli() < asked, nil
}

// drop leaves nothing of a submission that is not taken in: the same words sent
// again are no repetition, and nothing leads to somebody who is not there.
func (l *Ledger) drop(ctx context.Context, p *Person, s contact.Submission, o Once) error {
	keys := map[string]string{}
	if o.Content != "" {
		keys[foldKey(o.Content)] = s.ID
	}
	if len(p.Submissions) == 0 {
		for _, key := range l.indexes(s) {
			keys[key] = string(p.ID)
		}
	}
	for key, value := range keys {
		if err := detach.Run(ctx, l.redis, []string{key}, value).Err(); err != nil {
			return fmt.Errorf("drop submission %s: %w", s.ID, err)
		}
	}
	return nil
}

// unname takes the names of a person's messages out of the list of texts to a
// number; that they went stays, and counts.
var unname = redis.NewScript(`
local have = redis.call('GET', KEYS[1])
if have then redis.call('SET', KEYS[1], (string.gsub(have, ' ' .. ARGV[1] .. '%.[^\n]*', ' -')), 'KEEPTTL') end
return 1`)

// unnameTexts does so with every number of the person.
func (l *Ledger) unnameTexts(ctx context.Context, p *Person) error {
	for _, a := range l.addresses(p) {
		if a.via != contact.ViaSMS {
			continue
		}
		if err := unname.Run(ctx, l.redis, []string{textsKey(a.hash)}, string(p.ID)).Err(); err != nil {
			return fmt.Errorf("erase %s: %w", p.ID, err)
		}
	}
	return nil
}

package ledger

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
)

// Look is a person for whom something was planned for a time that has passed.
// In most cases it has long gone out: who sends does not touch the index, so
// that sending stays quick; who looks moves it.
type Look struct {
	Contact contact.ID
	score   string
}

// note makes sure that somebody looks after a person by a time. It always
// changes the score, so that a look that began before moves nothing.
var note = redis.NewScript(`
local at, have = tonumber(ARGV[2]), redis.call('ZSCORE', KEYS[1], ARGV[1])
if have and tonumber(have) <= at then at = tonumber(have) - 1 end
redis.call('ZADD', KEYS[1], at, ARGV[1])
return 1`)

// move says when to look again, "" for never, unless the score has changed.
var move = redis.NewScript(`
local have = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not have or tonumber(have) ~= tonumber(ARGV[2]) then return 0 end
if ARGV[3] == '' then redis.call('ZREM', KEYS[1], ARGV[1]) else redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1]) end
return 1`)

func (l *Ledger) note(ctx context.Context, id contact.ID, at int64) error {
	if err := note.Run(ctx, l.redis, []string{keyDue}, string(id), at).Err(); err != nil {
		return fmt.Errorf("note when to look after %s: %w", id, err)
	}
	return nil
}

// Overdue lists people who should have been looked after before that time of
// the plan's clock, those who have waited longest first.
func (l *Ledger) Overdue(ctx context.Context, before time.Time, most int64) ([]Look, error) {
	found, err := l.redis.ZRangeArgsWithScores(ctx, redis.ZRangeArgs{
		Key: keyDue, ByScore: true, Start: "-inf", Stop: strconv.FormatInt(before.Unix(), 10), Count: most,
	}).Result()
	if err != nil {
		return nil, fmt.Errorf("list what is overdue: %w", err)
	}
	looks := make([]Look, 0, len(found))
	for _, z := range found {
		id, _ := z.Member.(string)
		looks = append(looks, Look{contact.ID(id), strconv.FormatFloat(z.Score, 'f', -1, 64)})
	}
	return looks, nil
}

// LookAgain says by when to look after the person again; the zero time: not
// before something new is planned. Where that has happened since the look, it
// changes nothing.
func (l *Ledger) LookAgain(ctx context.Context, k Look, at time.Time) error {
	next := ""
	if !at.IsZero() {
		next = strconv.FormatInt(at.Unix(), 10)
	}
	if err := move.Run(ctx, l.redis, []string{keyDue}, string(k.Contact), k.score, next).Err(); err != nil {
		return fmt.Errorf("look after %s again: %w", k.Contact, err)
	}
	return nil
}

// Chore is something that one process does for all.
type Chore string

// The chores.
const (
	ChoreSweep  Chore = keySweep
	ChoreCanary Chore = keyCanaryTurn
)

// TakeChore reports whether a chore is the caller's: of all who ask, in every
// process, one in that time, which is real time.
func (l *Ledger) TakeChore(ctx context.Context, c Chore, who string, every time.Duration) (bool, error) {
	mine, err := l.redis.SetNX(ctx, string(c), who, every).Result()
	if err != nil {
		return false, fmt.Errorf("take a chore: %w", err)
	}
	return mine, nil
}

// Alarmed lists the messages of a person that should have an alarm: of a
// sequence only the next one has.
func (p *Person) Alarmed() []Planned {
	var alarmed []Planned
	for _, m := range p.Messages {
		if m.Row.State.Pending() && !IsFollowUp(m.Entry.Template) {
			alarmed = append(alarmed, m)
		}
	}
	for n := range p.Submissions {
		for _, m := range p.Sequence(n + 1) {
			if m.Row.State.Pending() {
				alarmed = append(alarmed, m)
				break
			}
		}
	}
	return alarmed
}

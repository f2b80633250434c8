package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// Open reports whether the clinic is not done with the person: something may
// still go, nobody has read what was written, or staff hold it. What is open is
// never removed by time.
func (p *Person) Open() bool {
	return p.Unread > 0 || p.Heard > 0 || p.Hold.On || slices.ContainsFunc(p.Messages, func(m Planned) bool { return m.Row.State.Pending() })
}

// LastSeen is when something last happened with the person: a submission, an
// appointment, or a message that came into its state.
func (p *Person) LastSeen() time.Time {
	var last time.Time
	for _, s := range p.Submissions {
		if s.At.After(last) {
			last = s.At
		}
	}
	for _, a := range p.Appointments {
		if a.At.After(last) {
			last = a.At
		}
	}
	for _, m := range p.Messages {
		if at := time.Unix(m.Row.At, 0); at.After(last) {
			last = at
		}
	}
	return last
}

// rewrite replaces fields of a person who has them.
var rewrite = redis.NewScript(`
for i = 1, #ARGV, 2 do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
return 1`)

// replaceLines replaces events of a timeline, each if it still stands where it
// was read: ARGV are triples of where, before and after. Events are only ever
// added, so they do.
var replaceLines = redis.NewScript(`
for i = 1, #ARGV, 3 do
  if redis.call('LINDEX', KEYS[1], ARGV[i]) == ARGV[i + 1] then redis.call('LSET', KEYS[1], ARGV[i], ARGV[i + 2]) end
end
return 1`)

// ForgetTexts removes what was written in free words before a time, by the
// person in forms and in replies, and by staff as notes and reasons on the
// timeline; it leaves everything else, who did what and when too. It says how
// many texts it removed.
func (l *Ledger) ForgetTexts(ctx context.Context, p *Person, before time.Time) (int, error) {
	var args []any
	forget := func(field, place string, without any) error {
		plain, err := json.Marshal(without)
		if err != nil {
			return fmt.Errorf("forget what %s wrote: a text cannot be taken out", p.ID)
		}
		args = append(args, field, l.keys.Seal(plain, place))
		return nil
	}
	for i, s := range p.Submissions {
		if s.Message == "" || !s.At.Before(before) {
			continue
		}
		s.Message = ""
		if err := forget(submissionField(i+1), place(p.ID, i+1), s); err != nil {
			return 0, err
		}
	}
	for k := 1; k <= p.Replies; k++ {
		r, err := l.Reply(ctx, p.ID, k)
		if err != nil && !errors.Is(err, ErrNone) {
			return 0, err
		}
		if r.Text == "" || !r.At.Before(before) {
			continue
		}
		r.Text = ""
		if err := forget(replyField(k), replyPlace(p.ID, k), r); err != nil {
			return 0, err
		}
	}
	if len(args) > 0 {
		if err := rewrite.Run(ctx, l.redis, []string{personKey(p.ID)}, args...).Err(); err != nil {
			return 0, fmt.Errorf("forget what %s wrote: %w", p.ID, err)
		}
	}
	reasons, err := l.forgetReasons(ctx, p, before)
	return len(args)/2 + reasons, err
}

// linesAtOnce bounds what one script replaces.
const linesAtOnce = 100

// forgetReasons removes the notes and reasons of staff from before a time.
func (l *Ledger) forgetReasons(ctx context.Context, p *Person, before time.Time) (int, error) {
	lines, err := l.redis.LRange(ctx, logKey(p.ID), 0, -1).Result()
	if err != nil {
		return 0, fmt.Errorf("forget what was noted about %s: %w", p.ID, err)
	}
	var args []any
	for i, line := range lines {
		var e Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return 0, fmt.Errorf("forget what was noted about %s: an event cannot be read", p.ID)
		}
		l.reveal(p.ID, &e)
		if e.Text == "" || !time.Unix(e.At, 0).Before(before) {
			continue
		}
		e.Text = ""
		if err := l.sealEvent(p.ID, &e); err != nil {
			return 0, err
		}
		args = append(args, i, line, e.encode())
	}
	for part := range slices.Chunk(args, 3*linesAtOnce) {
		if err := replaceLines.Run(ctx, l.redis, []string{logKey(p.ID)}, part...).Err(); err != nil {
			return 0, fmt.Errorf("forget what was noted about %s: %w", p.ID, err)
		}
	}
	return len(args) / 3, nil
}

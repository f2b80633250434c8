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

// ForgetTexts removes what the person wrote in free words before a time, in
// forms and in replies, and leaves everything else. It says how many texts it
// removed.
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
	if len(args) == 0 {
		return 0, nil
	}
	if err := rewrite.Run(ctx, l.redis, []string{personKey(p.ID)}, args...).Err(); err != nil {
		return 0, fmt.Errorf("forget what %s wrote: %w", p.ID, err)
	}
	return len(args) / 2, nil
}

package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
)

// raise sets a mark unless one that reaches farther is there, or as far for the
// same reason, writes the event if there is one, and reports whether anything changed.
var raise = redis.NewScript(`
local have, new = redis.call('HGET', KEYS[1], ARGV[1]), cjson.decode(ARGV[3])
if have then
  have = cjson.decode(have)
  if have.n > new.n or have.n == new.n and have.why == new.why then return 0 end
end
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if ARGV[4] ~= '' then redis.call('RPUSH', KEYS[2], ARGV[4]) end
return 1`)

// lower takes a mark away if it reaches no further than ARGV[2].
var lower = redis.NewScript(`
local have = redis.call('HGET', KEYS[1], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
if not have or cjson.decode(have).n > tonumber(ARGV[2]) then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('RPUSH', KEYS[2], ARGV[3])
return 1`)

// hold puts the mark unless it is there, for somebody who is there.
var hold = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
if redis.call('HSETNX', KEYS[1], 'hold', ARGV[1]) == 0 then return 0 end
redis.call('RPUSH', KEYS[2], ARGV[2])
return 1`)

// Hold is that staff keep everything automated to a person back, from the
// moment on and for what is planned later too. The gate says what it spares.
type Hold struct {
	On bool
	By string
	At int64 // since when, in seconds since 1970
}

// Hold keeps everything automated back until Release.
// Twice is once: the first stands. It returns ErrNone for nobody.
func (l *Ledger) Hold(ctx context.Context, id contact.ID, e Event) error {
	line, err := l.line(id, e)
	if err != nil {
		return err
	}
	return l.act(ctx, hold, "hold", id, mark{N: 1, By: e.By, At: l.now().Unix()}.encode(), line)
}

// Release ends a hold. Ringing for what it kept back is the caller's matter.
// Twice is once. It returns ErrNone for nobody.
func (l *Ledger) Release(ctx context.Context, id contact.ID, e Event) error {
	line, err := l.line(id, e)
	if err != nil {
		return err
	}
	return l.act(ctx, lower, "release", id, fieldHold, 1, line)
}

// MarkRead says that somebody has read the person's submissions up to n. What
// waited for a reader is no longer kept back by that; ringing for it is the
// caller's matter. Twice is once. It returns ErrNone for nobody.
func (l *Ledger) MarkRead(ctx context.Context, id contact.ID, n int, by string) error {
	event := Event{At: l.now().Unix(), What: "read", N: n, By: by}
	if err := l.act(ctx, lower, "mark as read", id, fieldUnread, n, event.encode()); err != nil {
		return err
	}
	return l.takeUpTo(ctx, TrayNew, id, n)
}

// Stop ends the sequences of the person's submissions up to n and cancels what
// is planned in them. What a worker is claiming at this moment is stopped by
// the gate; what it has decided about before may still go. e.What stands on the
// timeline, "" where that is told already. Twice is once, and of several reasons
// the last stands. It returns ErrNone for nobody.
func (l *Ledger) Stop(ctx context.Context, id contact.ID, n int, why gate.Reason, e Event) error {
	m := mark{N: n, Why: why, By: e.By, At: l.now().Unix()}
	line := ""
	if e.N = n; e.What != "" {
		var err error
		if line, err = l.line(id, e); err != nil {
			return err
		}
	}
	if err := l.act(ctx, raise, "stop", id, fieldStopped, n, m.encode(), line); err != nil {
		return err
	}
	if err := l.takeUpTo(ctx, TrayCall, id, n); err != nil {
		return err
	}
	return l.cancel(ctx, id, why, e.By, func(p Planned) bool { return p.Entry.N <= n && IsFollowUp(p.Entry.Template) })
}

func (l *Ledger) act(ctx context.Context, script *redis.Script, doing string, id contact.ID, args ...any) error {
	done, err := script.Run(ctx, l.redis, []string{personKey(id), logKey(id)}, args...).Int()
	if err != nil {
		return fmt.Errorf("%s %s: %w", doing, id, err)
	}
	if done < 0 {
		return fmt.Errorf("%s %s: %w", doing, id, ErrNone)
	}
	return nil
}

// cancel settles what is pending and meant as cancelled.
func (l *Ledger) cancel(ctx context.Context, id contact.ID, why gate.Reason, by string, meant func(Planned) bool) error {
	p, err := l.Person(ctx, id)
	if err != nil {
		return err
	}
	for _, m := range p.Messages {
		if (m.Row.State != Waiting && m.Row.State != Held) || !meant(m) {
			continue
		}
		row, err := m.Row.Cancel(why, by, l.now())
		if err != nil {
			return err
		}
		// A race means that a worker holds it now; the gate tells it to stop.
		if err := l.Settle(ctx, &m, row); err != nil && !errors.Is(err, ErrRace) {
			return err
		}
	}
	return nil
}

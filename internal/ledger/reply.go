package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
)

// Reply is what a person wrote back to us. It lies sealed.
type Reply struct {
	At   time.Time       `json:"at"`
	SID  string          `json:"sid"`
	Text contact.Private `json:"text"`
	Rule string          `json:"rule"`
	Flag string          `json:"flag,omitempty"` // what staff should know of it
}

// byPerson is who replies, as events name them.
const byPerson = "person"

// replied keeps a reply, holds back what waits for a reader and ends the
// sequences, all in one step, if nobody was faster.
var replied = redis.NewScript(`
local sid = redis.call('HGET', KEYS[1], ARGV[3])
if sid then return tonumber(sid) end
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
if (redis.call('HGET', KEYS[1], 'rn') or '0') ~= ARGV[1] or redis.call('HGET', KEYS[1], 'n') ~= ARGV[2] then return 0 end
local k = tonumber(ARGV[1]) + 1
redis.call('HSET', KEYS[1], 'rn', k, ARGV[3], k, ARGV[4], ARGV[5], 'heard', ARGV[6])
local stopped = redis.call('HGET', KEYS[1], 'stopped')
if not stopped or cjson.decode(stopped).n < tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], 'stopped', ARGV[7])
end
redis.call('RPUSH', KEYS[2], ARGV[8])
return k`)

// Replied keeps what the person wrote back. When it returns, automated texts
// and follow-ups wait until somebody has read the reply, and no follow-up to
// any submission so far will go. It gives the number of the reply, from 1, and
// the number of the newest submission. The same reply twice is one. It returns
// ErrNone for nobody.
func (l *Ledger) Replied(ctx context.Context, id contact.ID, r Reply) (k, n int, err error) {
	plain, err := json.Marshal(r)
	if err != nil {
		return 0, 0, errors.New("reply: cannot be written")
	}
	for {
		have, err := l.redis.HMGet(ctx, personKey(id), fieldReplies, fieldCount).Result()
		if err != nil {
			return 0, 0, fmt.Errorf("reply of %s: %w", id, err)
		}
		before, _ := have[0].(string)
		if before == "" {
			before = "0"
		}
		count, _ := have[1].(string)
		k, _ := strconv.Atoi(before)
		n, _ := strconv.Atoi(count)
		if n < 1 {
			return 0, 0, ErrNone
		}
		k++
		now := l.now().Unix()
		got, err := replied.Run(ctx, l.redis, []string{personKey(id), logKey(id)},
			before, count, "rs/"+r.SID, replyField(k), l.keys.Seal(plain, replyPlace(id, k)),
			mark{N: k, At: now}.encode(), mark{N: n, Why: gate.ReasonReplied, By: byPerson, At: now}.encode(),
			Event{At: now, What: string(gate.ReasonReplied), N: n, By: byPerson, Reply: k, Code: r.Rule}.encode(),
		).Int()
		switch {
		case err != nil:
			return 0, 0, fmt.Errorf("reply of %s: %w", id, err)
		case got < 0:
			return 0, 0, ErrNone
		case got > 0:
			return got, n, errors.Join(
				l.Put(ctx, TrayReplied, Slip{Contact: id, N: got, Since: l.now()}), l.takeUpTo(ctx, TrayCall, id, n))
		}
	}
}

// Reply reads one of the person's replies; ErrNone when there is none.
func (l *Ledger) Reply(ctx context.Context, id contact.ID, k int) (Reply, error) {
	var r Reply
	sealed, err := l.redis.HGet(ctx, personKey(id), replyField(k)).Result()
	if errors.Is(err, redis.Nil) {
		return r, ErrNone
	}
	if err != nil {
		return r, fmt.Errorf("read reply %d of %s: %w", k, id, err)
	}
	plain, err := l.keys.Open([]byte(sealed), replyPlace(id, k))
	if err != nil {
		return r, fmt.Errorf("read reply %d of %s: %w", k, id, err)
	}
	if err := json.Unmarshal(plain, &r); err != nil {
		return r, fmt.Errorf("read reply %d of %s: not the JSON that was sealed", k, id)
	}
	return r, nil
}

func replyPlace(id contact.ID, k int) string { return string(id) + " " + replyField(k) }

// MarkHeard says that somebody has read the person's replies up to k. Ringing
// for what waited for that is the caller's matter. Twice is once. It returns
// ErrNone for nobody.
func (l *Ledger) MarkHeard(ctx context.Context, id contact.ID, k int, by string) error {
	event := Event{At: l.now().Unix(), What: "reply_read", Reply: k, By: by}
	if err := l.act(ctx, lower, "mark a reply as read", id, fieldHeard, k, event.encode()); err != nil {
		return err
	}
	return l.takeUpTo(ctx, TrayReplied, id, k)
}

// extend plans a message unless it is planned.
var extend = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
return redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])`)

// Extend plans further messages about submission n, each once however often it
// is called, and gives them as they stand. It returns ErrNone for nobody.
func (l *Ledger) Extend(ctx context.Context, id contact.ID, n int, steps []Step) ([]Planned, error) {
	planned := make([]Planned, 0, len(steps))
	for _, s := range steps {
		e := Entry{n, s.Template}
		row := Row{State: Waiting, Planned: s.Due.Unix(), Due: s.Due.Unix()}
		done, err := extend.Run(ctx, l.redis, []string{personKey(id)}, e.field(s.Via), row.encode()).Int()
		if err != nil {
			return nil, fmt.Errorf("plan %s for %s: %w", e, id, err)
		}
		if done < 0 {
			return nil, ErrNone
		}
		if err := l.note(ctx, id, s.Due.Unix()); err != nil {
			return nil, err
		}
		m, err := l.Message(ctx, id, e, s.Via)
		if err != nil {
			return nil, err
		}
		planned = append(planned, *m)
	}
	return planned, nil
}

// CancelStopped cancels the follow-ups that a stop of the person's sequences
// has overtaken.
func (l *Ledger) CancelStopped(ctx context.Context, id contact.ID) error {
	p, err := l.Person(ctx, id)
	if err != nil {
		return err
	}
	return l.cancel(ctx, id, p.StoppedWhy, byPerson, func(m Planned) bool {
		return m.Stopped != "" && IsFollowUp(m.Entry.Template)
	})
}

// CancelBlocked cancels the texts to the person's numbers that opted out. The
// gate keeps them back in any case; this is what staff see.
func (l *Ledger) CancelBlocked(ctx context.Context, id contact.ID) error {
	p, err := l.Person(ctx, id)
	if err != nil {
		return err
	}
	blocked := map[contact.Phone]gate.Suppression{}
	for _, s := range p.Submissions {
		if s.Phone == "" {
			continue
		}
		if blocked[s.Phone], err = l.Suppression(ctx, contact.ViaSMS, string(s.Phone)); err != nil {
			return err
		}
	}
	for _, why := range []gate.Suppression{gate.OptedOut, gate.WrongNumber} {
		err := l.cancel(ctx, id, gate.Reason(why), byPerson, func(m Planned) bool {
			return m.Via == contact.ViaSMS && blocked[m.Submission.Phone] == why
		})
		if err != nil {
			return err
		}
	}
	return nil
}

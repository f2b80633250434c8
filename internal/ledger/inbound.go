package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
)

// Inbound is a text that a number sent us, with what it means for the texts
// that go there.
type Inbound struct {
	From contact.Phone
	SID  string // the provider's id of it: a second delivery has the same
	Text contact.Private
	Rule string // that decided
	Of   string // version of the rules

	Why  gate.Suppression // blocks the number; "" does not
	Lift bool             // takes an opt-out away, and nothing but an opt-out
}

// Progress is how far a text had come before.
type Progress int

// How far a text had come.
const (
	Unseen  Progress = iota // never seen
	Begun                   // what must hold at once was written; the rest maybe not
	Settled                 // all of it was done
)

// hear writes what must hold at once, unless the text was seen before. A text
// delivered again can therefore undo nothing that was said after it.
var hear = redis.NewScript(standing + `
local seen = redis.call('HGET', KEYS[2], ARGV[1])
if seen then return tonumber(seen) end
if ARGV[2] == 'lift' then lift(KEYS[1], 'opted_out') elseif ARGV[2] ~= '' then block(KEYS[1], ARGV[2], ARGV[4]) end
if ARGV[3] ~= '' then keep(KEYS[3], ARGV[3], ARGV[5]) end
redis.call('HSET', KEYS[2], ARGV[1], 1)
redis.call('EXPIRE', KEYS[2], ARGV[5])
return 0`)

// Hear takes in a text from a number, known or not. When it returns, a block
// or its lifting is in force and its evidence is kept. It also says whether
// the text was seen before: then nothing was changed. Settle with Heard.
func (l *Ledger) Hear(ctx context.Context, in Inbound) (Progress, error) {
	hash := l.phoneHash(in.From)
	verdict, what, evidence := string(in.Why), string(in.Why), []byte(nil)
	if in.Lift {
		verdict, what = "lift", OptedIn
	}
	if verdict != "" {
		var err error
		evidence, err = l.sealEvidence(hash, line{Evidence: Evidence{
			At: l.now(), What: what, By: byPerson, SID: in.SID, Text: in.Text, Rule: in.Rule, Of: in.Of,
		}})
		if err != nil {
			return Unseen, fmt.Errorf("hear: %w", err)
		}
	}
	keys := []string{suppressionKey(contact.ViaSMS, hash), inboundKey(hash), proofKey(hash)}
	seen, err := hear.Run(ctx, l.redis, keys, in.SID, verdict, evidence, seconds(l.keep.Suppressions), seconds(l.keep.Proof)).Int()
	if err != nil {
		return Unseen, fmt.Errorf("hear: %w", err)
	}
	return Progress(seen), nil
}

// Heard notes that everything that a text asked for was done.
func (l *Ledger) Heard(ctx context.Context, from contact.Phone, sid string) error {
	if err := l.redis.HSet(ctx, inboundKey(l.phoneHash(from)), sid, int(Settled)).Err(); err != nil {
		return fmt.Errorf("hear: %w", err)
	}
	return nil
}

// Suppression tells why a number or an address gets nothing; "" when it may.
func (l *Ledger) Suppression(ctx context.Context, v contact.Via, address string) (gate.Suppression, error) {
	reasons, err := l.redis.Get(ctx, suppressionKey(v, l.hashOf(v, address))).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("read suppression: %w", err)
	}
	return strongest(reasons), nil
}

// helpedFor keeps two machines from answering each other for ever: Twilio stops
// them only after 30 answers (https://www.twilio.com/docs/api/errors/14107).
const helpedFor = time.Minute

// MayHelp reports whether the number was not yet answered within a minute, and
// reserves the answer.
func (l *Ledger) MayHelp(ctx context.Context, from contact.Phone) (bool, error) {
	ok, err := l.redis.SetNX(ctx, helpedKey(l.phoneHash(from)), "1", helpedFor).Result()
	if err != nil {
		return false, fmt.Errorf("reserve an answer: %w", err)
	}
	return ok, nil
}

// PersonByPhone finds the person that a number leads to; ErrNone when it leads
// to nobody.
func (l *Ledger) PersonByPhone(ctx context.Context, p contact.Phone) (contact.ID, error) {
	return l.Find(ctx, contact.ViaSMS, string(p))
}

// Find gives the person that an address or a number leads to; ErrNone when it
// leads to nobody. The person may be gone when it is read.
func (l *Ledger) Find(ctx context.Context, v contact.Via, address string) (contact.ID, error) {
	id, err := l.redis.Get(ctx, indexKey(kindOf(v), l.hashOf(v, address))).Result()
	if errors.Is(err, redis.Nil) {
		return "", ErrNone
	}
	if err != nil {
		return "", fmt.Errorf("look up a person: %w", err)
	}
	return contact.ID(id), nil
}

// detach takes an index away if it still leads to that person.
var detach = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`)

// Detach ends that a number leads to a person: whoever reads there is somebody
// else. The person's other addresses and everything known of them stay, and
// so does that they gave the number.
func (l *Ledger) Detach(ctx context.Context, p contact.Phone, id contact.ID) error {
	if err := l.leave(ctx, l.phoneHash(p), line{Also: id}); err != nil {
		return err
	}
	if err := detach.Run(ctx, l.redis, []string{indexKey("phone", l.phoneHash(p))}, string(id)).Err(); err != nil {
		return fmt.Errorf("detach a number from %s: %w", id, err)
	}
	return nil
}

func (l *Ledger) phoneHash(p contact.Phone) string { return l.keys.Hash("phone", string(p)) }

func (l *Ledger) hashOf(v contact.Via, address string) string {
	if v == contact.ViaEmail {
		return l.keys.Hash("email", contact.Email(address).Key())
	}
	return l.phoneHash(contact.Phone(address))
}

// kindOf is the kind of index that addresses of a way have.
func kindOf(v contact.Via) string {
	if v == contact.ViaEmail {
		return "email"
	}
	return "phone"
}

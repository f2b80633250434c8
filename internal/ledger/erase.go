package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
)

// Erasure says what the removal of a person takes away and what stays.
type Erasure struct {
	Contact     contact.ID `json:"contact"`
	Submissions int        `json:"submissions"`
	Unread      bool       `json:"unread"` // something of the person waits for a reader
	Replies     int        `json:"replies"`
	Messages    int        `json:"messages"`  // planned and sent, with the notes to staff
	Cancelled   int        `json:"cancelled"` // of these, not yet sent
	InHand      int        `json:"in_hand"`   // of these, at a provider at this moment
	Kept        []Kept     `json:"kept"`
}

// Kept is what stays under the keyed hash of an address of the person.
type Kept struct {
	Via     contact.Via        `json:"via"`
	Grants  int                `json:"grants"`
	Sent    int                `json:"sent"`
	Blocked []gate.Suppression `json:"blocked"` // goes on to hold
}

// beginErasing marks the person: from here on no submission is added to it,
// and whoever looks after it finishes what was begun. Where it matters that
// nothing was added before, ARGV[2] is how many fields the person had.
var beginErasing = redis.NewScript(`
local fields = redis.call('HLEN', KEYS[1])
if fields == 0 then return 0 end
if ARGV[2] ~= '' and fields ~= tonumber(ARGV[2]) then return -1 end
redis.call('HSETNX', KEYS[1], 'erasing', ARGV[1])
return 1`)

// Erasing tells what Erase would do, and does nothing. It returns ErrNone for
// nobody.
func (l *Ledger) Erasing(ctx context.Context, id contact.ID) (Erasure, error) {
	p, err := l.Person(ctx, id)
	if err != nil {
		return Erasure{}, err
	}
	for n, s := range p.Submissions {
		if s.ID == "" {
			return Erasure{}, fmt.Errorf("erase %s: submission %d cannot be read with this key set: neither its address nor what it proves is known", id, n+1)
		}
	}
	e := Erasure{Contact: id, Submissions: len(p.Submissions), Replies: p.Replies, Messages: len(p.Messages), Unread: p.Unread+p.Heard > 0}
	for _, m := range p.Messages {
		switch m.Row.State {
		case Waiting, Held:
			e.Cancelled++
		case Sending:
			e.InHand++
		}
	}
	for _, a := range l.addresses(p) {
		k := Kept{Via: a.via, Blocked: []gate.Suppression{}}
		for _, each := range l.evidence(p, a.via, a.hash) {
			if each.Grant != nil {
				k.Grants++
			} else {
				k.Sent++
			}
		}
		reasons, err := l.suppressions(ctx, a.via, a.hash)
		if err != nil {
			return e, err
		}
		k.Blocked = append(k.Blocked, reasons...)
		e.Kept = append(e.Kept, k)
	}
	return e, nil
}

// Erase removes a person: all that was written, planned and noted, and what
// leads there. What stays lies under keyed hashes of the addresses: what was
// agreed to and sent, as evidence, and what blocks them. A worker that holds a
// message of the person finds nothing to write down and sends nothing more; what
// was submitted before and lies in a queue is not taken in any more. What died on
// the way is finished by calling it again, or by the sweeper. It returns ErrNone
// for nobody. by is who asked for it, and must not be empty.
func (l *Ledger) Erase(ctx context.Context, id contact.ID, by string) (Erasure, error) {
	return l.erase(ctx, id, by, "", l.now())
}

// Expire does the same with a person whose time is over, unless something has
// been added since p was read: then it returns ErrRace.
func (l *Ledger) Expire(ctx context.Context, p *Person) (Erasure, error) {
	return l.erase(ctx, p.ID, byRetention, strconv.Itoa(p.fields), time.Time{})
}

const byRetention = "retention"

// erase removes a person. asked is when somebody asked for it; zero when nobody
// did, or when that is remembered already.
func (l *Ledger) erase(ctx context.Context, id contact.ID, by, fields string, asked time.Time) (Erasure, error) {
	if by == "" {
		return Erasure{}, errors.New("erase: who asked for it must be given")
	}
	if _, err := l.Erasing(ctx, id); err != nil {
		return Erasure{}, err
	}
	if !asked.IsZero() { // before it begins: what comes later must not be older
		p, err := l.Person(ctx, id)
		if err == nil {
			err = l.remember(ctx, p, asked)
		}
		if err != nil {
			return Erasure{}, err
		}
	}
	begun, err := beginErasing.Run(ctx, l.redis, []string{personKey(id)}, by, fields).Int()
	switch {
	case err != nil:
		return Erasure{}, fmt.Errorf("erase %s: %w", id, err)
	case begun < 0:
		return Erasure{}, ErrRace
	case begun == 0:
		return Erasure{}, ErrNone
	}
	if err := l.note(ctx, id, l.now().Unix()); err != nil {
		return Erasure{}, err
	}
	e, err := l.Erasing(ctx, id)
	if err != nil {
		return e, err
	}
	// No worker may claim what the evidence will not name.
	if err := l.cancel(ctx, id, gate.ReasonStaff, by, func(Planned) bool { return true }); err != nil {
		return e, err
	}
	p, err := l.Person(ctx, id)
	if err != nil {
		return e, err
	}
	if err := l.bequeath(ctx, p, by); err != nil {
		return e, err
	}
	// What leads there goes first: a person to whom nothing leads is still found
	// by the mark, but what leads to nobody would lead a new one here.
	for _, a := range l.addresses(p) {
		if err := detach.Run(ctx, l.redis, []string{indexKey(kindOf(a.via), a.hash)}, string(id)).Err(); err != nil {
			return e, fmt.Errorf("erase %s: %w", id, err)
		}
	}
	for _, s := range p.Submissions {
		// The same words sent again are no repetition of what is gone.
		if err := detach.Run(ctx, l.redis, []string{foldKey(l.keys.Hash("content", s.Content()))}, s.ID).Err(); err != nil {
			return e, fmt.Errorf("erase %s: %w", id, err)
		}
	}
	if err := l.unnameTexts(ctx, p); err != nil {
		return e, err
	}
	if err := l.Unlist(ctx, p); err != nil {
		return e, err
	}
	if err := l.redis.Del(ctx, personKey(id), logKey(id)).Err(); err != nil {
		return e, fmt.Errorf("erase %s: %w", id, err)
	}
	return e, nil
}

// bequeath leaves the evidence of a person with each of its addresses. One that
// nothing was agreed for and nothing sent to keeps nothing.
func (l *Ledger) bequeath(ctx context.Context, p *Person, by string) error {
	for _, a := range l.addresses(p) {
		items := l.evidence(p, a.via, a.hash)
		if len(items) == 0 {
			continue
		}
		items = append(items, Evidence{At: l.now(), What: Erased, By: by})
		if err := l.leave(ctx, a.hash, line{Person: p.ID, First: p.Submissions[0].ID, Items: items}); err != nil {
			return fmt.Errorf("erase %s: %w", p.ID, err)
		}
	}
	return nil
}

// address is where a person can be reached.
type address struct {
	via  contact.Via
	hash string
	text string
}

// addresses are all that the person ever gave, each once.
func (l *Ledger) addresses(p *Person) []address {
	var all []address
	for _, s := range p.Submissions {
		for _, a := range []address{{contact.ViaEmail, "", string(s.Email)}, {contact.ViaSMS, "", string(s.Phone)}} {
			if a.text == "" {
				continue
			}
			if a.hash = l.addressHash(a.via, s); !slices.ContainsFunc(all, func(b address) bool { return b.hash == a.hash }) {
				all = append(all, a)
			}
		}
	}
	slices.SortFunc(all, func(a, b address) int { return strings.Compare(string(a.via)+a.hash, string(b.via)+b.hash) })
	return all
}

// Addresses are what a person may be reached by, each once: the address or
// number by its way.
func (l *Ledger) Addresses(p *Person) []Proof {
	var all []Proof
	for _, a := range l.addresses(p) {
		all = append(all, Proof{Via: a.via, Address: a.text})
	}
	return all
}

// FinishErasing ends what was begun with somebody who is being removed.
func (l *Ledger) FinishErasing(ctx context.Context, p *Person) error {
	_, err := l.erase(ctx, p.ID, p.Erasing, "", time.Time{})
	if errors.Is(err, ErrNone) {
		return nil
	}
	return err
}

package ledger

import (
	"cmp"
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

const (
	foldFor        = 10 * time.Minute // the same content sent again is one submission
	idempotencyFor = 24 * time.Hour   // so is the same idempotency key
)

// idLength is how long the id of a person is: 80 bits in base32, as seal.NewID has.
const idLength = 16

// Step is a message that the plan wants.
type Step struct {
	Template string
	Via      contact.Via
	Due      time.Time
	Why      gate.Reason // it is not sent, for this reason, and only stands there; "": it is
}

// Plan is what should follow from a submission.
type Plan struct {
	Steps  []Step
	Unread bool        // a person must read it before anything but the confirmation email goes
	Guard  gate.Reason // why the form's guard stopped something of it; "" when it did not
	Err    error       // there is no plan: nothing is taken in
}

// Admitted says where a submission went.
type Admitted struct {
	Contact contact.ID
	N       int         // its number with the person, from 1
	Folded  bool        // it was the same as one of the last minutes; nothing was planned
	Erased  bool        // its person was removed since it was made: it was not taken in
	Reused  bool        // it came under the idempotency key of another one, and was taken in all the same
	Steps   []Planned   // what was planned, by this call or by an earlier one for the same submission
	Guard   gate.Reason // why the form's guard stopped something of it, with this call

	unread bool // a person must read it
}

// admit adds a submission and its plan if the person still has as many
// submissions as were read, and is not being removed.
var admit = redis.NewScript(`
if (redis.call('HGET', KEYS[1], 'n') or '0') ~= ARGV[1] or redis.call('HEXISTS', KEYS[1], 'erasing') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'n', ARGV[2], unpack(ARGV, 3))
return 1`)

// Once is by what a submission is known to be the same as another.
type Once struct {
	Content string // keyed hash of what was written; "" is the same as nothing
	Keyed   bool   // its ID is that of an idempotency key
}

// Admit takes a submission into the ledger: finds whether its address or
// number is known, adds it to that person or to a new one, and plans what
// should follow. plan sees the person as there was before. Doing it twice with
// the same submission has the effect of once. What was submitted before its
// person had itself removed is not taken in.
func (l *Ledger) Admit(ctx context.Context, s contact.Submission, o Once, plan func(*Person) Plan) (a Admitted, err error) {
	defer func(given string) { a.Reused = s.ID != given }(s.ID)
	if s.ID, err = l.identify(ctx, s.ID, o); err != nil {
		return Admitted{}, err
	}
	if o.Content != "" {
		first, err := l.first(ctx, foldKey(o.Content), s.ID, foldFor)
		if err != nil || first != s.ID {
			return Admitted{Folded: err == nil}, err
		}
	}
	for {
		id, other, err := l.resolve(ctx, s)
		if err != nil {
			return Admitted{}, err
		}
		p, err := l.known(ctx, id)
		if err != nil {
			return Admitted{}, err
		}
		if p.Erasing != "" { // who is being removed and writes again is new
			if err := l.FinishErasing(ctx, p); err != nil {
				return Admitted{}, err
			}
			continue
		}
		if other != id { // the number led to somebody else: their sequence counts too
			if p.other, err = l.known(ctx, other); err != nil {
				return Admitted{}, err
			}
		}
		for i, old := range p.Submissions {
			if old.ID == s.ID { // by a run that may have died before it noted it
				return Admitted{Contact: id, N: i + 1, Steps: p.of(i + 1)}, errors.Join(l.List(ctx, p), l.note(ctx, id, s.At.Unix()))
			}
		}
		// Asked once the person is read: who is removed after this is missed there.
		if erased, err := l.erasedSince(ctx, s); err != nil || erased {
			if erased {
				err = l.drop(ctx, p, s, o)
			}
			return Admitted{Erased: erased}, err
		}
		p.Admits = s.ID
		planned := plan(p)
		if planned.Err != nil {
			return Admitted{}, fmt.Errorf("plan for %s: %w", id, planned.Err)
		}
		s.Guard = string(planned.Guard)
		if other != id { // the number would lead to the other's evidence alone
			if err := l.leave(ctx, l.addressHash(contact.ViaSMS, s), line{Also: id}); err != nil {
				return Admitted{}, err
			}
		}
		added, err := l.add(ctx, p, s, planned)
		if err != nil && !errors.Is(err, ErrRace) {
			return Admitted{}, fmt.Errorf("admit a submission of %s: %w", id, err)
		}
		if err == nil && added.N == 1 && id != l.newID(s) {
			// What led here led to nobody: to one who was removed at this moment, and
			// with whom the way here may have gone too.
			err = l.lead(ctx, s, id)
		}
		if err == nil {
			err = l.listNew(ctx, p, added.N, s, added.unread)
		}
		if !errors.Is(err, ErrRace) {
			return added, err
		}
	}
}

func (l *Ledger) add(ctx context.Context, p *Person, s contact.Submission, plan Plan) (Admitted, error) {
	n := len(p.Submissions) + 1
	plain, err := json.Marshal(s)
	if err != nil {
		return Admitted{}, err
	}
	args := []any{strconv.Itoa(n - 1), strconv.Itoa(n), submissionField(n), l.keys.Seal(plain, place(p.ID, n))}
	if plan.Unread {
		args = append(args, fieldUnread, mark{N: n}.encode())
	}
	added := Admitted{Contact: p.ID, N: n, unread: plan.Unread, Guard: plan.Guard}
	for _, step := range plan.Steps {
		planned := Planned{
			Contact: p.ID, Entry: Entry{n, step.Template}, Via: step.Via, Submission: s,
			Row: Row{State: Waiting, Planned: step.Due.Unix(), Due: step.Due.Unix()},
		}
		if step.Why != "" {
			planned.Row.State, planned.Row.Why, planned.Row.Due, planned.Row.At = NotSent, step.Why, 0, l.now().Unix()
		}
		planned.raw = planned.Row.encode()
		args = append(args, planned.Entry.field(step.Via), planned.raw)
		added.Steps = append(added.Steps, planned)
	}
	done, err := admit.Run(ctx, l.redis, []string{personKey(p.ID)}, args...).Int()
	if err == nil && done == 0 {
		err = ErrRace
	}
	return added, err
}

// listNew lists what a submission has brought: what the person is found by,
// that somebody must read it, and when to look after it.
func (l *Ledger) listNew(ctx context.Context, p *Person, n int, s contact.Submission, unread bool) error {
	_, err := l.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		l.listWords(ctx, pipe, p, n, s)
		if unread {
			put(ctx, pipe, TrayNew, Slip{Contact: p.ID, N: n, Since: s.At})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list submission %d of %s: %w", n, p.ID, err)
	}
	return l.note(ctx, p.ID, s.At.Unix())
}

// known reads a person, or gives an empty one.
func (l *Ledger) known(ctx context.Context, id contact.ID) (*Person, error) {
	p, err := l.Person(ctx, id)
	if errors.Is(err, ErrNone) {
		return &Person{ID: id}, nil
	}
	return p, err
}

// identify gives the submission's own id. Under one idempotency key the same
// words are one submission for a day; other words are another one, since a
// site that always sends the same key must not cost anybody an answer.
func (l *Ledger) identify(ctx context.Context, id string, o Once) (string, error) {
	if !o.Keyed || o.Content == "" {
		return id, nil
	}
	first, err := l.first(ctx, idempotencyKey(id), o.Content, idempotencyFor)
	if err == nil && first != o.Content {
		id += "." + o.Content
	}
	return id, err
}

// first sets key to value unless it has one, and gives the one it has then.
func (l *Ledger) first(ctx context.Context, key, value string, ttl time.Duration) (string, error) {
	set, err := l.redis.SetNX(ctx, key, value, ttl).Result()
	if err != nil {
		return "", fmt.Errorf("reserve: %w", err)
	}
	if set {
		return value, nil
	}
	have, err := l.redis.Get(ctx, key).Result()
	if errors.Is(err, redis.Nil) { // it ran out between the two
		return l.first(ctx, key, value, ttl)
	}
	if err != nil {
		return "", fmt.Errorf("read a reservation: %w", err)
	}
	return have, nil
}

// resolve finds the person with this address, else the one with this number,
// else a new one, and makes both lead there. A number that led to somebody else
// goes on doing so: other is that person, and otherwise id.
func (l *Ledger) resolve(ctx context.Context, s contact.Submission) (id, other contact.ID, err error) {
	keys := l.indexes(s)
	for _, key := range keys {
		have, err := l.redis.Get(ctx, key).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return "", "", fmt.Errorf("look up a person: %w", err)
		}
		id = cmp.Or(id, contact.ID(have))
	}
	// A new person is named after the submission: a second run whose first one's
	// index a failover has lost must not make another person of it.
	id = cmp.Or(id, l.newID(s))
	for i, key := range keys {
		have, err := l.first(ctx, key, string(id), 0)
		if err != nil {
			return "", "", fmt.Errorf("look up a person: %w", err)
		}
		if other = contact.ID(have); i == 0 { // two forms of one new person at once: the first wins
			id = other
		}
	}
	return id, other, nil
}

// newID names a person who is new with that submission.
func (l *Ledger) newID(s contact.Submission) contact.ID {
	return contact.ID(l.keys.Hash("person", s.ID)[:idLength])
}

// indexes are the keys that should lead from the submission to its person.
func (l *Ledger) indexes(s contact.Submission) (keys []string) {
	if s.Email != "" {
		keys = append(keys, indexKey("email", l.addressHash(contact.ViaEmail, s)))
	}
	if s.Phone != "" {
		keys = append(keys, indexKey("phone", l.addressHash(contact.ViaSMS, s)))
	}
	return keys
}

// lead makes what leads nowhere lead to that person.
func (l *Ledger) lead(ctx context.Context, s contact.Submission, id contact.ID) error {
	for _, key := range l.indexes(s) {
		if _, err := l.first(ctx, key, string(id), 0); err != nil {
			return err
		}
	}
	return nil
}

// Package ledger is the memory in Redis: who wrote, what was agreed to, what
// is planned, what was sent, and who must not be written to. A row of it is
// the message; the task that rings for it is only an alarm clock.
//
// Whatever names a person lies sealed; what is looked up lies under a keyed
// hash. A change of a message is a compare-and-set of its row, so of two
// workers one wins, and the state machine stands in one place, in Go.
package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/seal"
)

// Ledger keeps the memory. Safe for use by many goroutines and many processes.
type Ledger struct {
	redis redis.UniversalClient
	keys  *seal.Keys
	now   func() time.Time // the plan's clock
	keep  Keep
}

// New opens a ledger over a client whose closing is the caller's; now is the
// plan's clock.
func New(rdb redis.UniversalClient, keys *seal.Keys, now func() time.Time) *Ledger {
	return &Ledger{redis: rdb, keys: keys, now: now, keep: defaultKeep}
}

// The errors that a caller may want to tell apart.
var (
	ErrNone = errors.New("ledger: no such person or message")     // erased, or never there
	ErrRace = errors.New("ledger: somebody else was faster here") // read again and decide again
)

// swap sets a field if it still holds what was read, writes the event unless
// it is "", and gives the fields that a decision needs, read in the same
// instant. ARGV[6] is "again" for a message that had ended and is meant anew:
// that somebody took it back before is no longer true. A caller whose answer was
// lost may ask again: finding its own value counts as success. ARGV[7] is what
// stood there before the caller's claim, "" without one: a failover may have lost
// the claim, and what its holder was told by a provider is true all the same.
var swap = redis.NewScript(`
local now = redis.call('HGET', KEYS[1], ARGV[1])
if now ~= ARGV[2] and now ~= ARGV[3] and (not ARGV[7] or ARGV[7] == '' or now ~= ARGV[7]) then return {0} end
if now ~= ARGV[3] then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
  if ARGV[6] == 'again' then redis.call('HDEL', KEYS[1], 'x' .. ARGV[1]) end
  if ARGV[4] ~= '' then redis.call('RPUSH', KEYS[2], ARGV[4]) end
end
local have = redis.call('HMGET', KEYS[1], 'unread', 'heard', 'stopped', 'hold', ARGV[5], 'x' .. ARGV[1])
return {1, have[1] or have[2] or '', have[3] or '', have[4] or '', have[5] or '', have[6] or ''}`)

// withdraw marks a message that a worker holds as taken back.
var withdraw = redis.NewScript(`
if not redis.call('HGET', KEYS[1], ARGV[1]) then return -1 end
if redis.call('HSETNX', KEYS[1], 'x' .. ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('RPUSH', KEYS[2], ARGV[3])
return 1`)

// Withdraw takes a message back that a worker holds: it may be with its
// provider, and in that case it has gone, but it will not be tried again.
// Twice is once. It returns ErrNone when there is no such message.
func (l *Ledger) Withdraw(ctx context.Context, p *Planned, e Event) error {
	line, err := l.line(p.Contact, e)
	if err != nil {
		return err
	}
	return l.act(ctx, withdraw, "take back a message of", p.Contact, p.Entry.field(p.Via), e.By, line)
}

// Message reads one planned message. It returns ErrNone when there is none.
func (l *Ledger) Message(ctx context.Context, id contact.ID, e Entry, v contact.Via) (*Planned, error) {
	hangs, _ := e.Hangs()
	values, err := l.redis.HMGet(ctx, personKey(id), e.field(v), submissionField(e.N), fieldUnread, fieldStopped, fieldHeard,
		fieldHold, appointmentField(hangs.Appointment), withdrawnField(e, v)).Result()
	if err != nil {
		return nil, fmt.Errorf("read message %s of %s: %w", e, id, err)
	}
	text := func(i int) string { s, _ := values[i].(string); return s }
	if text(0) == "" || text(1) == "" {
		return nil, ErrNone
	}
	p := &Planned{Contact: id, Entry: e, Via: v, raw: text(0)}
	if p.Row, err = decodeRow(p.raw); err != nil {
		return nil, fmt.Errorf("read message %s of %s: %w", e, id, err)
	}
	if p.Submission, err = l.openSubmission(id, e.N, text(1)); err != nil {
		return nil, err
	}
	return p, l.setFlags(p, flags{cmp.Or(text(2), text(4)), text(3), text(5), text(6), text(7)})
}

// flags are the fields of a person that hold messages back or change what they
// say; "" where there is none.
type flags struct {
	unread      string // a submission or a reply that a person must read
	stopped     string
	hold        string
	appointment string // the one that the message hangs on
	withdrawn   string // the message itself was taken back while a worker held it
}

// setFlags reads them into p.
func (l *Ledger) setFlags(p *Planned, f flags) error {
	u, err := parseMark(f.unread)
	if err != nil {
		return err
	}
	s, err := parseMark(f.stopped)
	if err != nil {
		return err
	}
	h, err := parseMark(f.hold)
	if err != nil {
		return err
	}
	p.Unread, p.OnHold, p.Withdrawn, p.Stopped = u.N > 0, h.N > 0, f.withdrawn != "", ""
	if s.N >= p.Entry.N {
		p.Stopped = s.Why
	}
	hangs, _ := p.Entry.Hangs()
	if hangs.Appointment == 0 || p.Appointment != nil && p.Appointment.raw == f.appointment {
		return nil
	}
	// One that does not open leaves none: what hangs on it is not sent.
	p.Appointment = nil
	if a, err := l.openAppointment(p.Contact, hangs.Appointment, f.appointment); err == nil {
		p.Appointment = &a
	}
	return nil
}

// Moment is what may keep a message back, as true in the moment after its claim.
type Moment struct {
	Suppressed    gate.Suppression
	Paused        time.Duration  // its provider is not asked for so long, in real time
	PausedByStaff bool           // because staff want it so, and not because of what it said
	Earlier       []gate.Earlier // with a text: what else its number got
	Texted        bool           // with a text: its number has texted us
	Unreadable    bool           // what the number got, or what became of the list, cannot be told
	NotBefore     time.Time      // with a list: it does not go before, since its plan is not whole or its start not there
}

// Claim takes the message for one attempt, named try, and reads in the same
// round trip, on a Cluster in one more, everything that may have changed since
// it was loaded: from here
// on p and the moment tell the truth of the moment after the claim. It
// returns ErrRace when another attempt was faster.
func (l *Ledger) Claim(ctx context.Context, p *Planned, try string, at time.Time) (Moment, error) {
	row, err := p.Row.To(Sending, "", l.now())
	if err != nil {
		return Moment{}, err
	}
	row.Try, row.Since, row.Tries = try, at.Unix(), row.Tries+1
	was := *p
	var suppressed, texts, pausedBy *redis.StringCmd
	var paused *redis.DurationCmd
	var live, texted *redis.IntCmd
	var batch *redis.SliceCmd
	flags, err := l.swap(ctx, p, row, "", func(pipe redis.Pipeliner) {
		suppressed = pipe.Get(ctx, l.suppression(p))
		paused, pausedBy = pipe.PTTL(ctx, pauseKey(p.Via)), pipe.Get(ctx, pauseKey(p.Via))
		live = pipe.Exists(ctx, keyLive)
		if p.Via == contact.ViaSMS {
			number := l.addressHash(p.Via, p.Submission)
			texts, texted = pipe.Get(ctx, textsKey(number)), pipe.Exists(ctx, inboundKey(number))
		}
		if p.Row.Batch != "" && !p.Row.Anew {
			batch = pipe.HMGet(ctx, batchKey(p.Row.Batch), batchStage, batchStart)
		}
	})
	if err != nil {
		if !errors.Is(err, ErrRace) {
			l.unclaim(ctx, &was, row)
		}
		return Moment{}, fmt.Errorf("claim %s: %w", p.ID(), err)
	}
	why, err := optional(suppressed)
	m := Moment{Suppressed: strongest(why), Paused: left(paused)}
	by, bad := optional(pausedBy)
	m.PausedByStaff, err = m.Paused > 0 && strings.HasPrefix(by, byStaff), errors.Join(err, bad)
	if texts != nil {
		p.texts, bad = optional(texts)
		err = errors.Join(err, bad, texted.Err())
		m.Earlier, bad = p.earlier()
		m.Texted, m.Unreadable = texted.Val() > 0, bad != nil
	}
	if err = errors.Join(err, paused.Err(), live.Err(), l.setFlags(p, flags)); err != nil {
		*p = was
		l.unclaim(ctx, &was, row)
		return Moment{}, fmt.Errorf("claim %s: read what may keep it back: %w", p.ID(), err)
	}
	p.Live, p.before = live.Val() > 0, was.raw
	if batch != nil {
		err = l.heedBatch(&m, p, batch)
	}
	if err != nil {
		*p = was
		l.unclaim(ctx, &was, row)
		return Moment{}, fmt.Errorf("claim %s: read its list: %w", p.ID(), err)
	}
	return m, nil
}

// optional gives what a key holds, "" when there is none.
func optional(c *redis.StringCmd) (string, error) {
	s, err := c.Result()
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	return s, err
}

// unclaim takes back a claim whose answer was an error: it may have been made
// all the same, and nobody will send under it. If this fails too the claim
// becomes stale, as if its holder had died.
func (l *Ledger) unclaim(ctx context.Context, p *Planned, claimed Row) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = swap.Run(ctx, l.redis, []string{personKey(p.Contact), logKey(p.Contact)}, p.Entry.field(p.Via), claimed.encode(), p.raw, "", "").Err()
}

// Settle writes down what became of the message, and reads again whether a
// reader or a stop is in its way. It returns ErrRace when the row is no longer
// what this caller read or claimed.
func (l *Ledger) Settle(ctx context.Context, p *Planned, row Row) error {
	return l.settle(ctx, p, row, "")
}

// SettleAs does the same, with an event on the timeline in the same step.
func (l *Ledger) SettleAs(ctx context.Context, p *Planned, row Row, e Event) error {
	line, err := l.line(p.Contact, e)
	if err != nil {
		return err
	}
	return l.settle(ctx, p, row, line)
}

func (l *Ledger) settle(ctx context.Context, p *Planned, row Row, event string) error {
	before, ended := p.Row.Due, !p.Row.State.Pending()
	flags, err := l.swap(ctx, p, row, event, nil)
	if err == nil {
		err = l.setFlags(p, flags)
	}
	if err != nil {
		return fmt.Errorf("settle %s: %w", p.ID(), err)
	}
	if row.Failed() {
		return l.failed(ctx, p)
	}
	if row.State.Pending() && (ended || row.Due < before) {
		return l.note(ctx, p.Contact, row.Due)
	}
	return nil
}

// swap runs the compare-and-set, with what else the caller wants to read after
// it, where one Redis has all of it in the same pipeline.
func (l *Ledger) swap(ctx context.Context, p *Planned, row Row, event string, also func(redis.Pipeliner)) (f flags, err error) {
	raw, appointment := row.encode(), ""
	if hangs, ok := p.Entry.Hangs(); ok && hangs.Appointment > 0 {
		appointment = appointmentField(hangs.Appointment)
	}
	again := ""
	if !p.Row.State.Pending() && row.State.Pending() {
		again = "again"
	}
	keys, args := []string{personKey(p.Contact), logKey(p.Contact)}, []any{p.Entry.field(p.Via), p.raw, raw, event, appointment, again, p.before}
	// The parts of a pipeline go to the nodes of a Cluster side by side: there the
	// reading has a pipeline of its own.
	_, spread := l.redis.(*redis.ClusterClient)
	var cmd *redis.Cmd
	for _, load := range []bool{false, true} {
		if load { // the script is gone after a restart of Redis
			if err := swap.Load(ctx, l.redis).Err(); err != nil {
				return f, err
			}
		}
		_, _ = l.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			cmd = swap.EvalSha(ctx, pipe, keys, args...)
			if also != nil && !spread {
				also(pipe)
			}
			return nil
		})
		if !redis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") {
			break
		}
	}
	values, err := cmd.Slice()
	if err != nil {
		return f, err
	}
	if len(values) != 6 {
		return f, ErrRace
	}
	if also != nil && spread {
		_, _ = l.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error { also(pipe); return nil }) // each command has its error
	}
	p.Row, p.raw, p.before = row, raw, ""
	for i, into := range []*string{&f.unread, &f.stopped, &f.hold, &f.appointment, &f.withdrawn} {
		*into, _ = values[i+1].(string)
	}
	return f, nil
}

func (l *Ledger) suppression(p *Planned) string {
	return suppressionKey(p.Via, l.addressHash(p.Via, p.Submission))
}

// addressHash is the keyed hash of the address that a way leads to.
func (l *Ledger) addressHash(v contact.Via, s contact.Submission) string {
	if v == contact.ViaEmail {
		return l.hashOf(v, string(s.Email))
	}
	return l.phoneHash(s.Phone)
}

func place(id contact.ID, n int) string { return string(id) + " " + submissionField(n) }

func (l *Ledger) openSubmission(id contact.ID, n int, sealed string) (contact.Submission, error) {
	var s contact.Submission
	plain, err := l.keys.Open([]byte(sealed), place(id, n))
	if err != nil {
		return s, fmt.Errorf("read submission %d of %s: %w", n, id, err)
	}
	if err := json.Unmarshal(plain, &s); err != nil {
		return s, fmt.Errorf("read submission %d of %s: not the JSON that was sealed", n, id)
	}
	return s, nil
}

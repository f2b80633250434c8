package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
)

// A list that staff send is a batch. Its rows are reminders of people, and each
// knows its batch; the batch knows the rows by person and number. Nothing of it
// goes before its plan is confirmed as whole, and nothing once it is aborted:
// every claim reads the state of the batch beside all else that may keep a
// message back.

// Stage is how far a batch has come.
type Stage string

// The stages.
const (
	Planning Stage = "planning" // its rows are being written: none goes
	Going    Stage = "going"    // its plan is whole: each row goes at its time
	Aborted  Stage = "aborted"  // staff stopped it: none goes any more
)

// Batch is a list of people who get the same reminder.
type Batch struct {
	ID       string        `json:"id"`
	Template string        `json:"template"`
	Vias     []contact.Via `json:"vias,omitempty"` // none: every way that may be used
	Made     int64         `json:"made"`           // when it was asked for; all times are seconds since 1970 on the plan's clock
	By       string        `json:"by"`
	List     string        `json:"list"`           // keyed hash of the list and the template
	At       int64         `json:"at,omitempty"`   // the moment asked for; 0: as soon as it may
	Pace     int           `json:"pace,omitempty"` // so many an hour; 0: as the providers take them

	Stage   Stage  `json:"-"`
	Start   int64  `json:"-"` // nothing goes before it; 0 while it is being planned
	Rung    bool   `json:"-"` // every alarm is set
	Aborter string `json:"-"` // who aborted it
	Ended   int64  `json:"-"` // when every row was first seen in a final state; 0: not yet
}

const (
	keepBatch = year // as long as people are kept
	sameList  = 24 * time.Hour
)

// Fields of a batch's hash.
const (
	batchMade  = "made"
	batchStage = "stage"
	batchStart = "start"
	batchRung  = "rung"
	batchBy    = "by"
	batchEnded = "ended"
)

// Batched gives the batch that a list and a template have had within a day, and
// ErrNone when there is none.
func (l *Ledger) Batched(ctx context.Context, list string) (*Batch, error) {
	id, err := l.redis.Get(ctx, listKey(list)).Result()
	if errors.Is(err, redis.Nil) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("look for the batch of a list: %w", err)
	}
	return l.Batch(ctx, id)
}

// NewBatch begins a batch, as the one of its list for a day: the first of two
// who begin it at once wins, and both get the winner's. It stands in Planning.
func (l *Ledger) NewBatch(ctx context.Context, b Batch, again bool) (*Batch, error) {
	made, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("begin a batch: %w", err)
	}
	key := batchKey(b.ID)
	_, err = l.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.HSet(ctx, key, batchMade, made, batchStage, string(Planning))
		pipe.Expire(ctx, key, keepBatch)
		pipe.ZAdd(ctx, keyBatches, redis.Z{Score: float64(b.Made), Member: b.ID})
		pipe.ZRemRangeByScore(ctx, keyBatches, "-inf", strconv.FormatInt(l.now().Add(-keepBatch).Unix(), 10))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("begin a batch: %w", err)
	}
	if again {
		err := l.redis.Set(ctx, listKey(b.List), b.ID, sameList).Err()
		if err != nil {
			return nil, fmt.Errorf("begin a batch: %w", err)
		}
		return l.Batch(ctx, b.ID)
	}
	winner, err := l.first(ctx, listKey(b.List), b.ID, sameList)
	if err != nil {
		return nil, fmt.Errorf("begin a batch: %w", err)
	}
	if winner != b.ID {
		err := errors.Join(l.redis.Del(ctx, key).Err(), l.redis.ZRem(ctx, keyBatches, b.ID).Err())
		if err != nil {
			return nil, fmt.Errorf("begin a batch: %w", err)
		}
	}
	return l.Batch(ctx, winner)
}

// Batch reads a batch by its id; ErrNone when there is none.
func (l *Ledger) Batch(ctx context.Context, id string) (*Batch, error) {
	fields, err := l.redis.HGetAll(ctx, batchKey(id)).Result()
	if err != nil {
		return nil, fmt.Errorf("read batch: %w", err)
	}
	return readBatch(fields)
}

func readBatch(fields map[string]string) (*Batch, error) {
	if fields[batchMade] == "" {
		return nil, ErrNone
	}
	var b Batch
	if err := json.Unmarshal([]byte(fields[batchMade]), &b); err != nil {
		return nil, fmt.Errorf("read batch: %w", err)
	}
	b.Stage, b.Rung, b.Aborter = Stage(fields[batchStage]), fields[batchRung] != "", fields[batchBy]
	b.Start, _ = strconv.ParseInt(fields[batchStart], 10, 64)
	b.Ended, _ = strconv.ParseInt(fields[batchEnded], 10, 64)
	return &b, nil
}

// Batches lists the newest of them, and says how many there are.
func (l *Ledger) Batches(ctx context.Context, most int) ([]*Batch, int64, error) {
	total, err := l.redis.ZCard(ctx, keyBatches).Result()
	if err != nil {
		return nil, 0, fmt.Errorf("list batches: %w", err)
	}
	ids, err := l.redis.ZRevRange(ctx, keyBatches, 0, int64(most)-1).Result()
	if err != nil {
		return nil, 0, fmt.Errorf("list batches: %w", err)
	}
	fields := make([]*redis.MapStringStringCmd, len(ids))
	_, err = l.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, id := range ids {
			fields[i] = pipe.HGetAll(ctx, batchKey(id))
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list batches: %w", err)
	}
	var all []*Batch
	for _, f := range fields {
		if b, err := readBatch(f.Val()); err == nil {
			all = append(all, b)
		}
	}
	return all, total, nil
}

// step moves a batch from one of the stages in ARGV[1] to that in ARGV[2], and
// sets a field with it.
var step = redis.NewScript(`
local stage = redis.call('HGET', KEYS[1], 'stage')
if not stage or not string.find(' ' .. ARGV[1] .. ' ', ' ' .. stage .. ' ', 1, true) then return 0 end
return redis.call('HSET', KEYS[1], 'stage', ARGV[2], ARGV[3], ARGV[4])`)

// Confirm says that the plan of a batch is whole: from the start on it goes.
// Where somebody was faster, to abort or to confirm it, b tells.
func (l *Ledger) Confirm(ctx context.Context, b *Batch, start time.Time) error {
	return l.step(ctx, b, string(Planning), Going, batchStart, NotBefore(start))
}

// Abort says that nothing of a batch goes any more: every claim from here on is
// told. Taking the rows back is the caller's matter. Twice is once: the first
// stands.
func (l *Ledger) Abort(ctx context.Context, b *Batch, by string) error {
	return l.step(ctx, b, string(Planning)+" "+string(Going), Aborted, batchBy, by)
}

// step takes a batch from one of some stages to another; b is what it is then.
func (l *Ledger) step(ctx context.Context, b *Batch, from string, to Stage, field string, value any) error {
	err := step.Run(ctx, l.redis, []string{batchKey(b.ID)}, from, string(to), field, value).Err()
	if err != nil {
		return fmt.Errorf("batch %s is to be %s: %w", b.ID, to, err)
	}
	now, err := l.Batch(ctx, b.ID)
	if err == nil {
		*b = *now
	}
	return err
}

// SetRung notes that every alarm of a batch is set.
func (l *Ledger) SetRung(ctx context.Context, b *Batch) error {
	return l.setBatch(ctx, b, batchRung, "1")
}

// SetEnded notes that every row of a batch is in a final state.
func (l *Ledger) SetEnded(ctx context.Context, b *Batch) error {
	return l.setBatch(ctx, b, batchEnded, strconv.FormatInt(l.now().Unix(), 10))
}

func (l *Ledger) setBatch(ctx context.Context, b *Batch, field, value string) error {
	if err := l.redis.HSetNX(ctx, batchKey(b.ID), field, value).Err(); err != nil {
		return fmt.Errorf("note of batch %s: %w", b.ID, err)
	}
	return nil
}

// BatchRow is one row of a batch.
type BatchRow struct {
	Line    int // of the list
	Contact contact.ID
	Alone   int // the number of the reminder
}

func (r BatchRow) member() string { return string(r.Contact) + " " + strconv.Itoa(r.Alone) }

// AddRows notes rows of a batch; what is noted already stays once.
func (l *Ledger) AddRows(ctx context.Context, b *Batch, rows []BatchRow) error {
	if len(rows) == 0 {
		return nil
	}
	members := make([]redis.Z, len(rows))
	for i, r := range rows {
		members[i] = redis.Z{Score: float64(r.Line), Member: r.member()}
	}
	key := batchRowsKey(b.ID)
	_, err := l.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.ZAdd(ctx, key, members...)
		pipe.Expire(ctx, key, keepBatch)
		return nil
	})
	if err != nil {
		return fmt.Errorf("note rows of batch %s: %w", b.ID, err)
	}
	return nil
}

// Rows reads rows of a batch in the order of the list, from place from on and
// most at most.
func (l *Ledger) Rows(ctx context.Context, b *Batch, from, most int) ([]BatchRow, error) {
	found, err := l.redis.ZRangeWithScores(ctx, batchRowsKey(b.ID), int64(from), int64(from+most)-1).Result()
	if err != nil {
		return nil, fmt.Errorf("read rows of batch %s: %w", b.ID, err)
	}
	rows := make([]BatchRow, 0, len(found))
	for _, z := range found {
		member, _ := z.Member.(string)
		id, number, _ := strings.Cut(member, " ")
		alone, err := strconv.Atoi(number)
		if err != nil {
			return nil, fmt.Errorf("read rows of batch %s: a row cannot be read", b.ID)
		}
		rows = append(rows, BatchRow{int(z.Score), contact.ID(id), alone})
	}
	return rows, nil
}

// CountRows counts the rows of each batch, in their order.
func (l *Ledger) CountRows(ctx context.Context, batches []*Batch) ([]int, error) {
	counts := make([]*redis.IntCmd, len(batches))
	_, err := l.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, b := range batches {
			counts[i] = pipe.ZCard(ctx, batchRowsKey(b.ID))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count rows of batches: %w", err)
	}
	all := make([]int, len(batches))
	for i, c := range counts {
		all[i] = int(c.Val())
	}
	return all, nil
}

// unplanned is how long a row waits until somebody looks whether its batch has
// been confirmed.
const unplanned = 10 * time.Minute

// heedBatch says in m and p what the batch of a claimed message means for it.
func (l *Ledger) heedBatch(m *Moment, p *Planned, read *redis.SliceCmd) error {
	values, err := read.Result()
	if err != nil {
		return err
	}
	stage, _ := values[0].(string)
	switch text, _ := values[1].(string); Stage(stage) {
	case Planning:
		m.NotBefore = l.now().Add(unplanned)
	case Going:
		start, err := strconv.ParseInt(text, 10, 64)
		m.NotBefore, m.Unreadable = time.Unix(start, 0), m.Unreadable || err != nil
	case Aborted:
		p.Withdrawn = true
	default:
		m.Unreadable = true
	}
	return nil
}

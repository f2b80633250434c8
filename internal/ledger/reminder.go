package ledger

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
)

// Wish is a reminder that is to be planned, by one way.
type Wish struct {
	Hung
	N        int // the submission whose address and consent it uses
	Via      contact.Via
	Planned  time.Time // the moment meant
	Due      time.Time // when its alarm rings
	Late     time.Time // after it the reminder says nothing any more; zero: as its class has it
	For      time.Time // the moment of the appointment; zero when it stands alone
	Template string    // other words than its name says; "" for those
	Batch    string    // the list it came with; "" for none
	By       string    // who asked for it
}

func (w Wish) row() Row {
	r := Row{State: Waiting, Planned: w.Planned.Unix(), Due: NotBefore(w.Due), Batch: w.Batch, Asked: w.By, Template: w.Template}
	if !w.Late.IsZero() {
		r.Late = w.Late.Unix()
	}
	if !w.For.IsZero() {
		r.For = w.For.Unix()
	}
	return r
}

// NotBefore is the first whole second that is not before t, as a row's Due has
// it: what waits for somebody who may change their mind, or for its hours, must
// not go early.
func NotBefore(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

// remind plans messages if the field that ARGV[1] names is still what was read,
// each unless it is planned, and sets the field to ARGV[3] unless that is "".
// Each further pair of ARGV is a message; an event may follow as the last one.
var remind = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
for i = 5, #ARGV, 2 do redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) end
if ARGV[4] ~= '' then redis.call('RPUSH', KEYS[2], ARGV[4]) end
return 1`)

// Remind plans reminders that stand alone, one wish a way, as the next of
// person p, who was read before; their number is set here. It returns ErrRace
// when another one was planned since, and ErrNone for nobody.
func (l *Ledger) Remind(ctx context.Context, p *Person, wishes []Wish, e Event) ([]Planned, error) {
	before := ""
	if p.Alone > 0 {
		before = strconv.Itoa(p.Alone)
	}
	for i := range wishes {
		wishes[i].Alone, wishes[i].Set = p.Alone+1, 1
	}
	return l.remind(ctx, p, fieldAlone, before, strconv.Itoa(p.Alone+1), wishes, e)
}

// Hang plans what hangs on an appointment, each message once. It returns
// ErrRace when the appointment is no longer what was read.
func (l *Ledger) Hang(ctx context.Context, p *Person, a Appointment, wishes []Wish) ([]Planned, error) {
	return l.remind(ctx, p, appointmentField(a.K), a.raw, "", wishes, Event{})
}

func (l *Ledger) remind(ctx context.Context, p *Person, field, before, after string, wishes []Wish, e Event) ([]Planned, error) {
	if len(wishes) == 0 {
		return nil, nil
	}
	line := ""
	if e.What != "" {
		e.Message = wishes[0].Name()
		var err error
		if line, err = l.line(p.ID, e); err != nil {
			return nil, err
		}
	}
	args, planned := []any{field, before, after, line}, []Planned(nil)
	first := wishes[0].Due
	for _, w := range wishes {
		entry := Entry{w.N, w.Name()}
		m := Planned{Contact: p.ID, Entry: entry, Via: w.Via, Row: w.row(), Unread: p.Unread+p.Heard > 0, OnHold: p.Hold.On}
		if w.N >= 1 && w.N <= len(p.Submissions) {
			m.Submission = p.Submissions[w.N-1]
		}
		m.raw = m.Row.encode()
		args, planned = append(args, entry.field(w.Via), m.raw), append(planned, m)
		if w.Due.Before(first) {
			first = w.Due
		}
	}
	// Before the row: one that nobody looks after is worse than a look at nothing.
	if err := l.note(ctx, p.ID, NotBefore(first)); err != nil {
		return nil, err
	}
	done, err := remind.Run(ctx, l.redis, []string{personKey(p.ID), logKey(p.ID)}, args...).Int()
	if err == nil {
		err = []error{ErrNone, ErrRace, nil}[done+1]
	}
	if err != nil {
		return nil, fmt.Errorf("plan %s for %s: %w", wishes[0].Name(), p.ID, err)
	}
	return planned, nil
}

// Newest is the number of the submission by which a way leads to the person: the
// newest that has an address for it. Where the same address was agreed to
// before, it is that one: a box left empty on a later form takes nothing back.
// It is 0 when no submission has an address.
func (p *Person) Newest(v contact.Via) int {
	found := 0
	address := ""
	for n := len(p.Submissions); n > 0; n-- {
		s := p.Submissions[n-1]
		switch has := s.Address(v); {
		case has == "":
		case found == 0:
			found, address = n, has
			if s.Consent.Given(v) {
				return n
			}
		case has == address && s.Consent.Given(v):
			return n
		}
	}
	return found
}

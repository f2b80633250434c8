package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
)

// Kind is how an appointment is kept. There are no others, so that none says
// what it is for.
type Kind string

// The kinds.
const (
	KindVisit Kind = "visit" // at the clinic
	KindCall  Kind = "call"
	KindVideo Kind = "video"
)

// Kinds lists them, the usual one first.
var Kinds = [...]Kind{KindVisit, KindCall, KindVideo}

// Appointment is one appointment of a person. It lies sealed: that somebody is
// at a place at a time tells who it is.
type Appointment struct {
	K         int             `json:"-"` // its number with the person, from 1
	At        time.Time       `json:"at"`
	Zone      string          `json:"zone"`            // IANA name: in it reminders say the time
	Place     contact.Private `json:"place,omitempty"` // as people find it; "" names none
	Kind      Kind            `json:"kind"`
	Version   int             `json:"version,omitempty"` // 0 at first, one more with each change
	Written   time.Time       `json:"written"`           // when this version was made
	Before    time.Time       `json:"before,omitzero"`   // the moment from which it was moved last
	Cancelled bool            `json:"cancelled,omitempty"`

	raw string // as it was read: a change holds only if it is still that
}

// Format prints its number for every verb of fmt: it tells who a person is.
func (a Appointment) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "appointment "+strconv.Itoa(a.K))
}

// LogValue prints the same in a log.
func (a Appointment) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(a)) }

func appointmentField(k int) string                { return "a/" + strconv.Itoa(k) }
func appointmentPlace(id contact.ID, k int) string { return string(id) + " " + appointmentField(k) }

// book adds an appointment if the person still has as many as were read, and
// writes the event.
var book = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
if (redis.call('HGET', KEYS[1], 'an') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'an', ARGV[2], ARGV[3], ARGV[4])
redis.call('RPUSH', KEYS[2], ARGV[5])
return 1`)

// Schedule adds an appointment to p, who was read before. It returns ErrRace
// when the person has got another one since, and ErrNone for nobody.
func (l *Ledger) Schedule(ctx context.Context, p *Person, a Appointment, e Event) (Appointment, error) {
	a.K, a.Version, a.Written = len(p.Appointments)+1, 0, l.now()
	raw, err := l.sealAppointment(p.ID, a)
	if err != nil {
		return a, err
	}
	e.Appointment = a.K
	line, err := l.line(p.ID, e)
	if err != nil {
		return a, err
	}
	done, err := book.Run(ctx, l.redis, []string{personKey(p.ID), logKey(p.ID)},
		strconv.Itoa(a.K-1), strconv.Itoa(a.K), appointmentField(a.K), raw, line).Int()
	if err == nil {
		err = []error{ErrNone, ErrRace, nil}[done+1]
	}
	if err != nil {
		return a, fmt.Errorf("schedule appointment %d of %s: %w", a.K, p.ID, err)
	}
	a.raw = raw
	return a, nil
}

// Change replaces an appointment of the person by what it has become, as the
// next version of it. It returns ErrRace when it is no longer what was read.
func (l *Ledger) Change(ctx context.Context, id contact.ID, a Appointment, e Event) (Appointment, error) {
	was := a.raw
	a.Version, a.Written = a.Version+1, l.now()
	raw, err := l.sealAppointment(id, a)
	if err != nil {
		return a, err
	}
	e.Appointment = a.K
	line, err := l.line(id, e)
	if err != nil {
		return a, err
	}
	done, err := swap.Run(ctx, l.redis, []string{personKey(id), logKey(id)}, appointmentField(a.K), was, raw, line, "").Slice()
	if err == nil && len(done) == 1 {
		err = ErrRace
	}
	if err != nil {
		return a, fmt.Errorf("change appointment %d of %s: %w", a.K, id, err)
	}
	a.raw = raw
	return a, nil
}

func (l *Ledger) sealAppointment(id contact.ID, a Appointment) (string, error) {
	a.At, a.Written = a.At.UTC(), a.Written.UTC().Truncate(time.Second)
	if !a.Before.IsZero() {
		a.Before = a.Before.UTC()
	}
	plain, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("appointment %d of %s cannot be written", a.K, id)
	}
	return string(l.keys.Seal(plain, appointmentPlace(id, a.K))), nil
}

func (l *Ledger) openAppointment(id contact.ID, k int, raw string) (Appointment, error) {
	a := Appointment{K: k, raw: raw}
	plain, err := l.keys.Open([]byte(raw), appointmentPlace(id, k))
	if err != nil {
		return a, fmt.Errorf("read appointment %d of %s: %w", k, id, err)
	}
	if err := json.Unmarshal(plain, &a); err != nil {
		return a, fmt.Errorf("read appointment %d of %s: not the JSON that was sealed", k, id)
	}
	return a, nil
}

// In gives the moment by the clock on the wall of the appointment's zone; false
// where the zone is unknown.
func (a Appointment) In(t time.Time) (time.Time, bool) {
	zone, err := time.LoadLocation(a.Zone)
	if err != nil || a.Zone == "" {
		return t, false
	}
	return t.In(zone), true
}

package ledger

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
)

// Person is everything about one person.
type Person struct {
	ID          contact.ID
	Submissions []contact.Submission // number N at N-1
	Messages    []Planned            // in no order
	Unread      int                  // newest submission that waits for a reader; 0 when none does
	Heard       int                  // newest reply that waits for a reader; 0 when none does
	HeardAt     time.Time            // when that reply came
	Replies     int                  // how many there are
	Stopped     int                  // newest submission whose sequence was ended; 0 when none was
	StoppedWhy  gate.Reason
	Admits      string // id of the submission that a plan is wanted for; "" at any other time
	StoppedBy   string
	StoppedAt   time.Time
	Erasing     string // who has it removed; "" but for a moment

	Appointments []Appointment // number K at K-1; one that cannot be read has a zero At
	Alone        int           // how many reminders stand alone
	Hold         Hold

	fields int     // of its hash
	other  *Person // whom the same number led to, while a submission is admitted
}

// Person reads everything about one person. It returns ErrNone when there is none.
func (l *Ledger) Person(ctx context.Context, id contact.ID) (*Person, error) {
	fields, err := l.redis.HGetAll(ctx, personKey(id)).Result()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", id, err)
	}
	return l.person(id, fields)
}

// People reads many at once, in the order of their ids. Who is not there any
// more, or cannot be read, is nil.
func (l *Ledger) People(ctx context.Context, ids []contact.ID) ([]*Person, error) {
	fields := make([]*redis.MapStringStringCmd, len(ids))
	_, err := l.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, id := range ids {
			fields[i] = pipe.HGetAll(ctx, personKey(id))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read %d people: %w", len(ids), err)
	}
	people := make([]*Person, len(ids))
	for i, id := range ids {
		people[i], _ = l.person(id, fields[i].Val())
	}
	return people, nil
}

// person reads what the fields of a person say.
func (l *Ledger) person(id contact.ID, fields map[string]string) (*Person, error) {
	if len(fields) == 0 {
		return nil, ErrNone
	}
	p := &Person{ID: id, fields: len(fields)}
	count, err := strconv.Atoi(fields[fieldCount])
	if err != nil {
		return nil, fmt.Errorf("read %s: its count of submissions cannot be read", id)
	}
	for n := 1; n <= count; n++ {
		// One that does not open, for want of an old key, must not stand in the
		// way of all others: it stays empty, and its messages are not sent.
		s, _ := l.openSubmission(id, n, fields[submissionField(n)])
		p.Submissions = append(p.Submissions, s)
	}
	unread, err := parseMark(fields[fieldUnread])
	if err != nil {
		return nil, err
	}
	stopped, err := parseMark(fields[fieldStopped])
	if err != nil {
		return nil, err
	}
	heard, err := parseMark(fields[fieldHeard])
	if err != nil {
		return nil, err
	}
	p.Heard, p.HeardAt, p.Erasing = heard.N, time.Unix(heard.At, 0), fields[fieldErasing]
	p.Replies, _ = strconv.Atoi(fields[fieldReplies]) // "" is none
	hold, err := parseMark(fields[fieldHold])
	if err != nil {
		return nil, err
	}
	booked, _ := strconv.Atoi(fields[fieldBooked])
	for k := 1; k <= booked; k++ {
		a, _ := l.openAppointment(id, k, fields[appointmentField(k)])
		p.Appointments = append(p.Appointments, a)
	}
	p.Alone, _ = strconv.Atoi(fields[fieldAlone])
	p.Hold = Hold{hold.N > 0, hold.By, hold.At}
	p.Unread, p.Stopped, p.StoppedWhy = unread.N, stopped.N, stopped.Why
	p.StoppedBy, p.StoppedAt = stopped.By, time.Unix(stopped.At, 0)
	for field, raw := range fields {
		e, v, ok := parseMessageField(field)
		if !ok || e.N > count {
			continue
		}
		m := Planned{Contact: id, Entry: e, Via: v, Submission: p.Submissions[e.N-1], raw: raw}
		if m.Row, err = decodeRow(raw); err != nil {
			return nil, fmt.Errorf("read message %s of %s: %w", e, id, err)
		}
		hangs, _ := e.Hangs()
		if err := l.setFlags(&m, flags{
			cmp.Or(fields[fieldUnread], fields[fieldHeard]), fields[fieldStopped], fields[fieldHold], fields[appointmentField(hangs.Appointment)],
			fields[withdrawnField(e, v)],
		}); err != nil {
			return nil, err
		}
		p.Messages = append(p.Messages, m)
	}
	return p, nil
}

func (p *Person) of(n int) []Planned {
	var steps []Planned
	for _, m := range p.Messages {
		if m.Entry.N == n {
			steps = append(steps, m)
		}
	}
	return steps
}

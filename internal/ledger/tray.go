package ledger

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
)

// Tray is a list of what waits for a person at the clinic. What lies in it
// says where to look; whether it still waits says the person.
type Tray string

// The trays, and what a slip in each of them names.
const (
	TrayNew     Tray = "new"     // submission N that nobody has read
	TrayReplied Tray = "replied" // reply N that nobody has read
	TrayCall    Tray = "call"    // submission N whose person should be called
	TrayFailed  Tray = "failed"  // message N.TEMPLATE/VIA that did not reach its reader
)

// Slip is one thing in a tray.
type Slip struct {
	Contact contact.ID
	N       int       // of the submission or the reply
	Message string    // in TrayFailed: the entry and the channel
	Since   time.Time // in whole seconds: since when it waits
}

// Entry reads the message that a slip in TrayFailed names.
func (s Slip) Entry() (Entry, contact.Via, bool) { return parseMessageField("m/" + s.Message) }

func (s Slip) member() string {
	if s.Message != "" {
		return string(s.Contact) + " " + s.Message
	}
	return string(s.Contact) + " " + strconv.Itoa(s.N)
}

func parseSlip(member string, since float64) Slip {
	id, rest, _ := strings.Cut(member, " ")
	s := Slip{Contact: contact.ID(id), Since: time.Unix(int64(since), 0)}
	if n, err := strconv.Atoi(rest); err == nil {
		s.N = n
	} else {
		s.Message = rest
		if e, _, ok := s.Entry(); ok {
			s.N = e.N
		}
	}
	return s
}

// TrayLife is how long calls and failures lie in their trays: as long as
// anything of ours goes out by itself.
const TrayLife = 60 * 24 * time.Hour

func put(ctx context.Context, to redis.Cmdable, t Tray, s Slip) *redis.IntCmd {
	return to.ZAddNX(ctx, trayKey(t), redis.Z{Score: float64(s.Since.Unix()), Member: s.member()})
}

// Put lays a slip into a tray. One that lies there keeps its time: twice is once.
func (l *Ledger) Put(ctx context.Context, t Tray, s Slip) error {
	if err := put(ctx, l.redis, t, s).Err(); err != nil {
		return fmt.Errorf("put %s into %s: %w", s.Contact, t, err)
	}
	return nil
}

// Take takes slips out of a tray: what they name waits no longer.
func (l *Ledger) Take(ctx context.Context, t Tray, slips ...Slip) error {
	if len(slips) == 0 {
		return nil
	}
	members := make([]any, len(slips))
	for i, s := range slips {
		members[i] = s.member()
	}
	if err := l.redis.ZRem(ctx, trayKey(t), members...).Err(); err != nil {
		return fmt.Errorf("take out of %s: %w", t, err)
	}
	return nil
}

// takeUpTo takes a person's slips up to number n out of a tray.
func (l *Ledger) takeUpTo(ctx context.Context, t Tray, id contact.ID, n int) error {
	slips := make([]Slip, 0, n)
	for i := range n {
		slips = append(slips, Slip{Contact: id, N: i + 1})
	}
	return l.Take(ctx, t, slips...)
}

// InTray counts what has been in a tray since before a time; the zero time
// counts all.
func (l *Ledger) InTray(ctx context.Context, t Tray, before time.Time) (int64, error) {
	until := "+inf"
	if !before.IsZero() {
		until = "(" + strconv.FormatInt(before.Unix(), 10)
	}
	n, err := l.redis.ZCount(ctx, trayKey(t), "-inf", until).Result()
	if err != nil {
		return 0, fmt.Errorf("count what is in %s: %w", t, err)
	}
	return n, nil
}

// Tray lists what is in a tray, most at most: what has waited longest first, and
// of what failed the latest.
func (l *Ledger) Tray(ctx context.Context, t Tray, most int64) ([]Slip, error) {
	if most <= 0 {
		return nil, nil
	}
	found, err := l.redis.ZRangeArgsWithScores(ctx, redis.ZRangeArgs{Key: trayKey(t), Start: 0, Stop: most - 1, Rev: t == TrayFailed}).Result()
	if err != nil {
		return nil, fmt.Errorf("list what is in %s: %w", t, err)
	}
	slips := make([]Slip, 0, len(found))
	for _, z := range found {
		member, _ := z.Member.(string)
		slips = append(slips, parseSlip(member, z.Score))
	}
	return slips, nil
}

// trayPage is how many slips are thrown away at once.
const trayPage = 200

// Clear throws away what has been in a tray since before a time.
func (l *Ledger) Clear(ctx context.Context, t Tray, before time.Time) error {
	for {
		old, err := l.redis.ZRangeArgs(ctx, redis.ZRangeArgs{
			Key: trayKey(t), ByScore: true, Start: "-inf", Stop: "(" + strconv.FormatInt(before.Unix(), 10), Count: trayPage,
		}).Result()
		if err == nil && len(old) > 0 {
			members := make([]any, len(old))
			for i, m := range old {
				members[i] = m
			}
			err = l.redis.ZRem(ctx, trayKey(t), members...).Err()
		}
		if err != nil {
			return fmt.Errorf("clear %s: %w", t, err)
		}
		if len(old) < trayPage {
			return nil
		}
	}
}

// Failed reports whether the message did not reach its reader though nobody
// decided that it should not: somebody should look.
func (r Row) Failed() bool {
	switch r.State {
	case Undelivered, Unknown:
		return true
	case NotSent:
		switch r.Why {
		case gate.ReasonNoAddress, gate.ReasonDead, gate.ReasonNoHours, gate.ReasonRefused, gate.ReasonFiltered, gate.ReasonTooLate, gate.ReasonUnknownKind:
			return true
		}
	}
	return false
}

func (p *Planned) slip() Slip {
	return Slip{Contact: p.Contact, N: p.Entry.N, Message: p.Entry.String() + "/" + string(p.Via), Since: time.Unix(p.Row.At, 0)}
}

// failed lays a message that has just failed into its tray, and has somebody
// look after the person.
func (l *Ledger) failed(ctx context.Context, p *Planned) error {
	if err := l.Put(ctx, TrayFailed, p.slip()); err != nil {
		return err
	}
	return l.note(ctx, p.Contact, l.now().Unix())
}

package ledger

import (
	"context"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
)

// unanswered is how long after a person wrote somebody should call, when
// nothing else has come of it.
const unanswered = 3 * 24 * time.Hour

// Call says that a person should be called about submission N.
type Call struct {
	N     int
	Since time.Time // maybe ahead
	Why   Cause
}

// Cause is why somebody should call.
type Cause string

// The causes.
const (
	Unreachable Cause = "unreachable" // neither an email nor a text gets there
	Unanswered  Cause = "unanswered"  // three days, and nothing has come of it
)

// CallFor tells whether and when somebody should call the person; false when
// the newest submission was dealt with.
func (l *Ledger) CallFor(ctx context.Context, p *Person) (Call, bool, error) {
	n := len(p.Submissions)
	if n == 0 || p.Stopped >= n {
		return Call{}, false, nil
	}
	s := p.Submissions[n-1]
	if s.Email == "" && s.Phone == "" {
		return Call{}, false, nil // it does not open, or is the house's own
	}
	for _, v := range []contact.Via{contact.ViaEmail, contact.ViaSMS} {
		gets, err := l.gets(ctx, p, n, v)
		if err != nil {
			return Call{}, false, err
		}
		if gets {
			return Call{n, s.At.Add(unanswered), Unanswered}, true, nil
		}
	}
	return Call{n, s.At, Unreachable}, true, nil
}

// gets reports whether messages by that way may get to the person, as far as
// anybody knows.
func (l *Ledger) gets(ctx context.Context, p *Person, n int, v contact.Via) (bool, error) {
	s := p.Submissions[n-1]
	address := s.Address(v)
	if address == "" || v == contact.ViaSMS && !s.Consent.Given(v) {
		return false, nil
	}
	for _, m := range p.of(n) {
		if m.Via == v && m.Row.State == Undelivered && !ToStaff(m.Entry.Template) {
			return false, nil
		}
	}
	why, err := l.Suppression(ctx, v, address)
	return err == nil && (why == "" || why == gate.Unsubscribed), err
}

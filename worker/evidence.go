package worker

import (
	"context"
	"errors"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
)

// Evidence looks at the provider for a text of ours to a number, with exactly
// these words, made since that moment of real time. It reports what became of
// it; an error says nothing about the text.
type Evidence func(ctx context.Context, to contact.Phone, words string, since time.Time) (rep ledger.Report, found bool, err error)

// evidenceAges are how long after a text became unknown its provider is asked
// about it. Not before some minutes: until then the request may be on its way.
// After a day it stays unknown, for staff to decide.
var evidenceAges = []time.Duration{5 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}

// evidenceMost bounds the questions of one sweep: each may be four pages.
const evidenceMost = 10

// seek asks the provider for a text whose answer was lost, and says when to
// look again: the zero time is never. What is found is adopted with the
// provider's id; nothing is ever sent again.
func (w *Worker) seek(ctx context.Context, person *ledger.Person, m *ledger.Planned, r *round) (time.Time, error) {
	if w.Evidence == nil || m.Row.State != ledger.Unknown || m.Via != contact.ViaSMS {
		return time.Time{}, nil
	}
	since := unix(m.Row.At)
	age, next := w.now().Sub(since), time.Time{}
	for _, a := range evidenceAges {
		if a > age {
			next = since.Add(a)
			break
		}
	}
	last := evidenceAges[len(evidenceAges)-1]
	switch {
	case age < evidenceAges[0] || age > last+time.Hour:
		return next, nil
	case r.asked >= evidenceMost:
		return w.in(behindWait), nil
	}
	r.asked++
	asked := since
	if m.Row.Since > 0 { // the worker died, and only later somebody saw that
		asked = unix(m.Row.Since)
	}
	then := *w // the words hold times: as they were written then
	then.Alarm.Plan = hours.NewClock(1, func() time.Time { return asked })
	message, _, err := then.write(ctx, m)
	if err != nil {
		w.Log.WarnContext(ctx, "text not sought: its words cannot be written", "contact", m.Contact, "entry", m.Entry, "err", err)
		return next, nil
	}
	rep, found, err := w.Evidence(ctx, contact.Phone(message.To), message.Text, asked.Add(-stale-sendTimeout))
	switch {
	case err != nil:
		w.Log.WarnContext(ctx, "text not sought", "contact", m.Contact, "entry", m.Entry, "err", err)
		return next, nil
	case !found || anothers(person, m, rep.Provider):
		return next, nil
	}
	_, err = w.Ledger.Report(ctx, m.Contact, m.Entry, m.Via, rep, nil)
	if errors.Is(err, ledger.ErrNone) || errors.Is(err, ledger.ErrRace) || errors.Is(err, ledger.ErrClaimed) {
		return next, nil // somebody knows better meanwhile
	}
	if err != nil {
		return next, err
	}
	w.Log.InfoContext(ctx, "text found at its provider", "contact", m.Contact, "entry", m.Entry, "channel", m.Via, "state", rep.State)
	if w.Redact != nil && rep.State != ledger.Sent {
		return time.Time{}, w.askRedact(ctx, rep.Provider)
	}
	return time.Time{}, nil
}

// anothers reports whether what was found is known as another message of the
// person: two equal texts look alike.
func anothers(person *ledger.Person, m *ledger.Planned, provider string) bool {
	for _, other := range person.Messages {
		if other.Row.Provider == provider && (other.Entry != m.Entry || other.Via != m.Via) {
			return true
		}
	}
	return false
}

package worker

import (
	"context"
	"errors"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// Redact empties the words of a text at its provider, known there by that id.
// A text that is not there is done; after an error it is asked again.
type Redact func(ctx context.Context, provider string) error

// redactWaits are the pauses after which a provider that has not emptied a text
// is asked again; the last one repeats for as long as redactFor. Twilio may be
// done with a text minutes after it arrived, and rarely two weeks later
// (https://www.twilio.com/docs/api/errors/20009).
var redactWaits = []time.Duration{time.Minute, 5 * time.Minute, time.Hour, 6 * time.Hour}

const (
	redactFor     = 15 * 24 * time.Hour
	redactTimeout = 10 * time.Second // texts that are to go wait for its slot
)

// redact empties one text. Twice is harmless: what is empty stays so.
func (w *Worker) redact(ctx context.Context, t tasks.Redaction) error {
	if w.Redact == nil {
		return nil // the clinic has decided otherwise since
	}
	ctx, cancel := context.WithTimeout(ctx, redactTimeout)
	defer cancel()
	err := w.Redact(ctx, t.Provider)
	if err == nil {
		return nil
	}
	age := time.Since(unix(t.Since))
	if age > redactFor {
		w.Log.ErrorContext(ctx, "text not emptied at its provider; do it there", "id", t.Provider, "err", err)
		return nil
	}
	w.Log.WarnContext(ctx, "text not emptied yet", "id", t.Provider, "err", err)
	wait := redactWaits[len(redactWaits)-1]
	for _, each := range redactWaits {
		if age < each {
			wait = each
			break
		}
	}
	return &busy{wait}
}

// reportWait is how long a text may be on its way before the report of its end
// counts as lost. No carrier takes longer: we let Twilio try for hours.
const reportWait = 24 * time.Hour

// redactSilent has the texts of a person emptied whose end nobody reported. What
// is unknown stays: its words are the evidence by which it is found.
func (w *Worker) redactSilent(ctx context.Context, p *ledger.Person) error {
	if w.Redact == nil {
		return nil
	}
	for _, m := range p.Messages {
		if m.Via != contact.ViaSMS || m.Row.State != ledger.Sent || m.Row.Redacted || m.Row.Provider == "" || w.now().Sub(unix(m.Row.At)) < reportWait {
			continue
		}
		if err := w.askRedact(ctx, m.Row.Provider); err != nil {
			return err
		}
		row := m.Row
		row.Redacted = true
		if err := w.Ledger.Settle(ctx, &m, row); err != nil && !errors.Is(err, ledger.ErrRace) {
			return err
		}
	}
	return nil
}

func (w *Worker) askRedact(ctx context.Context, provider string) error {
	return tasks.Enqueue(ctx, w.Alarm.Tasks, tasks.Redact, tasks.Redaction{Provider: provider, Since: time.Now().Unix()}, time.Time{})
}

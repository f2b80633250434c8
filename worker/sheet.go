package worker

import (
	"context"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/templates"
)

// The sheet goes to the desk each morning on which the clinic opens. It goes
// the way of every message: a row that is claimed, decided about, sent and
// settled, so that a day has one whoever dies when. The row is that of a
// submission of the house itself, without address or number, one a day.
const (
	morningSheet = "morning-sheet"
	sheetAt      = 8  // o'clock by the clinic's clock
	sheetUntil   = 12 // after which it says nothing any more
)

// Sheet is what a morning sheet says; the first is "" when nothing waits.
type Sheet func(ctx context.Context) (counts, lines string, err error)

// sheet plans the sheet of the day when it is time, and rings for it.
func (w *Worker) sheet(ctx context.Context) error {
	now := w.now().In(w.Clinic.Zone)
	day := now.Format(time.DateOnly)
	if w.Sheet == nil || now.Hour() < sheetAt || now.Hour() >= sheetUntil || w.sheetOf == day || !w.Clinic.Office.OpensOn(now) {
		return nil
	}
	s := contact.Submission{ID: morningSheet + " " + day, At: now, Language: contact.English}
	a, err := w.Ledger.Admit(ctx, s, ledger.Once{}, func(*ledger.Person) ledger.Plan {
		var plan ledger.Plan
		for i := range w.Clinic.Staff {
			plan.Steps = append(plan.Steps, ledger.Step{Template: staffEntry(morningSheet, i), Via: contact.ViaEmail, Due: now})
		}
		return plan
	})
	if err != nil {
		return err
	}
	for _, m := range a.Steps {
		if m.Row.State != ledger.Waiting || m.Row.Tries > 0 {
			continue // a worker that died, or another one, came this far
		}
		if err := w.Alarm.Ring(ctx, &m); err != nil {
			return err
		}
	}
	w.sheetOf = day
	return nil
}

// sheetData adds what the sheet says at this moment.
func (w *Worker) sheetData(ctx context.Context, d *templates.Data) error {
	counts, lines, err := w.Sheet(ctx)
	if err != nil {
		return err
	}
	d.Day = templates.Day(w.now().In(w.Clinic.Zone), string(contact.English))
	d.Counts, d.Sheet = counts, lines
	if counts == "" {
		d.Counts = "nothing waits"
	}
	return nil
}

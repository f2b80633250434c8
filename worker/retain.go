package worker

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/templates"
)

// Retention is how long what a person leaves is kept. What must outlive the
// person is the ledger's matter.
type Retention struct {
	Text    time.Duration // free words, after they were written; zero: 90 days
	Contact time.Duration // everything else, after something last happened; zero: a year
}

const (
	keepText    = 90 * 24 * time.Hour
	keepContact = 366 * 24 * time.Hour
)

// keepWords keeps the words beside the form's boxes as the clinic's name makes
// them now: they belong to the proof of every consent.
func (w *Worker) keepWords(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for _, words := range templates.ConsentWordings(w.Clinic.Name) {
		if err := w.Ledger.KeepWords(ctx, words.Hash, ledger.BoxWords{Email: words.Email, SMS: words.SMS}); err != nil {
			w.Log.WarnContext(ctx, "words of the form not kept", "err", err)
		}
	}
}

// retain removes what has been kept long enough of somebody the clinic is done
// with. What nobody has read stays, and stays in the tray of what waits.
func (w *Worker) retain(ctx context.Context, p *ledger.Person) error {
	if p.Erasing != "" {
		return w.Ledger.FinishErasing(ctx, p)
	}
	if p.Open() || p.LastSeen().IsZero() {
		return nil
	}
	now := w.now()
	text, all := cmp.Or(w.Retention.Text, keepText), cmp.Or(w.Retention.Contact, keepContact)
	if !now.Before(p.LastSeen().Add(all)) {
		_, err := w.Ledger.Expire(ctx, p)
		if errors.Is(err, ledger.ErrRace) || errors.Is(err, ledger.ErrNone) {
			return nil // something has happened since
		}
		if err == nil {
			w.Log.InfoContext(ctx, "person removed: kept long enough", "contact", p.ID)
		}
		return err
	}
	if now.Before(p.Submissions[0].At.Add(text)) {
		return nil // what is oldest is younger than that
	}
	n, err := w.Ledger.ForgetTexts(ctx, p, now.Add(-text))
	if n > 0 {
		w.Log.InfoContext(ctx, "free text removed: kept long enough", "contact", p.ID)
	}
	return err
}

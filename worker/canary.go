package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// Canary is how the house finds out whether the way from its form to a provider
// is open: now and then it writes to itself. Such a submission goes through form,
// intake, both queues and the words. It never becomes a person in the ledger, so
// it is counted nowhere, tells no staff, and leaves nothing behind.
type Canary struct {
	Ours func(address string) (sent time.Time, ok bool) // whether we signed this address, and when
	To   channel.Sender                                 // writes to nobody
}

// canaryLife is after what time a canary that was kept up proves nothing more.
const canaryLife = 2 * time.Hour

// ours passes a submission of our own on to the mail, and reports whether it is one.
func (w *Worker) ours(ctx context.Context, t tasks.Submission) (bool, error) {
	if w.Canary == nil || !t.Canary() {
		return false, nil
	}
	sent, ok := w.Canary.Ours(t.Email)
	if !ok {
		return false, nil // somebody typed it: a person like any other
	}
	return true, tasks.Enqueue(ctx, w.Alarm.Tasks, tasks.Canary, tasks.Bird{Sent: sent.UnixMilli()}, time.Time{})
}

// canary writes the confirmation as a person would get it, hands it to a channel
// that writes to nobody, and notes that the way is open.
func (w *Worker) canary(ctx context.Context, b tasks.Bird) error {
	sent := time.UnixMilli(b.Sent)
	took := time.Since(sent).Round(time.Millisecond)
	if w.Canary == nil || took > canaryLife {
		w.Log.WarnContext(ctx, "canary dropped: it was kept up for too long", "took", took)
		return nil
	}
	m, _, err := w.write(ctx, &ledger.Planned{
		Contact: "canary", Entry: ledger.Entry{N: 1, Template: confirmation}, Via: contact.ViaEmail,
		Submission: contact.Submission{ID: "canary", At: sent, Email: "canary@" + tasks.CanaryDomain, Language: contact.English},
	})
	if err != nil {
		return fmt.Errorf("canary: %w", err)
	}
	if out := w.Canary.To.Send(ctx, m); out.State != channel.Accepted {
		return fmt.Errorf("canary: %s: %w", out.State, out.Err)
	}
	if err := w.Ledger.NoteCanaryDone(ctx, sent, time.Now()); err != nil {
		return err
	}
	w.Log.InfoContext(ctx, "canary came through", "took", took)
	return nil
}

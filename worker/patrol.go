package worker

import (
	"context"
	"errors"
	"time"

	"github.com/joydevie/followup/internal/ledger"
)

// What an index has lost, by a crash between two writes or a failover, nobody
// would look for there. So somebody walks past all people, some with every
// sweep, and lists what is missing. In a Redis from before there were lists the
// first walk fills them, without a break.

// patrolPages is how far one sweep walks: with half a million keys past
// everybody within some six hours.
const patrolPages = 3

// patrol goes on with the walk through all people.
func (w *Worker) patrol(ctx context.Context) error {
	for _, t := range []ledger.Tray{ledger.TrayCall, ledger.TrayFailed} {
		if err := w.Ledger.Clear(ctx, t, w.now().Add(-ledger.TrayLife)); err != nil {
			return err
		}
	}
	listed, err := w.Ledger.Listed(ctx)
	if err != nil {
		return err
	}
	until, _ := ctx.Deadline()
	until = until.Add(-time.Until(until) / 2)
	for page := 0; page < patrolPages || !listed && time.Now().Before(until); page++ {
		if page > 0 && w.patrolled == "" {
			break // past everybody
		}
		if err := w.patrolPage(ctx, listed); err != nil {
			return err
		}
	}
	return nil
}

func (w *Worker) patrolPage(ctx context.Context, listed bool) error {
	ids, next, err := w.Ledger.Walk(ctx, w.patrolled)
	if err != nil {
		return err
	}
	for _, id := range ids {
		p, err := w.Ledger.Person(ctx, id)
		if errors.Is(err, ledger.ErrNone) {
			continue // erased meanwhile
		}
		if err != nil {
			w.Log.ErrorContext(ctx, "person not read", "contact", id, "err", err)
			continue
		}
		if err := w.Ledger.List(ctx, p); err != nil {
			return err
		}
		if err := w.lookForCall(ctx, p); err != nil {
			return err
		}
		if err := w.reopen(ctx, p); err != nil {
			return err
		}
		if err := w.redactSilent(ctx, p); err != nil {
			return err
		}
		if err := w.retain(ctx, p); err != nil {
			w.Log.ErrorContext(ctx, "not removed though kept long enough", "contact", id, "err", err)
		}
	}
	if w.patrolled = next; next == "" && !listed {
		return w.Ledger.SetListed(ctx)
	}
	return nil
}

// lookForCall lays the person onto the list of those to be called when it is
// time for that.
func (w *Worker) lookForCall(ctx context.Context, p *ledger.Person) error {
	call, ok, err := w.Ledger.CallFor(ctx, p)
	if err != nil || !ok || call.Since.After(w.now()) || call.Since.Before(w.now().Add(-ledger.TrayLife)) {
		return err
	}
	return w.Ledger.Put(ctx, ledger.TrayCall, ledger.Slip{Contact: p.ID, N: call.N, Since: call.Since})
}

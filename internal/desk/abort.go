package desk

import (
	"context"
	"errors"
	"time"

	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// Tally says where the rows of a batch stand, each in one place. Of a row that
// goes by two ways it counts as gone when one of them has.
type Tally struct {
	Rows    int `json:"rows"`
	Waiting int `json:"waiting"` // for their time, or for what keeps them back
	Sending int `json:"sending"` // with a provider now
	Gone    int `json:"gone"`    // sent, or it may have been
	Stopped int `json:"stopped"` // taken back by staff
	NotSent int `json:"not_sent"`
	Erased  int `json:"erased"` // the person is no longer stored
	Open    int `json:"open"`   // rows of which a message may still go: the batch is done when there is none
}

func (t *Tally) add(r row) {
	t.Rows++
	var pending, sending, gone, stopped bool
	for _, m := range r.messages {
		s := m.Row.State
		pending = pending || s.Pending()
		sending = sending || s == ledger.Sending
		gone = gone || s.Gone() && s != ledger.Sending
		stopped = stopped || s == ledger.Cancelled || s == ledger.NotSent && m.Row.Why == gate.ReasonWithdrawn
	}
	if pending {
		t.Open++
	}
	switch {
	case len(r.messages) == 0:
		t.Erased++
	case gone:
		t.Gone++
	case sending:
		t.Sending++
	case pending:
		t.Waiting++
	case stopped:
		t.Stopped++
	default:
		t.NotSent++
	}
}

// Abort stops a batch: when it returns, nothing of it is handed to a provider
// any more but what was claimed for one before, and that counts as gone or as
// sending. Twice is once. It returns ErrNone when there is no such batch.
func (d *Desk) Abort(ctx context.Context, id string, by By) (Tally, error) {
	b, err := d.Ledger.Batch(ctx, id)
	if err != nil {
		return Tally{}, err
	}
	if err := d.Ledger.Abort(ctx, b, by.Name); err != nil {
		return Tally{}, err
	}
	d.Log.InfoContext(ctx, "list aborted", "id", b.ID, "by", by.Name)
	// A message that a worker holds is asked after until its answer is there: it
	// may come back to wait, and is taken back then.
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for wait := time.After(inHand); ; {
		if err := d.takeAll(ctx, b, by); err != nil {
			return Tally{}, err
		}
		t, err := tally(ctx, d.Ledger, b)
		if err != nil || t.Open == 0 {
			return t, err
		}
		select {
		case <-ctx.Done():
			return t, ctx.Err()
		case <-wait:
			return t, nil
		case <-tick.C:
		}
	}
}

// inHand is how long an abort waits to hear what became of what a provider had
// in its hands: longer than most answers take.
const inHand = 5 * time.Second

// takeAll takes every row of a batch back that has not gone.
func (d *Desk) takeAll(ctx context.Context, b *ledger.Batch, by By) error {
	return d.rows(ctx, b, func(ctx context.Context, messages []ledger.Planned) error {
		for _, m := range messages {
			err := again(func() error { return d.takeBack(ctx, &m, gate.ReasonWithdrawn, by) })
			if err != nil && !errors.Is(err, ErrNone) {
				return err
			}
		}
		return nil
	})
}

// tally counts the rows of a batch, and notes once that none is open.
func tally(ctx context.Context, l *ledger.Ledger, b *ledger.Batch) (Tally, error) {
	var t Tally
	err := eachRow(ctx, l, b, func(rows []row) error {
		for _, r := range rows {
			t.add(r)
		}
		return nil
	})
	if err == nil && t.Open == 0 && b.Stage != ledger.Planning && b.Ended == 0 {
		err = l.SetEnded(ctx, b)
	}
	return t, err
}

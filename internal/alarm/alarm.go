// Package alarm sets the alarm clock of a planned message: the task that rings
// when the message is due. The ledger's row is the message; an alarm may ring
// twice, late or for nothing, and does no harm.
package alarm

import (
	"context"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// Clock sets alarms. Both fields are required.
type Clock struct {
	Tasks *tasks.Client
	Plan  *hours.Clock
}

// Ring sets the alarm of p for when it is due; what is due already rings at
// once, in the queue that is served first.
func (c Clock) Ring(ctx context.Context, p *ledger.Planned) error {
	at := time.Time{}
	if due := time.Unix(p.Row.Due, 0); due.After(c.Plan.Now()) {
		at = c.Plan.Real(due)
	}
	kind := tasks.Email
	if p.Via == contact.ViaSMS {
		kind = tasks.SMS
	}
	if p.Row.Why == gate.ReasonPace {
		kind = kind.Reserved()
	}
	return tasks.Enqueue(ctx, c.Tasks, kind, tasks.Message{Contact: string(p.Contact), Entry: p.Entry.String()}, at)
}

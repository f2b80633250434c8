package worker

import (
	"context"

	"github.com/hibiken/asynq"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// emptyArchives leaves nothing in asynq's archives. There asynq would delete
// without a word (10,000 tasks or 90 days, asynq v0.26.0 rdb.go:839-842), block
// the ids, and above some 8,000 old ones fail to archive at all (rdb.go:869).
// Why a task was set aside goes to the log, and to the person's timeline.
func (w *Worker) emptyArchives(ctx context.Context, in *asynq.Inspector) {
	for _, queue := range tasks.Queues() {
		for ctx.Err() == nil {
			// In pages: to delete all at once blocks Redis for everybody.
			dead, err := in.ListArchivedTasks(queue, asynq.PageSize(sweepPage))
			if err != nil || len(dead) == 0 {
				break // a queue that was never used does not exist
			}
			moved := 0
			for _, t := range dead {
				if w.unarchive(ctx, in, t) {
					moved++
				}
			}
			if moved == 0 {
				break
			}
		}
	}
}

// unarchive takes one task out of its archive. A planned message stands in the
// ledger, so its alarm may go: what is overdue is rung for. Any other task is
// all there is of what it carries, so it is tried again.
func (w *Worker) unarchive(ctx context.Context, in *asynq.Inspector, t *asynq.TaskInfo) bool {
	w.Log.ErrorContext(ctx, "task set aside", "task", t.Type, "id", t.ID, "attempt", t.Retried, "err", t.LastErr)
	var err error
	if via, ok := alarmOf(t.Type); ok {
		w.recordSetAside(ctx, via, t.Payload)
		err = in.DeleteTask(t.Queue, t.ID)
	} else {
		err = in.RunTask(t.Queue, t.ID)
	}
	if err != nil {
		w.Log.ErrorContext(ctx, "task stays set aside", "task", t.Type, "id", t.ID, "err", err)
	}
	return err == nil
}

func (w *Worker) recordSetAside(ctx context.Context, v contact.Via, payload []byte) {
	m, err := tasks.Email.Decode(payload, w.Sealer) // every alarm carries the same
	if err != nil {
		return // it names nobody
	}
	entry, err := ledger.ParseEntry(m.Entry)
	if err != nil {
		return
	}
	event := ledger.Event{What: "alarm_set_aside", N: entry.N, Message: entry.Template + "/" + string(v), By: "sweeper"}
	if err := w.Ledger.Record(ctx, contact.ID(m.Contact), event); err != nil {
		w.Log.WarnContext(ctx, "not recorded", "contact", m.Contact, "err", err)
	}
}

func alarmOf(kind string) (contact.Via, bool) {
	switch kind {
	case tasks.Email.Name:
		return contact.ViaEmail, true
	case tasks.SMS.Name:
		return contact.ViaSMS, true
	default:
		return "", false
	}
}

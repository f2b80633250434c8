package worker

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/safety"
	"github.com/joydevie/followup/tasks"
	"github.com/joydevie/followup/templates"
)

// staffReply is the template of the note to staff about what a person wrote
// back.
const staffReply = "staff-reply"

// replyEntry names the note to the i-th of the staff about the k-th reply.
func replyEntry(k, i int) string {
	return staffReply + "-" + strconv.Itoa(k) + "-" + strconv.Itoa(i+1)
}

// parseReplyEntry reads that name; reader counts from 0.
func parseReplyEntry(entry string) (k, reader int, ok bool) {
	rest, ok := strings.CutPrefix(entry, staffReply+"-")
	if !ok {
		return 0, 0, false
	}
	first, second, _ := strings.Cut(rest, "-")
	k, _ = strconv.Atoi(first)
	n, _ := strconv.Atoi(second)
	return k, max(n-1, 0), true
}

// reported takes in a provider's report that came while a worker held the
// message.
func (w *Worker) reported(ctx context.Context, t tasks.Report) error {
	entry, err := ledger.ParseEntry(t.Entry)
	if err != nil {
		return err
	}
	report := ledger.Report{State: ledger.State(t.State), Why: gate.Reason(t.Why), Provider: t.Provider, Code: t.Code}
	dead := func(r ledger.Row) bool { return time.Since(unix(r.Since)) > stale }
	changed, err := w.Ledger.Report(ctx, contact.ID(t.Contact), entry, contact.Via(t.Via), report, dead)
	switch {
	case errors.Is(err, ledger.ErrNone):
		return nil // erased meanwhile
	case errors.Is(err, ledger.ErrClaimed), errors.Is(err, ledger.ErrRace):
		return &busy{time.Second}
	case err != nil:
		return err
	}
	if changed {
		w.Log.InfoContext(ctx, "message "+t.State, "contact", t.Contact, "entry", t.Entry, "channel", t.Via, "code", t.Code)
	}
	return nil
}

// replied does what follows from a person's reply: what it has overtaken is
// cancelled, and staff get a note. What must not go is kept back already.
func (w *Worker) replied(ctx context.Context, t tasks.Replied) error {
	id := contact.ID(t.Contact)
	err := w.afterReply(ctx, id, t)
	if errors.Is(err, ledger.ErrNone) {
		return nil // erased meanwhile
	}
	return err
}

func (w *Worker) afterReply(ctx context.Context, id contact.ID, t tasks.Replied) error {
	if t.Blocked {
		if err := w.Ledger.CancelBlocked(ctx, id); err != nil {
			return err
		}
	}
	if t.Reply == 0 {
		return nil
	}
	if err := w.Ledger.CancelStopped(ctx, id); err != nil {
		return err
	}
	var notes []ledger.Step
	for i := range w.Clinic.Staff {
		notes = append(notes, ledger.Step{Template: replyEntry(t.Reply, i), Via: contact.ViaEmail, Due: w.now()})
	}
	planned, err := w.Ledger.Extend(ctx, id, t.N, notes)
	if err != nil {
		return err
	}
	for _, p := range planned {
		if p.Row.State != ledger.Waiting {
			continue // a run that died before it was marked as done came this far
		}
		if err := w.Alarm.Ring(ctx, &p); err != nil {
			return err
		}
	}
	return nil
}

// replyData adds what staff alone read: who wrote back, and what.
func (w *Worker) replyData(ctx context.Context, d *templates.Data, p *ledger.Planned) error {
	k, _, _ := parseReplyEntry(p.Entry.Template)
	reply, err := w.Ledger.Reply(ctx, p.Contact, k)
	if err != nil {
		return err
	}
	s := p.Submission
	d.Item = w.Links.Item(p.Contact, p.Entry.N)
	d.Name, d.Message = string(s.Name), string(reply.Text)
	if s.Phone != "" {
		d.Phone = s.Phone.National()
	}
	d.WrittenAt = reply.At.In(w.Clinic.Zone).Format("Mon 2 Jan 2006, 3:04 pm MST")
	switch safety.Flag(reply.Flag) {
	case safety.Appointment:
		d.Hold = "This opted out of texts, as the rule says. They may have meant their appointment: please ask."
	case safety.Detach:
		d.Hold = "Whoever has this number says that it is the wrong one. No text goes there any more."
	default:
		d.Hold = "Texts and follow-ups wait until a person has read this."
	}
	for action, field := range map[string]*string{"read": &d.ReadURL, "answered": &d.AnsweredURL, "booked": &d.BookedURL, "stop": &d.StopURL} {
		*field = w.Links.ReplyNote(p.Contact, p.Entry.N, k, action)
	}
	return nil
}

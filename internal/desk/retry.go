package desk

import (
	"context"
	"slices"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// hopeless are the codes of providers after which the same message to the same
// address fails again (https://www.twilio.com/docs/api/errors).
var hopeless = []string{
	"30007", // filtered for what it says
	"21610", // the person wrote STOP
	"30005", // no such handset
	"30006", // a landline
}

// Retry sends a message that failed once more, where that can help: one that
// its provider refused, or could not deliver, for another reason than its
// address, its words or the person's wish. What may have arrived is never sent
// again. Twice is once. It returns a *Wrong or a *Refused with the reason why
// not, and ErrNone when there is no such message.
func (d *Desk) Retry(ctx context.Context, id contact.ID, e ledger.Entry, v contact.Via, by By) (*ledger.Planned, error) {
	m, err := d.Ledger.Message(ctx, id, e, v)
	if err != nil {
		return nil, err
	}
	if err := again(func() error { return d.retry(ctx, m, by) }); err != nil {
		return nil, err
	}
	return m, d.ring(ctx, []ledger.Planned{*m})
}

func (d *Desk) retry(ctx context.Context, m *ledger.Planned, by By) error {
	now := d.now()
	if m.Row.State.Pending() {
		return nil // by an earlier call, or it never failed
	}
	if err := mayRetry(m.Row); err != nil {
		return err
	}
	if m.Row.Late > 0 && now.Unix() > m.Row.Late {
		return &Wrong{"message", "it would come too late to say anything", "call the person"}
	}
	if !ledger.ToStaff(m.Entry.Template) {
		address := m.Submission.Address(m.Via)
		why, err := d.Ledger.Suppression(ctx, m.Via, address)
		if err != nil {
			return err
		}
		again := *m
		again.Row.Planned = now.Unix()
		if verdict := gate.Decide(d.snapshot(&again, why), now); verdict.Do == gate.Never {
			return &Refused{map[contact.Via]gate.Reason{m.Via: verdict.Why}}
		}
	}
	row, err := m.Row.To(ledger.Waiting, "", now)
	if err != nil {
		return err
	}
	row.Planned, row.Due = now.Unix(), now.Add(d.Wait).Unix()+1
	row.Tries, row.Provider, row.Code, row.Words = 0, "", "", ""
	row.Anew = row.Batch != ""
	event := by.event("retried")
	event.N, event.Message = m.Entry.N, m.Entry.Template+"/"+string(m.Via)
	return d.settleAgain(ctx, m, row, event)
}

// mayRetry says why a message must not or need not be sent again.
func mayRetry(r ledger.Row) error {
	switch {
	case r.State == ledger.Unknown:
		return &Wrong{"message", "it may have arrived", "look at the provider's list, or call the person"}
	case r.State == ledger.Sent || r.State == ledger.Delivered:
		return &Wrong{"message", "it has not failed", "send a reminder to write again"}
	case r.State == ledger.Cancelled:
		return &Wrong{"message", "it was cancelled", "send a reminder to write again"}
	case r.State == ledger.NotSent && r.Why == gate.ReasonRefused && !slices.Contains(hopeless, r.Code):
		return nil
	case r.State == ledger.Undelivered && r.Why == "" && !slices.Contains(hopeless, r.Code):
		return nil
	}
	why := r.Why
	if why == "" {
		why = gate.ReasonRefused
	}
	return &Wrong{"message", "to send it again would not help: " + why.Say(), "use another way, or call the person"}
}

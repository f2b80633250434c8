package webhook

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// TwilioState says what Twilio's status of a message is to us; ok is false for
// one that is not known.
func TwilioState(status string) (state ledger.State, ok bool) {
	state, ok = states[status]
	return state, ok
}

// states says what Twilio's status of a message is to us. That Twilio has the
// message in any way is Sent: it is the evidence for one whose answer was lost.
// (https://www.twilio.com/docs/messaging/api/message-resource#message-status-values)
var states = map[string]ledger.State{
	"accepted": ledger.Sent, "scheduled": ledger.Sent, "queued": ledger.Sent, "sending": ledger.Sent, "sent": ledger.Sent,
	"partially_delivered": ledger.Sent, "delivered": ledger.Delivered, "read": ledger.Delivered,
	"undelivered": ledger.Undelivered, "failed": ledger.Undelivered, "canceled": ledger.Undelivered,
}

// blocking are the codes after which nothing more goes to a number
// (https://www.twilio.com/docs/api/errors). 30003, a handset that is off, and
// 30004, one that refuses, say nothing for good.
var blocking = map[string]gate.Suppression{
	"21610": gate.OptedOut, // the person wrote STOP, and we missed it
	"30005": gate.Dead,     // no such handset
	"30006": gate.Dead,     // a landline
}

// status takes in what became of a message. Our own id of it is in the URL,
// which is signed.
func (t *twilio) status(ctx context.Context, w http.ResponseWriter, r *http.Request, f form) error {
	code := f["ErrorCode"]
	if !errorCode.MatchString(code) {
		code = ""
	}
	why := blocking[code]
	if to, ok := phone(f["To"]); ok && why != "" {
		if err := t.Ledger.Block(ctx, contact.ViaSMS, string(to), why, "provider", code); err != nil {
			return err
		}
	}
	state, known := states[f["MessageStatus"]]
	id, entry, via, err := ledger.ParseMessageID(r.URL.Query().Get("m"))
	if known && err == nil && via == contact.ViaSMS && messageSID.MatchString(f["MessageSid"]) {
		rep := ledger.Report{State: state, Why: gate.Reason(why), Provider: f["MessageSid"], Code: code}
		if state != ledger.Undelivered {
			rep.Why = ""
		}
		if err := t.report(ctx, id, entry, via, rep); err != nil {
			return err
		}
		if state != ledger.Sent { // its end: what the report proves is written down
			if err := t.redact(ctx, rep.Provider); err != nil {
				return err
			}
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// report merges a report into the ledger, or leaves it to a task while a
// worker holds the message.
func (c Config) report(ctx context.Context, id contact.ID, e ledger.Entry, v contact.Via, rep ledger.Report) error {
	changed, err := c.Ledger.Report(ctx, id, e, v, rep, nil)
	switch {
	case errors.Is(err, ledger.ErrNone):
		return nil // erased
	case errors.Is(err, ledger.ErrClaimed), errors.Is(err, ledger.ErrRace):
		return tasks.Enqueue(ctx, c.Tasks, tasks.Reported, tasks.Report{
			Contact: string(id), Entry: e.String(), Via: string(v),
			State: string(rep.State), Why: string(rep.Why), Provider: rep.Provider, Code: rep.Code,
		}, time.Time{})
	case err != nil:
		return err
	}
	if changed {
		c.Log.InfoContext(ctx, "message "+string(rep.State), "contact", id, "entry", e, "channel", v, "code", rep.Code)
	}
	return nil
}

// redact has a text emptied at Twilio, by a task.
func (t *twilio) redact(ctx context.Context, sid string) error {
	if !t.Redact {
		return nil
	}
	return tasks.Enqueue(ctx, t.Tasks, tasks.Redact, tasks.Redaction{Provider: sid, Since: t.Now().Unix()}, time.Time{})
}

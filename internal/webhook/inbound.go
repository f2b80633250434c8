package webhook

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/safety"
	"github.com/joydevie/followup/tasks"
)

// Text is what somebody wrote to us.
type Text struct {
	From       contact.Phone   `json:"from"`
	SID        string          `json:"sid"` // the provider's id of it
	Body       contact.Private `json:"body"`
	OptOutType string          `json:"opt_out_type,omitempty"` // the provider's own reading of it
}

// keepPatience bounds the wait for a disk, once Redis has used up its time.
const keepPatience = 2 * time.Second

// inbound takes in a text that somebody wrote to us. An opt-out is in force
// when it is answered, for a number that we do not know too (47 CFR
// 64.1200(a)(10)); what staff see of it comes by a task.
func (t *twilio) inbound(ctx context.Context, w http.ResponseWriter, _ *http.Request, f form) error {
	from, ok := phone(f["From"])
	sid := f["MessageSid"]
	if !ok || !messageSID.MatchString(sid) {
		t.Log.InfoContext(ctx, "text ignored", "channel", contact.ViaSMS, "err", "no number or no id")
		say(w, "")
		return nil
	}
	text := Text{from, sid, contact.Private(f["Body"]), f["OptOutType"]}
	answer, err := t.take(ctx, text)
	if err != nil {
		if t.Keep != nil && t.read(string(text.Body), text.OptOutType).Kind == safety.OptOut {
			// Twilio tells it again for some seconds; this outlasts that.
			keeping, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepPatience)
			defer cancel()
			err = errors.Join(err, t.Keep(keeping, text))
		}
		return err
	}
	say(w, answer)
	return nil
}

// Take takes in a text that was kept. Doing it twice, or after the provider has
// told it again, has the effect of once.
func (c Config) Take(ctx context.Context, text Text) error {
	_, err := (&twilio{c}).take(ctx, text)
	return err
}

// take does all that a text asks for, and gives what to answer.
func (t *twilio) take(ctx context.Context, text Text) (answer string, err error) {
	reply := t.read(string(text.Body), text.OptOutType)
	in := ledger.Inbound{From: text.From, SID: text.SID, Text: text.Body, Rule: reply.Rule, Of: t.Replies.Version()}
	switch {
	case reply.Kind == safety.OptIn:
		in.Lift = true
	case reply.Kind == safety.OptOut && reply.Flag == safety.Detach:
		in.Why = gate.WrongNumber
	case reply.Kind == safety.OptOut:
		in.Why = gate.OptedOut
	}
	progress, err := t.Ledger.Hear(ctx, in)
	if err != nil || progress == ledger.Settled {
		return "", err
	}
	kept, err := t.follow(ctx, in, reply)
	if err != nil {
		return "", err
	}
	if kept || reply.Kind != safety.Other { // a stranger's words are nowhere but at Twilio
		if err := t.redact(ctx, text.SID); err != nil {
			return "", err
		}
	}
	if answer, err = t.answer(ctx, text.From, reply); err != nil {
		return "", err
	}
	return answer, t.Ledger.Heard(ctx, text.From, text.SID)
}

// read classifies a text, by Twilio's word for it and by its own. Twilio knows
// keywords that its customer has set, and only whole ones
// (https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out). Of the
// two the one that restricts counts; and YES, which Twilio takes for START,
// answers a question of ours.
func (t *twilio) read(text, optOutType string) safety.Reply {
	reply := t.Replies.Read(text)
	switch strings.ToUpper(strings.TrimSpace(optOutType)) {
	case "STOP":
		if reply.Kind != safety.OptOut {
			reply = safety.Reply{Kind: safety.OptOut, Rule: "provider-stop", Bare: true}
		}
	case "START":
		if reply.Kind == safety.Other && reply.Flag != safety.Confirm {
			reply = safety.Reply{Kind: safety.OptIn, Rule: "provider-start", Bare: true}
		}
	case "HELP":
		if reply.Kind == safety.Other {
			reply = safety.Reply{Kind: safety.Help, Rule: "provider-help", Bare: true}
		}
		reply.Flag = "" // Twilio has answered
	}
	return reply
}

// follow does what the text means for the person whom the number leads to, and
// reports whether there is one who keeps it.
func (t *twilio) follow(ctx context.Context, in ledger.Inbound, reply safety.Reply) (kept bool, err error) {
	id, err := t.Ledger.PersonByPhone(ctx, in.From)
	known := err == nil
	t.Log.InfoContext(ctx, "text received", "channel", contact.ViaSMS, "kind", reply.Kind, "rule", reply.Rule, "contact", id)
	if errors.Is(err, ledger.ErrNone) {
		return false, nil
	}
	if !known {
		return false, err
	}
	event := ledger.Event{By: "person", Code: reply.Rule}
	heard := tasks.Replied{Contact: string(id)}
	switch {
	case reply.Kind == safety.OptIn:
		event.What = ledger.OptedIn
	case reply.Kind == safety.Help:
		event.What = "asked_for_help"
	case reply.Flag == safety.Confirm:
		asked, err := t.reminded(ctx, id)
		if err != nil {
			return false, err
		}
		if asked {
			event.What = "confirmed"
		}
	case reply.Kind == safety.OptOut:
		event.What, heard.Blocked = string(in.Why), true
	}
	// What is more than a keyword, and what may have meant something else, is
	// for a person to read: until then automated texts wait.
	if event.What == "" || heard.Blocked && (!reply.Bare || reply.Flag != "") {
		heard.Reply, heard.N, err = t.Ledger.Replied(ctx, id, ledger.Reply{
			At: t.Now(), SID: in.SID, Text: in.Text, Rule: reply.Rule, Flag: string(reply.Flag),
		})
		known = err == nil
		if err != nil && !errors.Is(err, ledger.ErrNone) {
			return false, err
		}
	}
	if heard.Blocked || heard.Reply > 0 {
		if err := tasks.Enqueue(ctx, t.Tasks, tasks.PersonReplied, heard, time.Time{}); err != nil {
			return false, err
		}
	}
	if event.What != "" {
		if err := t.Ledger.Record(ctx, id, event); err != nil {
			return false, err
		}
	}
	if reply.Flag == safety.Detach {
		return known, t.Ledger.Detach(ctx, in.From, id)
	}
	return known, nil
}

// reminded reports whether the person was sent a reminder by text: then a yes
// answers it.
func (t *twilio) reminded(ctx context.Context, id contact.ID) (bool, error) {
	p, err := t.Ledger.Person(ctx, id)
	if errors.Is(err, ledger.ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(p.Messages, func(m ledger.Planned) bool {
		went := m.Row.State == ledger.Sent || m.Row.State == ledger.Delivered || m.Row.State == ledger.Unknown || m.Row.State == ledger.Sending
		return went && m.Via == contact.ViaSMS && strings.HasPrefix(m.Entry.Template, "reminder")
	}), nil
}

// answer is what we say to a call for help in a language in which Twilio does
// not. To an opt-out we never say anything: Twilio has.
func (t *twilio) answer(ctx context.Context, from contact.Phone, reply safety.Reply) (string, error) {
	if reply.Kind != safety.Help || reply.Flag != safety.Answer {
		return "", nil
	}
	text := t.Help(reply.Lang)
	if text == "" {
		return "", nil
	}
	if ok, err := t.Ledger.MayHelp(ctx, from); err != nil || !ok {
		return "", err
	}
	return text, nil
}

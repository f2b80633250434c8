package worker

import (
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// reply takes in what ann wrote back, as the webhook does, and runs its task.
func (w *world) reply(t *testing.T, sid, text, flag string) (k int) {
	t.Helper()
	id := w.person(t).ID
	k, n, err := w.Ledger.Replied(t.Context(), id, ledger.Reply{At: w.Worker.now(), SID: sid, Text: contact.Private(text), Rule: "message", Flag: flag})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.replied(t.Context(), tasks.Replied{Contact: string(id), N: n, Reply: k}); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

func TestAReplyEndsTheFollowUpsAndStaffReadItOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.submit(t, ann())
	w.ringAll(t)
	k := w.reply(t, "SM1", "zebra words", "")
	if again := w.reply(t, "SM1", "zebra words", ""); again != k {
		t.Errorf("the same text became reply %d", again)
	}
	w.ringAll(t)
	var notes []string
	for _, m := range w.sent {
		if m.Template == staffReply {
			notes = append(notes, m.Text)
			if m.To != "desk@joydevie.example" || m.Subject == "" || strings.Contains(m.Subject, "zebra") || !strings.Contains(m.Text, "zebra words") || !strings.Contains(m.Text, "Ann Canary") {
				t.Errorf("the note to %q, %q, says %q", m.To, m.Subject, m.Text)
			}
		}
	}
	if len(notes) != 1 {
		t.Fatalf("%d notes", len(notes))
	}
	for i := 1; i <= 3; i++ {
		if r := w.row(t, "1."+ledger.FollowUp(i), contact.ViaEmail); r.State != ledger.Cancelled || r.Why != gate.ReasonReplied {
			t.Errorf("follow-up %d is %+v", i, r)
		}
	}
	if strings.Contains(w.log.String(), "zebra") {
		t.Error("the log repeats the reply")
	}
}

func TestTextsWaitUntilTheReplyWasRead(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.submit(t, ann())
	k := w.reply(t, "SM1", "when do you open?", "")
	w.ringAll(t)
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.Held || r.Why != gate.ReasonUnread {
		t.Fatalf("the text is %+v", r)
	}
	links := w.Links.(desk.Links)
	id := w.person(t).ID
	press := func(link string) {
		t.Helper()
		target, err := links.ParseNote(strings.TrimPrefix(link, "https://joydevie.example/n/"))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.desk.Act(t.Context(), target, "note"); err != nil {
			t.Fatal(err)
		}
		w.ringAll(t)
	}
	press(links.Note(id, 1, "read")) // the note about the form
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.Held {
		t.Errorf("the older note released it: %+v", r)
	}
	press(links.ReplyNote(id, 1, k, "read"))
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.Sent {
		t.Errorf("after the reply was read it is %+v", r)
	}
}

func TestWhatWasPlannedIsCancelledAfterAnOptOut(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.submit(t, ann())
	if _, err := w.Ledger.Hear(t.Context(), ledger.Inbound{From: "+13035550142", SID: "SM1", Text: "STOP", Rule: "stop", Of: "v", Why: gate.OptedOut}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.replied(t.Context(), tasks.Replied{Contact: string(p.ID), Blocked: true}); err != nil {
			t.Fatal(err)
		}
	}
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.Cancelled || r.Why != gate.ReasonOptedOut {
		t.Errorf("the text is %+v", r)
	}
	w.ringAll(t)
	if strings.Contains(w.names(), "sms") {
		t.Errorf("sent %s", w.names())
	}
}

func TestAReportIsTakenInOnceTheClaimIsOverOrStale(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		since time.Duration
		want  ledger.State
	}{{0, ledger.Sending}, {2 * time.Hour, ledger.Delivered}} {
		w := setup(t)
		p := w.submit(t, ann())
		m, err := w.Ledger.Message(t.Context(), p.ID, ledger.Entry{N: 1, Template: "confirmation"}, contact.ViaSMS)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Ledger.Claim(t.Context(), m, "dead", time.Now().Add(-c.since)); err != nil {
			t.Fatal(err)
		}
		err = w.reported(t.Context(), tasks.Report{Contact: string(p.ID), Entry: "1.confirmation", Via: "sms", State: "delivered", Provider: "SM1"})
		if got := w.row(t, "1.confirmation", contact.ViaSMS).State; got != c.want || isFailure(err) && err != nil {
			t.Errorf("claimed %s ago: %s, %v", c.since, got, err)
		}
	}
}

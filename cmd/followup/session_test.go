package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/smtptest"
)

var session = flag.String("session", "", "a file to which TestADayAtTheDesk writes what was typed and answered; `make session` sets it")

// terminal is one at the front desk: it runs the program as a process, and keeps
// what was typed and answered.
type terminal struct {
	t    *testing.T
	env  []string
	dir  string // where it is typed; "" where the test is
	said bytes.Buffer
}

// typed types a command and gives what was answered.
func (d *terminal) typed(comment, command string, want ...string) string {
	d.t.Helper()
	cmd := exec.CommandContext(d.t.Context(), os.Args[0], words(command)[1:]...)
	cmd.Env = append(append(os.Environ(), "BE_FOLLOWUP=1", "NO_COLOR=1"), d.env...)
	cmd.Dir = d.dir
	answer, err := cmd.CombinedOutput()
	if err != nil {
		d.t.Errorf("%s: %v\n%s", command, err, answer)
	}
	for _, w := range want {
		if !strings.Contains(string(answer), w) {
			d.t.Errorf("%s does not say %q:\n%s", command, w, answer)
		}
	}
	fmt.Fprintf(&d.said, "# %s\n$ %s\n%s\n", comment, command, answer)
	return string(answer)
}

// subjects by which the relay's messages are told apart.
var subjects = map[string]string{"reminder": "A short reminder from us", "confirmation": "We have your message"}

// named gives the messages of a template that the relay has taken for somebody.
func (w *clinicWorld) named(to, template string) (all []smtptest.Message) {
	for _, m := range w.mail.Messages() {
		if m.To == to && m.Subject == subjects[template] {
			all = append(all, m)
		}
	}
	return all
}

// What a front desk does in a day, typed into the real program over a real
// Redis; the relay and Twilio are those of the tests. Every answer is held
// against what the relay has got.
func TestADayAtTheDesk(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	w.env = append(w.env, "FOLLOWUP_CLINIC="+clinicFile(t, "undo_wait: 10s", "list_wait: 10s"), "USER=bea")
	p := launch(t, w.env, "run")
	base := p.port("public")
	w.mail.Fail("carla@example.com", 1, smtptest.Reply(smtptest.Rcpt, "550 5.4.1 no answer from the host"))
	for _, form := range []map[string]any{
		{"name": "María López", "email": "maria@example.com", "phone": "(303) 555-0142", "consent_sms": true, "consent_email": true, "message": "May I call you?"},
		{"name": "Ben Ng", "email": "ben@example.com", "consent_email": true},
		{"name": "Carla Ruiz", "email": "carla@example.com", "consent_email": true},
		{"name": "Dora Klein", "email": "dora@example.com", "consent_email": true},
	} {
		if status, body := post(t, base, form); status != http.StatusAccepted {
			t.Fatal(status, body)
		}
	}
	desk := &terminal{t: t, env: w.env, dir: t.TempDir()}
	find := func(name string) string {
		var found struct{ People []struct{ Item string } }
		var item string
		eventually(t, name+" in the ledger", func() bool {
			out := (&terminal{t: t, env: w.env}).typed("", "followup contacts find "+name+" --json")
			if json.Unmarshal([]byte(out), &found) == nil && len(found.People) == 1 {
				item = found.People[0].Item
			}
			return item != ""
		})
		return item
	}
	maria, ben, carla, dora := find("lopez"), find("ng"), find("ruiz"), find("klein")
	eventually(t, "three confirmations", func() bool { return len(w.mail.Messages()) >= 3+4 }) // and four notes to staff

	desk.typed("Who was that? Accents and case do not matter.", "followup contacts find lopez --full", "María López")
	desk.typed("Everything about one person; initials, so that the screen may be seen.", "followup contacts show "+maria, "M. L.", "wrote, item "+maria)
	desk.typed("Remind her tomorrow at nine …", "followup remind "+maria+" --at 'tomorrow 9am'", "Reminder by email goes", "09:00")
	desk.typed("… or rather not.", "followup undo "+maria, "Taken back", "Stopped: reminder by email, reminder by text.")
	desk.typed("Remind her now, by email alone.", "followup remind "+maria+" --via email --why 'asked for it'", "Reminder by email goes")
	eventually(t, "the reminder", func() bool { return len(w.named("maria@example.com", "reminder")) == 1 })
	desk.list(w)
	desk.typed("Who was not reached?", "followup messages failed", "1 did not reach", "C. R.", "Confirmation by email not sent")
	desk.typed("Try those once more.", "followup messages retry --all", "1 of 1 go once more", carla+"  C. R.  Confirmation by email goes once more")
	eventually(t, "the confirmation that was refused", func() bool { return len(w.named("carla@example.com", "confirmation")) == 1 })
	eventually(t, "nothing that failed", func() bool {
		return strings.Contains((&terminal{t: t, env: w.env}).typed("", "followup messages failed"), "0 did not")
	})
	desk.typed("Called Ben.", "followup called "+ben+" --why 'will think about it'", "Called: B. N.", "Stopped: follow-up 1 by email")
	desk.typed("Carla has booked.", "followup booked "+carla, "Booked: C. R.")
	desk.typed("An appointment, with its reminders; nobody is told unless asked.", "followup appointments add "+carla+" --at 'tomorrow 14:00' --kind call", "Made: appointment 1", "Reminder by email goes")
	desk.typed("It moves, and they move with it.", "followup appointments move "+carla+" --at 'tomorrow 15:30'", "Changed: appointment 1", "15:30")
	desk.typed("Dora is away: keep everything back.", "followup hold "+dora+" --why 'away until Monday'", "On hold: D. K.", "Kept back: follow-up 1 by email")
	desk.typed("Why does Ben get no follow-up?", "followup why "+ben, "Follow-up 1 by email cancelled by bea: called")
	desk.typed("And Dora?", "followup why "+dora, "Follow-up 1 by email does not go: staff hold everything to this person back")
	desk.typed("What goes out this week?", "followup upcoming --week", "within a week")
	desk.typed("What waits for us?", "followup inbox")
	if n := len(w.named("maria@example.com", "reminder")); n != 1 {
		t.Errorf("%d reminders at the relay: one was sent, one taken back", n)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("stopped with %d", code)
	}
	if *session != "" && !t.Failed() {
		head := "A day at the front desk, as `make session` recorded it: the real program and a real\nRedis; the relay and Twilio are those of the tests. Items and times are those of that day.\n\n"
		if err := os.WriteFile(*session, append([]byte(head), desk.said.Bytes()...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

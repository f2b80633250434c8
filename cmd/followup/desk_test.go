package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
)

// deskWorld is a Redis with people in it, and the command line.
type deskWorld struct {
	t    testing.TB
	env  []string
	book *ledger.Ledger
}

func newDeskWorld(t testing.TB) *deskWorld {
	t.Helper()
	server, keys := redistest.Start(t, "--appendfsync", "no"), seal.New()
	set, err := seal.Parse(keys)
	if err != nil {
		t.Fatal(err)
	}
	return &deskWorld{t, staffEnv(server.URL, keys, "USER=bea"), ledger.New(server.Client(), set, hours.NewClock(1, nil).Now)}
}

// write admits somebody who wrote that long ago, with a plan.
func (w *deskWorld) write(name, email, phone string, ago time.Duration) contact.ID {
	w.t.Helper()
	at := time.Now().Add(-ago)
	s := contact.Submission{
		ID: seal.NewID(), At: at, Name: contact.Private(name), Email: contact.Email(email), Phone: contact.Phone(phone), Message: "canary words",
		Language: contact.English, Zone: "America/Denver", Page: "/blog/one", Consent: contact.Consent{Email: true, SMS: phone != ""},
	}
	a, err := w.book.Admit(context.Background(), s, ledger.Once{}, func(*ledger.Person) ledger.Plan {
		return ledger.Plan{Unread: true, Steps: []ledger.Step{
			{Template: "confirmation", Via: contact.ViaEmail, Due: at},
			{Template: "followup-1", Via: contact.ViaEmail, Due: at.Add(24 * time.Hour)},
		}}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return a.Contact
}

// run gives what a command printed, what it complained of, and how it ended.
func (w *deskWorld) run(args ...string) (out, complaint string, code int) {
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), system{append([]string{"followup"}, args...), w.env, &stdout, &stderr})
	for line := range strings.Lines(stdout.String()) {
		if n := columns(strings.TrimSuffix(line, "\n")); n > screenWidth && !strings.Contains(stdout.String(), "{") {
			w.t.Errorf("%v prints a line of %d columns: %s", args, n, line)
		}
	}
	return stdout.String(), stderr.String(), code
}

func TestTheDeskLooks(t *testing.T) {
	t.Parallel()
	w := newDeskWorld(t)
	ann := w.write("Ánn Canary 田中太郎", "ann.canary@example.com", "+13035550142", 2*time.Hour)
	w.write("Bea Canary", "bea@example.com", "", 100*time.Hour)
	p, err := w.book.Message(t.Context(), ann, ledger.Entry{N: 1, Template: "confirmation"}, contact.ViaEmail)
	if err == nil {
		row := p.Row
		row.State, row.Why, row.At = ledger.NotSent, gate.ReasonRefused, time.Now().Unix()
		err = w.book.Settle(t.Context(), p, row)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		say  []string
	}{
		{[]string{"contacts", "find", "CANARY"}, []string{"B. C.", "Á. 田.", "new, not read yet", string(ann)}},
		{[]string{"contacts", "find", "ann", "--full"}, []string{"Ánn Canary 田中太郎"}},
		{[]string{"contacts", "find", "canary", "--most", "1"}, []string{"and 1 more"}},
		{[]string{"contacts", "show", "(303) 555-0142"}, []string{"Á. 田.", "wrote, item", "Confirmation by email not sent", "agreed to", "follow-ups by email, texts"}},
		{[]string{"contacts", "show", "--full", "ann"}, []string{"“canary words”", "(303) 555-0142, ann.canary@example.com"}},
		{[]string{"why", "ann.canary@example.com"}, []string{"Confirmation by email not sent: the provider refused it (", "Follow-up 1 by email goes "}},
		{[]string{"inbox"}, []string{"2 new · ", "nobody has read it"}},
		{[]string{"upcoming", "--week"}, []string{"follow-up", "within a week", "Á. 田."}},
		{[]string{"upcoming", "ann"}, []string{"1 follow-up to this person"}},
		{[]string{"messages", "failed"}, []string{"1 did not reach", "Confirmation by email not sent"}},
	} {
		out, complaint, code := w.run(c.args...)
		if code != 0 || complaint != "" {
			t.Errorf("%v: %d, %s", c.args, code, complaint)
		}
		for _, say := range c.say {
			if !strings.Contains(out, say) {
				t.Errorf("%v does not say %q:\n%s", c.args, say, out)
			}
		}
		full := strings.Contains(strings.Join(c.args, " "), "--full")
		if !full && (strings.Contains(strings.ToLower(out), "canary") || strings.Contains(out, "555")) {
			t.Errorf("%v names the person:\n%s", c.args, out)
		}
		asJSON, _, code := w.run(append(c.args, "--json")...)
		if !json.Valid([]byte(asJSON)) || code != 0 || !full && strings.Contains(strings.ToLower(asJSON), "anary") {
			t.Errorf("%v --json: %d, %s", c.args, code, asJSON)
		}
		t.Logf("$ followup %s\n%s", strings.Join(c.args, " "), out)
	}
	for _, c := range []struct {
		args []string
		code int
		say  string
	}{
		{[]string{"contacts", "show", "nobody"}, failed, "nobody is found by that; give an item"},
		{[]string{"why", "canary"}, failed, "that is 2 people"},
		{[]string{"why"}, usedWrong, "whom? PERSON is an item"},
		{[]string{"inbox", "--most", "0"}, usedWrong, "--most: takes 1 to 1000"},
		{[]string{"inbox", "now"}, usedWrong, `takes no "now"`},
	} {
		out, complaint, code := w.run(c.args...)
		if code != c.code || !strings.Contains(complaint, c.say) || out != "" || strings.Count(complaint, "\n") != 1 || strings.Contains(complaint, "anary") && c.args[1] != "canary" {
			t.Errorf("%v: %d, %q %q", c.args, code, out, complaint)
		}
	}
}

func TestColumnsAreThoseOfATerminal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "田中": 4, "a\u200bb": 2, "ｶﾅ": 2} {
		if got := columns(text); got != want {
			t.Errorf("%q takes %d columns, want %d", text, got, want)
		}
	}
	for _, text := range []string{"", "a", strings.Repeat("wide 田中 ", 30), strings.Repeat("田", 99)} {
		for _, line := range wrap(text, 20) {
			if columns(line) > 20 {
				t.Errorf("%q is too wide", line)
			}
		}
		if got := strings.Join(strings.Fields(strings.Join(wrap(text, 20), "")), ""); got != strings.ReplaceAll(text, " ", "") {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := oneLine("a\x1b[31m\nb\u202e\rc"); got != "a[31m b c" {
		t.Errorf("%q", got)
	}
}

func TestARowTellsItsMomentOnce(t *testing.T) {
	t.Parallel()
	const when = "Tue 24 Nov 18:57 MST"
	for text, want := range map[string]string{
		"Follow-up 1 by email goes Tue 24 Nov 18:57 MST.":                "Follow-up 1 by email",
		"Confirmation by text sent Tue 24 Nov 18:57 MST":                 "Confirmation by text sent",
		"Follow-up 1 by email cancelled: quiet (Tue 24 Nov 18:57 MST).":  "Follow-up 1 by email cancelled: quiet",
		"appointment made: Fri 27 Nov 14:00 MST":                         "appointment made: Fri 27 Nov 14:00 MST",
		"due Tue 24 Nov 18:57 MST held for quiet → Wed 25 Nov 10:00 MST": "due Tue 24 Nov 18:57 MST held for quiet → Wed 25 Nov 10:00 MST",
	} {
		if got := beside(when, text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestWhatWasTakenBackStandsOnceOnTheTimeline(t *testing.T) {
	t.Parallel()
	w := newDeskWorld(t)
	w.write("", "ann.canary@example.com", "", time.Hour)
	for _, command := range []string{"read ann.canary@example.com", "remind ann.canary@example.com", "undo ann.canary@example.com"} {
		if out, complaint, code := w.run(words(command)...); code != done {
			t.Fatalf("%s: %s%s", command, out, complaint)
		}
	}
	out, _, _ := w.run("contacts", "show", "ann.canary@example.com")
	if n := strings.Count(strings.ToLower(out), "reminder by email"); n != 1 || !strings.Contains(out, "reminder by email taken back: staff took it back (by bea)") {
		t.Errorf("%d times:\n%s", n, out)
	}
	if out, _, _ := w.run("upcoming", "--week", "--full"); !strings.Contains(out, "  ann.canary@example.com  Follow-up 1 by email\n") {
		t.Errorf("who gave no name is not told by the address:\n%s", out)
	}
}

func TestWhatIsNamedTwiceIsCounted(t *testing.T) {
	t.Parallel()
	all := []ledger.Planned{}
	for _, name := range []string{"followup-1", "reminder-24h-a1", "followup-2", "reminder-2h-a1", "reminder-r1"} {
		all = append(all, ledger.Planned{Entry: ledger.Entry{N: 1, Template: name}, Via: contact.ViaEmail})
	}
	if got := names(all); got != "follow-up 1 by email, reminder by email (3), follow-up 2 by email" {
		t.Error(got)
	}
}

func TestTheDeskActs(t *testing.T) {
	t.Parallel()
	w := newDeskWorld(t)
	w.env = append(w.env, "TWILIO_ACCOUNT_SID=AC"+strings.Repeat("0", 32), "TWILIO_AUTH_TOKEN="+strings.Repeat("1", 32), "TWILIO_FROM=+13035550100")
	ann := w.write("Ann Canary", "ann.canary@example.com", "+13035550142", 2*time.Hour)
	w.write("Bea Canary", "bea@example.com", "", time.Hour)
	state := func(entry string, v contact.Via) string {
		e, err := ledger.ParseEntry(entry)
		if err != nil {
			t.Fatal(err)
		}
		p, err := w.book.Message(t.Context(), ann, e, v)
		if err != nil {
			return err.Error()
		}
		return string(p.Row.State)
	}
	for i, c := range []struct {
		command string
		code    int
		say     []string // on either stream
		then    string   // an entry, its way, and the state it is in afterwards
	}{
		{"remind ann --at 'tomorrow 3am'", failed, []string{"--at: no text may go ", " 03:00 M", "the next slot is ", " 08:00 M", "or --via email"}, ""},
		{"remind ann --at 'last week'", usedWrong, []string{`--at: "last week" is no moment`}, ""},
		{"remind ann --at '2020-01-01 9am'", failed, []string{"--at: it lies in the past; leave it out to send now"}, ""},
		{"remind ann --template confirmation", failed, []string{"--template: it is of the class confirmation"}, ""},
		{"remind ann --via pigeon", usedWrong, []string{"--via: takes email or sms"}, ""},
		{"remind bea --via sms", failed, []string{"it can go by no way"}, ""},
		{"remind ann --at 'tomorrow 9am' --dry-run", done, []string{"A. C. (", "it would go", "At present it would wait: A person must read"}, "1.reminder-r1 email ledger: no such person or message"},
		{"read ann", done, []string{"Read: A. C. ("}, ""},
		{"remind ann --at 'tomorrow 9am'", done, []string{"Reminder by email goes ", " 09:00 M", "Reminder by text goes ", "followup undo "}, "1.reminder-r1 sms waiting"},
		{"remind ann --at 'tomorrow 9am'", done, []string{"It was planned before"}, ""},
		{"edit ann --message 1.reminder-r1/sms --at 'tomorrow 3am'", failed, []string{"--at: no text may go ", "the next slot is ", " 08:00 M"}, ""},
		{"edit ann --message 1.reminder-r1/sms --at 'tomorrow 3pm' --why asked", done, []string{"Changed: A. C. (", "Reminder by text goes ", " 15:00 M"}, "1.reminder-r1 sms waiting"},
		{"edit ann --message 1.reminder-r1/sms --template followup-1", failed, []string{"--template: there is no such reminder"}, ""},
		{"edit ann --message 1.reminder-r1/sms", usedWrong, []string{"say what changes: --at or --template"}, ""},
		{"edit ann --message 1.confirmation/email --at 'tomorrow 3pm'", failed, []string{"--message: it is neither a follow-up nor a reminder"}, ""},
		{"edit ann --message 1.reminder-r9/sms --at 'tomorrow 3pm'", failed, []string{"there is nothing of the kind"}, ""},
		{"edit ann --message nonsense --at 'tomorrow 3pm'", usedWrong, []string{"--message: write it like"}, ""},
		{"undo ann", done, []string{"Taken back: A. C. (", "Stopped: reminder by email, reminder by text."}, "1.reminder-r1 sms cancelled"},
		{"edit ann --message 1.reminder-r1/sms --at 'tomorrow 4pm'", done, []string{"Too late to change: A. C. (", "reminder by text; `followup why`"}, "1.reminder-r1 sms cancelled"},
		{"undo bea", failed, []string{"no such reminder was asked for; `followup cancel`"}, ""},
		{"remind ann --via email", done, []string{"Reminder by email "}, "1.reminder-r2 email waiting"},
		{"cancel ann --message 1.reminder-r2/email --why tested", done, []string{"Stopped: reminder by email."}, "1.reminder-r2 email cancelled"},
		{"cancel ann --message 1.confirmation/email", done, []string{"Taken back: A. C. ("}, ""},
		{"cancel ann --message nonsense", usedWrong, []string{"--message: write it like"}, ""},
		{"cancel ann --message 1.nothing/email", failed, []string{"no message 1.nothing/email"}, ""},
		{"hold ann --why 'canary reason'", done, []string{"On hold: A. C. (", "Kept back: "}, ""},
		{"remind ann --at 'tomorrow 10am'", done, []string{"Reminder by text does not go: staff hold everything to this person back."}, "1.reminder-r3 sms waiting"},
		{"undo ann", done, []string{"Taken back: A. C. ("}, "1.reminder-r3 sms cancelled"},
		{"contacts show ann", done, []string{"on hold: nothing automated goes (by bea)"}, ""},
		{"release ann", done, []string{"Released: A. C. ("}, ""},
		{"booked ann --by Ute", done, []string{"Booked: A. C. (", "Stopped: follow-up 1 by email."}, "1.followup-1 email cancelled"},
		{"booked ann --by Ute", done, []string{"Booked: A. C. ("}, "1.followup-1 email cancelled"},
		{"why ann", done, []string{"Follow-up 1 by email cancelled by Ute: booked "}, ""},
		{"called bea", done, []string{"Called: B. C. (", "Stopped: follow-up 1 by email."}, ""},
		{"not-interested bea", done, []string{"Not interested: B. C. ("}, ""},
		{"wrong-number ann", done, []string{"Wrong number: A. C. ("}, ""},
		{"wrong-number bea", failed, []string{"number: the person left none"}, ""},
		{"stop ann", done, []string{"Wants nothing more: A. C. ("}, ""},
		{"appointments add ann --at 'tomorrow 14:00' --tell", done, []string{"Made: appointment 1", "Note of the appointment by email goes ", "Reminder by email goes", "Not by text: Whoever has this number says"}, "1.reminder-2h-a1 sms ledger: no such person or message"},
		{"appointments move ann", usedWrong, []string{"say what changes: --at, "}, ""},
		{"appointments move ann --appointment 2 --at 'Fri 10:00'", failed, []string{"--appointment: there is no 2; "}, ""},
		{"appointments move ann --place 'the ketamine house'", failed, []string{`--place: "ketamin" tells on a lock screen`}, ""},
		{"appointments move ann --place '12 Painter Street'", done, []string{"Changed: appointment 1"}, ""},
		{"contacts show ann", done, []string{"appointment made: ", " 14:00 M"}, ""},
		{"remind canary", failed, []string{"that is 2 people (", "name one by what stands behind the initials"}, ""},
		{"appointments add bea --at 'tomorrow 14:00 America/Chicago' --kind call --place 'canary street'", done, []string{"Made: appointment 1 of B. C. (", " 14:00 C", "(13:00 M", " at the clinic)"}, ""},
		{"appointments add bea", usedWrong, []string{"--at: when is it?"}, ""},
		{"appointments list bea", done, []string{" 14:00 C", "call", "Reminder by email"}, ""},
		{"appointments move bea --at 'tomorrow 3pm'", done, []string{"Changed: appointment 1", " 16:00 C"}, ""},
		{"appointments cancel bea", done, []string{"Cancelled: appointment 1", "Nothing goes out about it."}, ""},
		{"appointments cancel bea", failed, []string{"--appointment: none is ahead; "}, ""},
		{"appointments add bea --at 'tomorrow 11:00'", done, []string{"Not by text: the person left no number.\n"}, ""},
		{"note ann --text 'canary prefers mornings'", done, []string{"Noted: A. C. ("}, ""},
		{"note ann", usedWrong, []string{"--text: write"}, ""},
		{"lift ann --via sms --block opted_out", failed, []string{"--why: missing"}, ""},
		{"lift ann --via sms --block opted_out --why 'asked by phone'", done, []string{"A. C. ("}, ""},
		{"lift ann --via sms --block all", usedWrong, []string{"--block: takes"}, ""},
		{"pause sms --until 'tomorrow 9am'", done, []string{"Paused: sms, until ", "followup resume sms"}, ""},
		{"pause email --until 'tomorrow 9am'", done, []string{"Paused: email, until "}, ""},
		{"remind bea --at 'tomorrow 10am'", done, []string{"Paused by bea: email, until ", "Paused by bea: sms, until "}, ""},
		{"resume email", done, []string{"Resumed: email."}, ""},
		{"why ann", done, []string{"Paused by bea: sms, until "}, ""},
		{"lift bea --via sms --block opted_out --why asked", failed, []string{"--via: the person gave no address"}, ""},
		{"pause sms", usedWrong, []string{"--until: until when?"}, ""},
		{"pause pigeons --until 'tomorrow 9am'", usedWrong, []string{"takes one channel"}, ""},
		{"resume sms", done, []string{"Resumed: sms."}, ""},
		{"messages retry --all", done, []string{"0 of 0 go once more"}, ""},
		{"messages retry", usedWrong, []string{"name a person, or say --all"}, ""},
		{"messages retry bea --message 1.confirmation/email", done, []string{"1 of 1 go once more", "ITEM  WHO    WHAT\n", "  B. C.  Confirmation by email goes once more, "}, ""},
		{"messages retry bea --message 1.nothing/email", failed, []string{"--message: this person has no message 1.nothing/email"}, ""},
		{"messages retry bea --message nonsense", usedWrong, []string{"--message: write it like"}, ""},
		{"answered nobody", failed, []string{"nobody is found by that"}, ""},
	} {
		args := words(c.command)
		out, complaint, code := w.run(args...)
		if code != c.code || c.code != done && (out != "" || strings.Count(complaint, "\n") != 1) || c.code == done && complaint != "" {
			t.Errorf("%d, %s: %d\n%s%s", i, c.command, code, out, complaint)
		}
		for _, say := range c.say {
			if !strings.Contains(out+complaint, say) {
				t.Errorf("%d, %s does not say %q:\n%s%s", i, c.command, say, out, complaint)
			}
		}
		if strings.Contains(out+complaint, "anary") {
			t.Errorf("%d, %s names the person:\n%s%s", i, c.command, out, complaint)
		}
		if f := strings.SplitN(c.then, " ", 3); len(f) == 3 && state(f[0], contact.Via(f[1])) != f[2] {
			t.Errorf("%d, after %s %s is %s", i, c.command, f[0], state(f[0], contact.Via(f[1])))
		}
	}
}

// words splits a command as a shell does, with single quotes.
func words(line string) (all []string) {
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			all = append(all, part)
		} else {
			all = append(all, strings.Fields(part)...)
		}
	}
	return all
}

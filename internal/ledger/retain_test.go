package ledger_test

import (
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
)

// What is open is never removed by time.
func TestWhomTheClinicIsNotDoneWithIsOpen(t *testing.T) {
	t.Parallel()
	in := func(states ...ledger.State) (p ledger.Person) {
		for _, s := range states {
			p.Messages = append(p.Messages, ledger.Planned{Row: ledger.Row{State: s}})
		}
		return p
	}
	for name, c := range map[string]struct {
		person ledger.Person
		open   bool
	}{
		"nothing":          {ledger.Person{}, false},
		"an unread form":   {ledger.Person{Unread: 1}, true},
		"an unread reply":  {ledger.Person{Heard: 1}, true},
		"held by staff":    {ledger.Person{Hold: ledger.Hold{On: true}}, true},
		"waiting":          {in(ledger.Sent, ledger.Waiting), true},
		"held":             {in(ledger.Held), true},
		"with a provider":  {in(ledger.Sending), true},
		"all that is over": {in(ledger.Sent, ledger.Delivered, ledger.Undelivered, ledger.Unknown, ledger.NotSent, ledger.Cancelled), false},
	} {
		if got := c.person.Open(); got != c.open {
			t.Errorf("%s: open %v, want %v", name, got, c.open)
		}
	}
}

func TestTheLastThingThatHappenedCounts(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return noon.Add(time.Duration(n) * 24 * time.Hour) }
	p := ledger.Person{Submissions: []contact.Submission{{At: day(2)}, {At: day(1)}}}
	for _, c := range []struct {
		add  func()
		want time.Time
	}{
		{func() {}, day(2)},
		{func() { p.Submissions = append(p.Submissions, contact.Submission{At: day(3)}) }, day(3)},
		{func() { p.Messages = []ledger.Planned{{Row: ledger.Row{At: day(1).Unix()}}} }, day(3)},
		{func() { p.Messages[0].Row.At = day(4).Unix() }, day(4)},
		{func() { p.Appointments = []ledger.Appointment{{At: day(9)}, {At: day(5)}} }, day(9)},
	} {
		if c.add(); !p.LastSeen().Equal(c.want) {
			t.Errorf("last seen %s, want %s", p.LastSeen(), c.want)
		}
	}
}

func TestOnlyWhatIsOldIsForgottenAndCountedOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.admit(t, ann("one")).Contact
	if err := w.Record(t.Context(), id, ledger.Event{What: "note", Text: "canary"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Replied(t.Context(), id, ledger.Reply{At: noon.Add(2 * time.Hour), SID: "SM1", Text: "canary"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{0, 0}, {time.Hour, 2}, {time.Hour, 0}, {3 * time.Hour, 1}, {3 * time.Hour, 0}} { // the form and the note, the reply
		p, err := w.Person(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := w.ForgetTexts(t.Context(), p, noon.Add(c.after)); err != nil || n != c.want {
			t.Errorf("%s: forgot %d, want %d, %v", c.after, n, c.want, err)
		}
	}
}

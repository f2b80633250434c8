package desk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
)

// world is a view over a Redis of its own, at a time that the test sets.
type world struct {
	*desk.View
	redis redis.UniversalClient
	now   time.Time
}

var denver = func() *time.Location {
	l, err := time.LoadLocation("America/Denver")
	if err != nil {
		panic(err)
	}
	return l
}()

// monday is a working day, at eleven.
var monday = time.Date(2026, 11, 23, 11, 0, 0, 0, denver)

func setup(t testing.TB) *world {
	t.Helper()
	return setupOn(t, redistest.Start(t, "--appendfsync", "no").Client())
}

func setupOn(t testing.TB, rdb redis.UniversalClient) *world {
	t.Helper()
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	office, err := hours.ParseOffice(map[string]string{"mon-fri": "9:00-17:00"}, denver)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{redis: rdb, now: monday}
	now := func() time.Time { return w.now }
	w.View = &desk.View{
		Ledger: ledger.New(rdb, keys, now), Links: desk.Links{Keys: keys, PublicURL: "https://joydevie.example"},
		Zone: denver, Office: office, Windows: hours.Default(), Now: now,
	}
	return w
}

func ann() contact.Submission {
	return contact.Submission{
		ID: "ann", At: monday, Name: "Ann Canary", Email: "ann.canary@example.com", Phone: "+13035550142", Message: "canary words",
		Language: contact.English, Zone: "America/Denver", Page: "/blog/one", Consent: contact.Consent{Email: true, SMS: true},
	}
}

// write admits a submission with a confirmation, a text and three follow-ups.
func (w *world) write(t testing.TB, s contact.Submission) contact.ID {
	t.Helper()
	a, err := w.Ledger.Admit(context.Background(), s, ledger.Once{}, func(*ledger.Person) ledger.Plan {
		return ledger.Plan{Unread: true, Steps: []ledger.Step{
			{Template: "confirmation", Via: contact.ViaEmail, Due: s.At},
			{Template: "confirmation", Via: contact.ViaSMS, Due: s.At},
			{Template: "staff-note", Via: contact.ViaEmail, Due: s.At},
			{Template: "followup-1", Via: contact.ViaEmail, Due: s.At.Add(24 * time.Hour)},
			{Template: "followup-2", Via: contact.ViaEmail, Due: s.At.Add(72 * time.Hour)},
		}}
	})
	if err != nil {
		t.Fatal(err)
	}
	return a.Contact
}

func (w *world) person(t testing.TB, id contact.ID) *ledger.Person {
	t.Helper()
	p, err := w.Ledger.Person(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// settle moves a message into a state, by way of a claim where that is needed.
func (w *world) settle(t testing.TB, id contact.ID, template string, v contact.Via, change func(*ledger.Row)) {
	t.Helper()
	m, err := w.Ledger.Message(t.Context(), id, ledger.Entry{N: 1, Template: template}, v)
	if err != nil {
		t.Fatal(err)
	}
	row := m.Row
	row.At = w.now.Unix()
	change(&row)
	if err := w.Ledger.Settle(t.Context(), m, row); err != nil {
		t.Fatal(err)
	}
}

func (w *world) why(t testing.TB, id contact.ID) string {
	t.Helper()
	var lines []string
	for _, l := range w.Why(w.person(t, id), 0) {
		lines = append(lines, l.Text)
	}
	return strings.Join(lines, "\n")
}

func TestWhySaysWhatBecameOfEachMessageInOneSentence(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.write(t, ann())
	w.settle(t, id, "confirmation", contact.ViaEmail, func(r *ledger.Row) { r.State = ledger.Delivered })
	w.now = monday.Add(9*time.Hour + 40*time.Minute) // Monday 20:40
	w.settle(t, id, "confirmation", contact.ViaSMS, func(r *ledger.Row) {
		r.State, r.Why, r.Due = ledger.Held, gate.ReasonHours, time.Date(2026, 11, 24, 10, 0, 0, 0, denver).Unix()
	})
	want := `Confirmation by email delivered Mon 23 Nov 11:00 MST.
Confirmation by text due Mon 23 Nov 11:00 MST held for quiet hours → Tue 24 Nov 10:00 MST.
Note to staff goes now.
Follow-up 1 by email goes Tue 24 Nov 11:00 MST at the earliest: somebody must read first what the person wrote.
Follow-up 2 by email goes Thu 26 Nov 11:00 MST at the earliest: somebody must read first what the person wrote.`
	if got := w.why(t, id); got != want {
		t.Errorf("it says:\n%s\nwant:\n%s", got, want)
	}
	w.now = time.Date(2026, 11, 24, 14, 2, 0, 0, denver)
	if _, _, err := w.Ledger.Replied(t.Context(), id, ledger.Reply{SID: "SM1", Text: "canary reply", At: w.now}); err != nil {
		t.Fatal(err)
	}
	if err := w.Ledger.CancelStopped(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	w.settle(t, id, "staff-note", contact.ViaEmail, func(r *ledger.Row) { r.State, r.Code = ledger.Undelivered, "5.1.1" })
	w.settle(t, id, "confirmation", contact.ViaSMS, func(r *ledger.Row) { r.State, r.Why = ledger.Unknown, gate.ReasonLostAnswer })
	want = `Confirmation by email delivered Mon 23 Nov 11:00 MST.
Confirmation by text not known – do not resend: the provider's answer was lost Tue 24 Nov 14:02 MST.
Note to staff not delivered Tue 24 Nov 14:02 MST: the provider gave up (code 5.1.1).
Follow-up 1 by email cancelled: replied Tue 24 Nov 14:02 MST.
Follow-up 2 by email cancelled: replied Tue 24 Nov 14:02 MST.`
	if got := w.why(t, id); got != want {
		t.Errorf("it says:\n%s\nwant:\n%s", got, want)
	}
}

func TestEveryStateAndReasonHasASentence(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.person(t, w.write(t, ann()))
	for _, state := range []ledger.State{
		ledger.Waiting, ledger.Held, ledger.Sending, ledger.Sent, ledger.Delivered, ledger.Undelivered, ledger.Unknown, ledger.NotSent, ledger.Cancelled,
	} {
		for _, why := range []gate.Reason{"", gate.ReasonHours, gate.ReasonUnread, gate.ReasonNoHours, gate.ReasonReplied, gate.ReasonDead, "a_code_of_tomorrow"} {
			for i := range p.Messages {
				p.Messages[i].Row.State, p.Messages[i].Row.Why, p.Messages[i].Row.At = state, why, monday.Unix()
			}
			for _, l := range w.Why(p, 1) {
				if !strings.HasSuffix(l.Text, ".") || strings.Contains(l.Text, "..") || strings.Contains(l.Text, "1970") || strings.Contains(l.Text, "  ") {
					t.Errorf("%s, %q: %q", state, why, l.Text)
				}
			}
		}
	}
}

func TestOnePersonIsMeantByWhateverStaffHave(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.write(t, ann())
	other := ann()
	other.ID, other.Name, other.Email, other.Phone = "bea", "Bea Canary", "bea@example.com", ""
	w.write(t, other)
	item := w.Links.Item(id, 1)
	for _, text := range []string{string(id), item, strings.ToLower(item), "ANN.CANARY@example.com", "(303) 555-0142", "303.555.0142", "+1 303 555 0142", "ann", "Canary Ann"} {
		p, n, err := w.One(t.Context(), text)
		if err != nil || p.ID != id || n != 1 {
			t.Errorf("%q: %v, %d, %v", text, p, n, err)
		}
	}
	for _, text := range []string{"aaaaaaaaaaaaaaaa", "nobody@example.com", "(303) 555-0199", "carla", "ZZZZ", ""} {
		if _, _, err := w.One(t.Context(), text); !errors.Is(err, desk.ErrNobody) {
			t.Errorf("%q: %v", text, err)
		}
	}
	_, _, err := w.One(t.Context(), "canary")
	if many, ok := errors.AsType[*desk.Many](err); !ok || many.Total != 2 || strings.Contains(err.Error(), "anary") || !strings.Contains(err.Error(), w.Links.Item(id, 1)) {
		t.Errorf("two are meant: %v", err)
	}
}

func TestTheCardTellsAllAndItsMaskNobody(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.write(t, ann())
	w.settle(t, id, "confirmation", contact.ViaSMS, func(r *ledger.Row) { r.State, r.Why = ledger.NotSent, gate.ReasonNoConsent })
	if err := w.Ledger.MarkRead(t.Context(), id, 1, "Bea"); err != nil {
		t.Fatal(err)
	}
	if err := w.Ledger.Stop(t.Context(), id, 1, gate.ReasonBooked, ledger.Event{What: "booked", By: "Bea"}); err != nil {
		t.Fatal(err)
	}
	c, err := w.Show(t.Context(), w.person(t, id), 1)
	if err != nil {
		t.Fatal(err)
	}
	var story []string
	for _, m := range c.Timeline {
		story = append(story, m.Text+"|"+m.By)
	}
	for _, want := range []string{
		"wrote, item " + c.Item + ", from /blog/one|", "read|Bea", "booked: the follow-ups stop|Bea",
		"Confirmation by text not sent: no consent to messages of this kind (Mon 23 Nov 11:00 MST)|",
		"Follow-up 1 by email cancelled by Bea: booked Mon 23 Nov 11:00 MST|",
	} {
		if !slices.Contains(story, want) {
			t.Errorf("%q is not on the timeline:\n%s", want, strings.Join(story, "\n"))
		}
	}
	if c.Stands != "booked" || c.Who.Name != "Ann Canary" || c.Best == nil || !slices.Equal(c.Agreed, []string{"follow-ups by email", "texts"}) {
		t.Errorf("the card: %+v", c)
	}
	c.Mask()
	if said := fmt.Sprintf("%+v", c); strings.Contains(said, "anary") || c.Initials != "A. C." {
		t.Errorf("masked, and it says %s", said)
	}
}

func TestTheInboxShowsWhatWaitsAndHowLate(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	id := w.write(t, ann())
	check := func(when, counts string, tasks ...string) {
		t.Helper()
		in, err := w.Inbox(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(in.New, in.Waiting, in.Call, in.Replied); got != counts {
			t.Errorf("%s: %s new, waiting, to call, replied; want %s", when, got, counts)
		}
		var got []string
		for _, task := range in.Tasks {
			said := string(task.Tray)
			if task.Late {
				said += " late"
			}
			if task.Best != nil {
				said += " " + task.Phone + " " + task.Best.From.Format("Mon 15:04") + "–" + task.Best.To.Format("15:04")
			}
			got = append(got, said)
		}
		if !slices.Equal(got, tasks) {
			t.Errorf("%s: %q, want %q", when, got, tasks)
		}
	}
	check("written", "1 0 0 0", "new")
	w.now = monday.Add(2 * time.Hour) // 13:00, by which we answer
	check("at the promised time", "1 0 0 0", "new")
	w.now = w.now.Add(time.Second)
	check("past it", "1 1 0 0", "new late")
	if err := w.Ledger.MarkRead(ctx, id, 1, "Bea"); err != nil {
		t.Fatal(err)
	}
	check("read", "0 0 0 0")
	if _, _, err := w.Ledger.Replied(ctx, id, ledger.Reply{SID: "SM1", At: w.now}); err != nil {
		t.Fatal(err)
	}
	check("replied", "0 0 0 1", "replied")
	if err := w.Ledger.MarkHeard(ctx, id, 1, "Bea"); err != nil {
		t.Fatal(err)
	}
	for tray, slip := range map[ledger.Tray]ledger.Slip{ledger.TrayReplied: {Contact: id, N: 1, Since: w.now}, ledger.TrayNew: {Contact: id, N: 1, Since: w.now}} {
		if err := w.Ledger.Put(ctx, tray, slip); err != nil { // as a run that died late would
			t.Fatal(err)
		}
	}
	check("what was read before", "0 0 0 0")
	other := ann()
	other.ID, other.Email, other.Phone, other.At = "bea", "", "+18005550123", w.now
	bea := w.write(t, other)
	if err := w.Ledger.MarkRead(ctx, bea, 1, "Bea"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Ledger.Put(ctx, ledger.TrayCall, ledger.Slip{Contact: bea, N: 1, Since: w.now}); err != nil {
			t.Fatal(err)
		}
	}
	w.now = time.Date(2026, 11, 23, 20, 0, 0, 0, denver)
	check("not to be reached", "0 0 1 0", "call (800) 555-0123 Tue 10:00–17:00")
	if err := w.Ledger.Put(ctx, ledger.TrayCall, ledger.Slip{Contact: id, N: 1, Since: monday}); err != nil {
		t.Fatal(err)
	}
	check("a slip of somebody who has replied", "0 0 1 0", "call (800) 555-0123 Tue 10:00–17:00")
}

func TestUpcomingCountsWhatGoesOutUpToATime(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.write(t, ann())
	for i := range 3 {
		s := ann()
		s.ID, s.Email, s.Phone, s.At = fmt.Sprint(i), contact.Email(fmt.Sprintf("%d@example.com", i)), "", monday.Add(time.Duration(i-30)*time.Hour)
		w.write(t, s)
	}
	w.settle(t, id, "confirmation", contact.ViaSMS, func(r *ledger.Row) { r.State, r.Why = ledger.Held, gate.ReasonUnread })
	until := time.Date(2026, 11, 25, 0, 0, 0, 0, denver)
	u, err := w.Upcoming(t.Context(), until, 100)
	if err != nil {
		t.Fatal(err)
	}
	if u.People != 4 || !u.All || u.Held != 1 || u.Counts["follow-up"] != 4 || u.Counts["message"] != 7 || len(u.Next) != 11 {
		t.Errorf("%+v", u)
	}
	for _, p := range u.Next {
		if !p.Due.Before(until) || strings.Contains(p.Message, "staff") {
			t.Errorf("%+v", p.Line)
		}
	}
	if !slices.IsSortedFunc(u.Next, func(a, b desk.Plan) int { return a.Due.Compare(b.Due) }) {
		t.Error("not in the order of their times")
	}
	if one := w.UpcomingOf(w.person(t, id)); one.Counts["follow-up"] != 2 || one.Held != 1 {
		t.Errorf("of one: %+v", one)
	}
}

func TestFailedListsWhatDidNotArriveUntilItHas(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.write(t, ann())
	w.settle(t, id, "confirmation", contact.ViaEmail, func(r *ledger.Row) { r.State, r.Code = ledger.Undelivered, "5.1.1" })
	w.settle(t, id, "followup-1", contact.ViaEmail, func(r *ledger.Row) { r.State, r.Why = ledger.NotSent, gate.ReasonUnsubscribed })
	failed, total, err := w.Failed(t.Context(), 10)
	if err != nil || total != 1 || len(failed) != 1 || failed[0].Message != "1.confirmation/email" || failed[0].ID != id {
		t.Errorf("%d failed: %+v, %v", total, failed, err)
	}
	w.settle(t, id, "confirmation", contact.ViaEmail, func(r *ledger.Row) { r.State = ledger.Delivered })
	if failed, total, err := w.Failed(t.Context(), 10); err != nil || total != 0 || len(failed) != 0 {
		t.Errorf("arrived, and %d failed: %+v, %v", total, failed, err)
	}
}

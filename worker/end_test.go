package worker

import (
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

func TestTheLastWordOfStaffStands(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.settled(t)
	w.remind(t, p, desk.Ask{At: on(25, 9, 0)})
	for _, end := range []func() (desk.Stopped, error){
		func() (desk.Stopped, error) { return w.desk.Called(t.Context(), p.ID, 0, rosa) },
		func() (desk.Stopped, error) { return w.desk.Booked(t.Context(), p.ID, 0, rosa) },
		func() (desk.Stopped, error) { return w.desk.Stop(t.Context(), p.ID, 0, rosa) },
		func() (desk.Stopped, error) { return w.desk.Stop(t.Context(), p.ID, 0, rosa) },
	} {
		if _, err := end(); err != nil {
			t.Fatal(err)
		}
	}
	var said []string
	for _, e := range w.timeline(t) {
		if e.By == rosa.Name && e.Text == rosa.Why {
			said = append(said, e.What)
		}
	}
	if got := strings.Join(said, " "); !strings.HasSuffix(got, "called booked unsubscribed opted_out staff cancelled") {
		t.Errorf("with their reason on the timeline: %s", got)
	}
	if p := w.person(t); p.StoppedWhy != gate.ReasonStaff || p.Stopped != 1 {
		t.Errorf("it stands at %s", p.StoppedWhy)
	}
	if row := w.row(t, "1.reminder-r1", contact.ViaEmail); row.State != ledger.Cancelled || row.Why != gate.ReasonStaff {
		t.Errorf("who wants nothing more gets a reminder: %+v", row)
	}
}

func TestAWrongNumberStandsOnceOnTheTimelineWithItsReason(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]func(w *world, p *ledger.Person) error{
		"it is the first that is known": func(*world, *ledger.Person) error { return nil },
		"the follow-ups had ended before": func(w *world, p *ledger.Person) error {
			_, err := w.desk.Called(t.Context(), p.ID, 0, rosa)
			return err
		},
		"whoever reads there said so before": func(w *world, p *ledger.Person) error {
			return w.Ledger.Suppress(t.Context(), p.ID, 1, contact.ViaSMS, gate.WrongNumber, "person")
		},
		"it was noted before": func(w *world, p *ledger.Person) error {
			_, err := w.desk.WrongNumber(t.Context(), p.ID, 0, rosa)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			p := w.settled(t)
			if err := before(w, p); err != nil {
				t.Fatal(err)
			}
			if _, err := w.desk.WrongNumber(t.Context(), p.ID, 0, rosa); err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, e := range w.timeline(t) {
				if e.What == "wrong_number" && e.By == rosa.Name {
					if n++; e.Text != rosa.Why {
						t.Error("it gives no reason")
					}
				}
			}
			if n != 1 {
				t.Errorf("it stands there %d times", n)
			}
		})
	}
}

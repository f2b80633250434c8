package worker

import (
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
)

func TestWindowsThatOpenEarlierBringForwardWhatIsHeld(t *testing.T) {
	t.Parallel()
	w := setup(t)
	night := time.Date(2026, 11, 24, 23, 0, 0, 0, denver)
	w.at(night)
	s := ann()
	s.At = night
	w.submit(t, s)
	w.ringAll(t)
	due := func() string { return unix(w.row(t, "1.confirmation", contact.ViaSMS).Due).In(denver).Format("15:04") }
	if due() != "10:00" {
		t.Fatalf("held until %s", due())
	}
	w.sweepOnce(t)
	if due() != "10:00" {
		t.Errorf("the same windows: %s", due())
	}
	w.Windows = hours.Reminders() // from 8:00, on every day
	alarms := w.alarms(t)
	w.sweepOnce(t)
	if due() != "08:00" || w.alarms(t) != alarms+1 {
		t.Errorf("windows that open at 8:00: %s, %d alarms more", due(), w.alarms(t)-alarms)
	}
	w.sweepOnce(t)
	if w.alarms(t) != alarms+1 {
		t.Error("rung again for nothing")
	}

	w.Windows = hours.Default() // and narrower again: the gate decides
	w.at(night.Add(9 * time.Hour))
	w.ringAll(t)
	if row := w.row(t, "1.confirmation", contact.ViaSMS); row.State != ledger.Held || due() != "10:00" {
		t.Errorf("%+v, due %s", row, due())
	}
}

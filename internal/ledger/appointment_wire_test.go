package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/seal"
)

// If this fails, appointments and reminders that lie in Redis will not be
// understood: fields may be added, never changed.
func TestWhatLiesInRedisOfAppointmentsIsFrozen(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 28, 17, 30, 0, 0, time.UTC)
	for name, v := range map[string]any{
		"appointment.json": Appointment{
			K: 3, At: at, Zone: "America/Denver", Place: "100 Example St", Kind: KindVisit, Version: 2,
			Written: at.Add(-48 * time.Hour), Before: at.Add(-24 * time.Hour), Cancelled: true,
		},
		"reminder-row.json": Row{
			State: Waiting, Planned: at.Unix() - 7200, Due: at.Unix() - 7200, Late: at.Unix() - 1800, For: at.Unix(),
			Template: "reminder-24h", Batch: "b7", Asked: "rosa",
		},
	} {
		frozen, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(v)
		if r, ok := v.(Row); ok {
			got = []byte(r.encode())
			if back, err := decodeRow(string(got)); err != nil || back != r {
				t.Errorf("%s is read as %+v, %v", name, back, err)
			}
		}
		if err != nil || !bytes.Equal(got, bytes.TrimSpace(frozen)) {
			t.Errorf("%s is now\n%s", name, got)
		}
	}
}

func TestAnAppointmentLiesSealedInItsPlace(t *testing.T) {
	t.Parallel()
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	l := &Ledger{keys: keys, now: time.Now}
	a := Appointment{K: 1, At: time.Date(2026, 11, 28, 17, 30, 0, 0, time.UTC), Zone: "America/Denver", Place: "canary street", Kind: KindVisit}
	raw, err := l.sealAppointment("ann", a)
	if err != nil || strings.Contains(raw, "anary") || strings.Contains(raw, "Denver") {
		t.Fatalf("%v", err)
	}
	if got, err := l.openAppointment("ann", 1, raw); err != nil || !got.At.Equal(a.At) || got.Place != a.Place {
		t.Errorf("opened %v, %v", got, err)
	}
	if _, err := l.openAppointment("ann", 2, raw); err == nil {
		t.Error("it opens as another appointment")
	}
	if _, err := l.openAppointment("bob", 1, raw); err == nil {
		t.Error("it opens as somebody else's")
	}
	if got := fmt.Sprintf("%v %+v", a, a); strings.Contains(got, "anary") {
		t.Errorf("printed: %s", got)
	}
}

func TestTheNameOfAnEntrySaysWhatItHangsOn(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Hung{
		"reminder-24h-a3":   {Template: "reminder-24h", Appointment: 3, Lead: 24 * time.Hour, Set: 1},
		"reminder-48h-a3-2": {Template: "reminder-24h", Appointment: 3, Lead: 48 * time.Hour, Set: 2},
		"reminder-90m-a12":  {Template: "reminder-2h", Appointment: 12, Lead: 90 * time.Minute, Set: 1},
		"booked-a1":         {Template: "booked", Appointment: 1, Set: 1},
		"rescheduled-a1-4":  {Template: "rescheduled", Appointment: 1, Set: 4},
		"reminder-r5":       {Template: "reminder", Alone: 5, Set: 1},
		"called-r12":        {Template: "called", Alone: 12, Set: 1},
	} {
		h, ok := Entry{1, name}.Hangs()
		if !ok || h != want || h.Name() != name {
			t.Errorf("%s: got %+v, which is called %q", name, h, h.Name())
		}
		if _, e, _, err := ParseMessageID((&Planned{Contact: "ann", Entry: Entry{1, name}, Via: "sms"}).ID()); err != nil || e.Template != name {
			t.Errorf("%s does not come back from a provider: %v, %v", name, e, err)
		}
	}
	for _, name := range []string{"confirmation", "followup-1", "staff-note-2", "staff-reply-3-1", "reminder-24h", "reminder-r0", "-r5", "optout"} {
		if h, ok := (Entry{1, name}).Hangs(); ok {
			t.Errorf("%s hangs on %+v", name, h)
		}
	}
}

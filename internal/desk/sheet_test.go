package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
)

func TestTheSheetCountsWhatWaitsAndNamesNobody(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if s, err := w.Sheet(t.Context()); err != nil || s.Counts != "" || len(s.Lines) != 0 {
		t.Errorf("of nobody: %+v, %v", s, err)
	}
	w.write(t, ann())
	for i, ago := range []time.Duration{30 * time.Hour, 49 * time.Hour, 200 * time.Hour} {
		s := ann()
		s.ID, s.Email, s.At = fmt.Sprint(i), contact.Email(fmt.Sprintf("%d@example.com", i)), monday.Add(-ago)
		s.Phone = contact.Phone(fmt.Sprintf("+130355501%02d", 50+i))
		id := w.write(t, s)
		if i == 2 {
			if err := w.Ledger.MarkRead(t.Context(), id, 1, "Bea"); err != nil {
				t.Fatal(err)
			}
			if err := w.Ledger.Put(t.Context(), ledger.TrayCall, ledger.Slip{Contact: id, N: 1, Since: monday}); err != nil {
				t.Fatal(err)
			}
		}
		for _, r := range []time.Duration{time.Hour, 26 * time.Hour} {
			if _, err := w.Ledger.Extend(t.Context(), id, 1, []ledger.Step{{Template: "reminder-r" + fmt.Sprint(int(r.Hours())), Via: contact.ViaEmail, Due: monday.Add(r)}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.now = monday.Add(time.Minute)
	s, err := w.Sheet(t.Context())
	if err != nil || s.Counts != "3 new · 2 waiting over 24 h · 1 to be called · 3 reminders today" {
		t.Errorf("%+v, %v", s, err)
	}
	said := strings.Join(s.Lines, "\n")
	for _, want := range []string{"new · A. C. · ", "past the promised time", "call · A. C. · ", "no answer for three days", "12:00 · A. C. · "} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing:\n%s", want, said)
		}
	}
	if strings.Contains(said, "anary") || strings.Contains(said, "555") {
		t.Errorf("it names somebody:\n%s", said)
	}
}

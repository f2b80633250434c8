package ledger_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
)

func TestOfManyTextsToANumberTheLatestCount(t *testing.T) {
	t.Parallel()
	w := setup(t)
	s := ann("one")
	a, err := w.Admit(t.Context(), s, once(s), func(*ledger.Person) ledger.Plan {
		return ledger.Plan{Steps: []ledger.Step{{Template: "confirmation", Via: contact.ViaSMS, Due: noon}}}
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := w.Message(t.Context(), a.Contact, a.Steps[0].Entry, contact.ViaSMS)
	if err == nil {
		_, err = w.Claim(t.Context(), m, "try", noon)
	}
	if err == nil {
		_, err = w.Reserve(t.Context(), m)
	}
	if err != nil {
		t.Fatal(err)
	}
	key := w.redis.Keys(t.Context(), "f:texts:*").Val()[0]
	lines := []string{fmt.Sprintf("%d -", noon.Add(-62*24*time.Hour).Unix())}
	for i := range 250 {
		lines = append(lines, fmt.Sprintf("%d other%d.1.followup-1.sms", noon.Unix(), i))
	}
	for _, entry := range []string{"1.followup-1", "11.followup-1", "2.followup-1"} {
		lines = append(lines, fmt.Sprintf("%d %s.%s.sms", noon.Unix(), a.Contact, entry))
	}
	w.redis.Set(t.Context(), key, strings.Join(lines, "\n"), time.Hour)
	earlier, err := w.Reserve(t.Context(), m) // the list is another one than it read
	if err == nil || len(earlier) != 200 {
		t.Fatalf("%d count, %v", len(earlier), err)
	}
	var same []bool
	for _, e := range earlier[197:] {
		same = append(same, e.Sequence)
	}
	if !slices.Equal(same, []bool{true, false, false}) {
		t.Errorf("of the same sequence: %v", same)
	}
	if _, err := w.Reserve(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	want := append(slices.Clone(lines[len(lines)-200:]), fmt.Sprintf("%d %s", noon.Unix(), m.ID()))
	if got := w.redis.Get(t.Context(), key).Val(); got != strings.Join(want, "\n") {
		t.Errorf("the list is\n%s", got)
	}
	w.redis.Set(t.Context(), key, strings.Join(lines[:2], "\n"), time.Hour)
	_, _ = w.Reserve(t.Context(), m)
	if _, err := w.Reserve(t.Context(), m); err != nil || strings.HasPrefix(w.redis.Get(t.Context(), key).Val(), lines[0]) {
		t.Errorf("what is older than 61 days still counts, %v", err)
	}
}

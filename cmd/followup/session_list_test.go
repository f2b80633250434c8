package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/seal"
)

// list sends a list of 40 and stops it half way; what the answer says is held
// against what the providers have got.
func (d *terminal) list(w *clinicWorld) {
	var keys *seal.Keys
	for _, e := range w.env {
		if text, ok := strings.CutPrefix(e, "FOLLOWUP_KEYSET="); ok {
			keys, _ = seal.Parse(text)
		}
	}
	content := fortyPeople(d.t, ledger.New(w.redis.Client(), keys, hours.NewClock(1, nil).Now), ledger.Plan{})
	if err := os.WriteFile(filepath.Join(d.dir, "tomorrow.csv"), []byte(content), 0o600); err != nil {
		d.t.Fatal(err)
	}
	const comes = "40 rows → 36 go, 2 opted out (lines 3, 17), 1 no consent (8), 1 twice (21)"
	d.typed("A list of forty. What would go?", "followup remind --list tomorrow.csv --at 'tomorrow 9am' --dry-run", comes, "The first 3 go ", "09:00")
	out := d.typed("Send it now, ten a second.", "followup remind --list tomorrow.csv --pace 36000 --yes 36", comes, "Planned as batch")
	found := aBatch.FindStringSubmatch(out)
	if found == nil {
		d.t.Fatal(out)
	}
	eventually(d.t, "half of the list", func() bool { return len(w.reminded()) >= 12 })
	out = d.typed("No: stop it!", "followup batches abort "+found[1], " had gone, ", " stopped.")
	var gone, stopped int
	if _, err := fmt.Sscanf(out, "%d had gone, %d stopped.", &gone, &stopped); err != nil || gone+stopped != 36 || stopped == 0 {
		d.t.Errorf("the abort says %q", out)
	}
	if got := len(w.reminded()); got != gone {
		d.t.Errorf("the providers have got it for %d, and the abort says %s", got, out)
	}
	d.typed("Who got it?", "followup batches show "+found[1], fmt.Sprintf("aborted by bea: %d gone, %d stopped", gone, stopped))
	d.typed("All lists.", "followup batches list", "1 list", found[1])
}

// reminded are the people of the list whom a provider has something for: by
// address or number they are one where they have the same two digits.
func (w *clinicWorld) reminded() map[string]bool {
	people := map[string]bool{}
	for _, m := range w.mail.Messages() {
		if name, ok := strings.CutSuffix(m.To, ".canary@example.com"); ok {
			people[fmt.Sprintf("%02s", strings.TrimPrefix(name, "p"))] = true
		}
	}
	for _, m := range w.twilio.Messages() {
		if digits, ok := strings.CutPrefix(m.To, "+130355520"); ok {
			people[digits] = true
		}
	}
	return people
}

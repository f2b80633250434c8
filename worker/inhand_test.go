package worker

import (
	"testing"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/templates"
)

// stopping writes as soon as it is asked for words: after the claim, before the
// provider.
type stopping struct {
	Words
	stop func()
}

func (s stopping) Render(name, language string, d templates.Data) (templates.Rendered, error) {
	s.stop()
	return s.Words.Render(name, language, d)
}

func TestAStopAfterTheClaimKeepsTheTextAndOneDuringTheCallIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		claimed bool // the STOP comes between the claim and the provider
		out     channel.Outcome
		state   ledger.State
		named   int
	}{
		{"claimed, not yet at the provider", true, channel.Outcome{State: channel.Accepted}, ledger.NotSent, 0},
		{"in the call, and accepted", false, channel.Outcome{State: channel.Accepted}, ledger.Sent, 1},
		{"in the call, and its answer lost", false, channel.Outcome{State: channel.Unknown}, ledger.Unknown, 1},
		{"in the call, and refused as opted out", false, channel.Outcome{State: channel.Refused, Cause: channel.CauseOptOut, Code: "21610"}, ledger.NotSent, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			stop := func() {
				if _, err := w.Ledger.Hear(t.Context(), ledger.Inbound{From: "+13035550142", SID: "SM1", Why: gate.OptedOut}); err != nil {
					t.Error(err)
				}
			}
			texts := 0
			w.answer = func(m channel.Message) channel.Outcome {
				if m.Subject == "" {
					texts++
					stop()
				}
				return c.out
			}
			s := ann()
			s.Email, s.ConsentEmail = "", false
			id := w.submit(t, s).ID
			if c.claimed {
				w.Templates = stopping{w.Templates, stop}
			}
			e, _ := ledger.ParseEntry("1.confirmation")
			if err := w.ring(t, &ledger.Planned{Contact: id, Entry: e, Via: contact.ViaSMS}); err != nil {
				t.Fatal(err)
			}
			if row := w.row(t, "1.confirmation", contact.ViaSMS); row.State != c.state {
				t.Errorf("%+v", row)
			}
			if want := map[bool]int{true: 0, false: 1}[c.claimed]; texts != want {
				t.Errorf("%d texts were handed over, want %d", texts, want)
			}
			if n := w.events(t, "in_hand"); n != c.named {
				t.Errorf("named %d times, want %d", n, c.named)
			}
		})
	}
}

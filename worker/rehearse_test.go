package worker

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/tasks"
)

// told is a rehearsal as lines: what goes when in Denver, or why it does not.
func told(t *testing.T, w *world, s tasks.Submission, read time.Time) string {
	t.Helper()
	future, err := w.Rehearse(s, read)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, m := range future {
		line := fmt.Sprintf("%s %s by %s", m.At.In(denver).Format("Mon 2 Jan 15:04"), m.Template, m.Via)
		for _, p := range m.Pauses {
			line += " after " + string(p.Why)
		}
		if !m.Goes {
			line += ": " + string(m.Why)
		}
		if m.Goes != (m.Message.Text != "") || m.Goes != (m.Words != "") || m.Goes == (m.Why != "") {
			t.Errorf("%s: half a message", line)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n") + "\n"
}

func at(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", text, denver)
	if err != nil {
		panic(err)
	}
	return t
}

func TestARehearsalTellsTheWholeFuture(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*tasks.Submission, *world)
		at     string
		read   time.Time
		want   string
	}{
		{"over a weekend", nil, "2026-12-04 17:40", at("2026-12-07 11:00"), `
Fri 4 Dec 17:40 confirmation by email
Fri 4 Dec 17:40 confirmation by sms
Fri 4 Dec 17:40 staff-note by email
Mon 7 Dec 10:00 followup-1 by email after hours
Wed 9 Dec 10:00 followup-2 by email
Mon 14 Dec 10:00 followup-3 by email after hours
`},
		{"over Thanksgiving", nil, "2026-11-25 18:30", time.Time{}, `
Wed 25 Nov 18:30 confirmation by email
Wed 25 Nov 18:30 staff-note by email
Fri 27 Nov 10:00 confirmation by sms after hours
Fri 27 Nov 10:00 followup-1 by email after hours
Mon 30 Nov 10:00 followup-2 by email after hours
Fri 4 Dec 10:00 followup-3 by email
`},
		{"while the clocks change", nil, "2026-10-31 12:00", time.Time{}, `
Sat 31 Oct 12:00 confirmation by email
Sat 31 Oct 12:00 confirmation by sms
Sat 31 Oct 12:00 staff-note by email
Mon 2 Nov 10:00 followup-1 by email after hours
Wed 4 Nov 10:00 followup-2 by email
Mon 9 Nov 10:00 followup-3 by email after hours
`},
		{"read on Monday", func(_ *tasks.Submission, w *world) { w.ReadFirst = true }, "2026-12-04 12:00", at("2026-12-07 11:00"), `
Fri 4 Dec 12:00 confirmation by email
Fri 4 Dec 12:00 staff-note by email
Mon 7 Dec 11:00 confirmation by sms after unread
Mon 7 Dec 11:00 followup-1 by email after unread
Wed 9 Dec 11:00 followup-2 by email
Mon 14 Dec 10:00 followup-3 by email after hours
`},
		{"never read", func(_ *tasks.Submission, w *world) { w.ReadFirst = true }, "2026-12-01 12:00", time.Time{}, `
Tue 1 Dec 12:00 confirmation by email
Tue 1 Dec 12:00 staff-note by email
Fri 4 Dec 12:00 confirmation by sms after unread: too_late
Wed 9 Dec 12:00 followup-1 by email after unread: too_late
Fri 18 Dec 12:00 followup-2 by email after unread: too_late
Tue 29 Dec 12:00 followup-3 by email after unread: too_late
`},
		{"no box ticked", func(s *tasks.Submission, _ *world) { s.ConsentEmail, s.ConsentSMS = false, false }, "2026-12-01 12:00", time.Time{}, `
Tue 1 Dec 12:00 confirmation by email
Tue 1 Dec 12:00 staff-note by email
Tue 1 Dec 12:00 confirmation by sms: no_consent
Wed 2 Dec 12:00 followup-1 by email: no_consent
Fri 4 Dec 12:00 followup-2 by email: no_consent
Tue 8 Dec 12:00 followup-3 by email: no_consent
`},
		{"a number alone", func(s *tasks.Submission, _ *world) { s.Email = "" }, "2026-12-01 12:00", time.Time{}, `
Tue 1 Dec 12:00 confirmation by sms
Tue 1 Dec 12:00 staff-note by email
Tue 1 Dec 12:00 confirmation by email: no_address
Wed 2 Dec 12:00 followup-1 by sms
Fri 4 Dec 12:00 followup-2 by sms
Tue 8 Dec 12:00 followup-3 by sms
`},
		{"no texts at this clinic", func(_ *tasks.Submission, w *world) { delete(w.Channels, contact.ViaSMS); w.Clinic.FollowUps = nil }, "2026-12-01 12:00", time.Time{}, `
Tue 1 Dec 12:00 confirmation by email
Tue 1 Dec 12:00 staff-note by email
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, s := setup(t), ann()
			if c.change != nil {
				c.change(&s, w)
			}
			s.At = at(c.at)
			if got := told(t, w, s, c.read); got != c.want[1:] {
				t.Errorf("got\n%s", got)
			}
			if w.names() != "" || w.alarms(t) != 0 {
				t.Error("the rehearsal was more than one")
			}
		})
	}
}

// What a rehearsal tells is what the worker then does, message by message.
func TestWhatWasRehearsedHappens(t *testing.T) {
	t.Parallel()
	for _, sent := range []string{"2026-11-25 18:30", "2026-10-31 12:00", "2026-12-04 17:40", "2027-03-13 16:59"} {
		t.Run(sent, func(t *testing.T) {
			t.Parallel()
			w, s := setup(t), ann()
			s.At = at(sent)
			w.at(s.At)
			future, err := w.Rehearse(s, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			var happened []string
			w.answer = func(m channel.Message) channel.Outcome {
				happened = append(happened, fmt.Sprintf("%s %s %q", w.Worker.now().In(denver).Format(time.RFC3339), m.Template, m.Subject))
				return channel.Outcome{State: channel.Accepted}
			}
			w.submit(t, s)
			for now := s.At; now.Before(s.At.AddDate(0, 0, 30)); now = now.Add(10 * time.Minute) {
				w.at(now)
				w.ringAll(t)
			}
			var rehearsed []string
			for _, m := range future {
				if !m.Goes {
					t.Errorf("%s does not go: %s", m.Template, m.Why)
				}
				when := m.At.In(denver)
				if past := when.Sub(s.At) % (10 * time.Minute); past > 0 {
					when = when.Add(10*time.Minute - past)
				}
				rehearsed = append(rehearsed, fmt.Sprintf("%s %s %q", when.Format(time.RFC3339), m.Template, m.Message.Subject))
			}
			if len(happened) != len(rehearsed) {
				t.Fatalf("%d messages went, %d were told", len(happened), len(rehearsed))
			}
			for _, line := range rehearsed {
				line, _, _ = strings.Cut(line, `"`)
				if !strings.Contains(strings.Join(happened, "\n"), line) {
					t.Errorf("told: %s\nhappened:\n%s", line, strings.Join(happened, "\n"))
				}
			}
		})
	}
}

func TestAHeldStepKeepsTheGapsBehindIt(t *testing.T) {
	t.Parallel()
	w, s := setup(t), ann()
	w.ReadFirst, s.At = true, at("2026-12-01 12:00")
	future, err := w.Rehearse(s, at("2026-12-07 12:00")) // six days late
	if err != nil {
		t.Fatal(err)
	}
	var steps []time.Time
	for _, m := range future {
		if gate.Class(w.Templates.Class(m.Template)) == gate.FollowUp && m.Goes {
			steps = append(steps, m.At)
		}
	}
	if len(steps) != 3 || steps[1].Sub(steps[0]) < 48*time.Hour || steps[2].Sub(steps[1]) < 96*time.Hour {
		t.Errorf("the steps go at %v", steps)
	}
}

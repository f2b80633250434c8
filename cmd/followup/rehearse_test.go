package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func submission(t *testing.T, fields map[string]any) string {
	t.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "submission.json")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestARehearsalIsReadByPeople(t *testing.T) {
	t.Parallel()
	file := submission(t, map[string]any{"name": "Ann Lee", "email": "ann@example.com", "phone": "(303) 555-0142", "consent_sms": true, "consent_email": "on", "language": "en", "time_zone": "America/New_York"})
	code, out, log := command(nil, "rehearse", file, "--at", "2026-11-27 17:40")
	if code != done {
		t.Fatal(code, log)
	}
	for _, want := range []string{
		"sent on Fri Nov 27, 5:40 pm America/Denver", "The person may be in any of America/New_York, America/Denver", "reads it on Mon Nov 30, 1:00 pm",
		"Fri Nov 27, 7:40 pm    confirmation by email, to the person", "Mon Nov 30, 1:00 pm    confirmation by sms, to the person",
		"held from Fri Nov 27, 7:40 pm: A person must read the submission first.", "Subject: The door stays open", "1 × GSM-7", "Nothing was sent.",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

func TestARehearsalIsReadByPrograms(t *testing.T) {
	t.Parallel()
	file := submission(t, map[string]any{"email": "ann@example.com", "language": "es"})
	code, out, log := command(nil, "rehearse", file, "--at", "Fri 17:40", "--json", "--unread")
	var rows []struct {
		At, Message, Channel, Why, Reason, Subject, Text string
		Goes                                             bool
	}
	if err := json.Unmarshal([]byte(out), &rows); err != nil || code != done {
		t.Fatal(code, err, log)
	}
	if len(rows) != 6 || rows[0].Message != "confirmation" || !rows[0].Goes || rows[0].Subject != "Tenemos tu mensaje" || !strings.Contains(rows[0].At, "T17:40:00-0") {
		t.Errorf("got %+v", rows)
	}
	for _, r := range rows[2:] {
		if r.Goes || r.Why == "" || r.Reason == "" || r.Text != "" {
			t.Errorf("without a box ticked: %+v", r)
		}
	}
}

func TestARehearsalKeepsToTheClinicsFile(t *testing.T) {
	t.Parallel()
	clinic := clinicFile(t, "followups: [2d]")
	file := submission(t, map[string]any{"email": "ann@example.com", "consent_email": true})
	code, out, log := command(nil, "rehearse", "--clinic", clinic, "--at", "2026-12-01 10:00", file)
	if code != done || !strings.Contains(out, "Thu Dec 3, 10:00 am    followup-1") || strings.Contains(out, "followup-2") {
		t.Errorf("exit %d, %s\n%s", code, log, out)
	}
}

func TestARehearsalRefusesWhatTheFormRefuses(t *testing.T) {
	t.Parallel()
	good := submission(t, map[string]any{"email": "ann@example.com"})
	for name, c := range map[string]struct {
		args []string
		code int
	}{
		"no file":         {[]string{}, usedWrong},
		"no such file":    {[]string{"nonesuch.json"}, failed},
		"no way to reach": {[]string{submission(t, map[string]any{"name": "Ann"})}, failed},
		"a bad address":   {[]string{submission(t, map[string]any{"email": "ann"})}, failed},
		"no moment":       {[]string{good, "--at", "someday"}, usedWrong},
		"no clinic":       {[]string{good, "--clinic", "nonesuch.yaml"}, failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, log := command(nil, append([]string{"rehearse"}, c.args...)...)
			if code != c.code || out != "" || strings.Count(log, "\n") != 1 {
				t.Errorf("exit %d, %q, %q", code, out, log)
			}
		})
	}
}

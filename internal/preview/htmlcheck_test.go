package preview_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/smtp"
)

// What Mailpit's HTML check must find: it knows from caniemail.com what each
// mail program does with each element and style.
const (
	leastSupported  = 90.0 // per cent
	mostUnsupported = 2.0
)

// harmless are what some Gmail, Apple Mail or Outlook does not know, and what
// happens to the layout then: nothing that a reader would miss. A test holds
// that each is still in use.
var harmless = map[string]string{
	"css-at-media":     "the light scheme stays, or the program darkens by itself",
	"css-display-none": "Gmail in a phone's browser shows the preheader above the name",
	"css-max-width":    "Outlook on Windows gets a table 600 pixels wide instead",
	"css-table-layout": "a word longer than the screen widens the letter",
	"html-body":        "the paper's colour is that of the table inside it too",
	"html-style":       "as css-at-media",
}

type htmlCheck struct {
	Total    struct{ Supported, Partial, Unsupported float64 }
	Warnings []struct {
		Slug, Title string
		Results     []struct{ Name, Platform, Family, Version, Support string }
	}
}

func TestMailProgramsCanShowEveryLetter(t *testing.T) {
	t.Parallel()
	base, relay := startMailpit(t)
	s, err := smtp.New("smtp://"+relay+"?tls=none", smtp.Options{From: "hello@joydevie.example", FromName: "JoyDeVie"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	used := map[string]bool{}
	for _, m := range every(t) {
		if out := s.Send(t.Context(), email(m)); out.State != channel.Accepted {
			t.Fatalf("%s: %v %v", m.Name, out.State, out.Err)
		}
		var found struct {
			Messages []struct{ ID, MessageID string }
		}
		ask(t, base+"/api/v1/messages?limit=1", &found)
		if want := "sample." + m.Name + "." + m.Language; len(found.Messages) != 1 || !strings.HasPrefix(found.Messages[0].MessageID, want) {
			t.Fatalf("%s is not the newest: %v", want, found.Messages)
		}
		var check htmlCheck
		ask(t, base+"/api/v1/message/"+found.Messages[0].ID+"/html-check", &check)
		t.Logf("%-13s %s  %.1f %% supported, %.1f %% partly, %.1f %% not", m.Name, m.Language, check.Total.Supported, check.Total.Partial, check.Total.Unsupported)
		if check.Total.Supported < leastSupported || check.Total.Unsupported > mostUnsupported {
			t.Errorf("%s.%s: %.1f %% supported, %.1f %% not", m.Name, m.Language, check.Total.Supported, check.Total.Unsupported)
		}
		for _, w := range check.Warnings {
			var without []string
			for _, r := range w.Results {
				if r.Support == "no" && slices.Contains([]string{"gmail", "apple-mail", "outlook"}, r.Family) {
					without = append(without, r.Name)
				}
			}
			used[w.Slug] = used[w.Slug] || len(without) > 0
			if len(without) > 0 && harmless[w.Slug] == "" {
				t.Errorf("%s.%s: %s is not known to %s", m.Name, m.Language, w.Slug, strings.Join(without, ", "))
			}
		}
	}
	for slug := range harmless {
		if !used[slug] {
			t.Errorf("%s is no longer missed by any: take it from the list", slug)
		}
	}
}

// startMailpit runs one of our own, that keeps its letters in a temporary
// folder, and gives its HTTP address and the address that takes mail.
func startMailpit(t *testing.T) (base, relay string) {
	t.Helper()
	tool, dir := program(t, "mailpit"), t.TempDir()
	web, relay := free(t), free(t)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, tool, "--listen", web, "--smtp", relay, "--smtp-disable-rdns", "--disable-version-check", "--quiet", "--database", filepath.Join(dir, "letters.db"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	base = "http://" + web
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-tick.C {
		if r, err := http.Get(base + "/readyz"); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return base, relay
			}
		}
	}
	t.Fatal("mailpit does not answer")
	return "", ""
}

// free is an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func ask(t *testing.T, url string, into any) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Fatal(fmt.Errorf("%s: %s", url, r.Status))
	}
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

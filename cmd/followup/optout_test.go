package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/internal/webhook"
)

// Texts and emails fall due while Redis is away, and their readers opt out
// meanwhile: when it is back, nothing goes to any of them.
func TestWhoOptsOutWhileRedisIsAwayGetsNothingWhenItIsBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		commands    []string
		away, again func(*clinicWorld)
	}{
		"one process, redis stopped":      {[]string{"run"}, func(w *clinicWorld) { w.redis.Stop() }, func(w *clinicWorld) { w.redis.Continue() }},
		"one process, redis full":         {[]string{"run"}, func(w *clinicWorld) { w.config("maxmemory", "1mb") }, func(w *clinicWorld) { w.config("maxmemory", "0") }},
		"a worker of its own, redis dead": {[]string{"serve", "work"}, func(w *clinicWorld) { w.redis.Kill() }, func(w *clinicWorld) { w.redis.Run() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const people = 8
			w := newClinicWorld(t)
			book, clock := w.book()
			var processes []*process
			for _, command := range c.commands {
				processes = append(processes, launch(t, w.env, command))
			}
			base := processes[0].port("public")
			if len(c.commands) > 1 {
				eventually(t, "the server to vouch", func() bool { return w.redis.Client().HLen(t.Context(), "f:servers").Val() == 1 })
			}
			var links []string
			due := time.Now().Add(4 * time.Second)
			for i := range people {
				s := contact.Submission{
					ID: fmt.Sprint("s", i), At: time.Now(), Email: contact.Email(person(i)), Phone: contact.Phone(number(i)),
					Language: contact.English, Consent: contact.Consent{SMS: true, Email: true},
				}
				admitted, err := book.Admit(t.Context(), s, ledger.Once{Content: s.ID}, func(*ledger.Person) ledger.Plan {
					return ledger.Plan{Steps: []ledger.Step{{Template: "confirmation", Via: contact.ViaSMS, Due: due}, {Template: "followup-1", Via: contact.ViaEmail, Due: due}}}
				})
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range admitted.Steps {
					if err := clock.Ring(t.Context(), &m); err != nil {
						t.Fatal(err)
					}
				}
				links = append(links, w.links().Unsubscribe(admitted.Contact, 1), w.links().Note(admitted.Contact, 1, "stop"))
			}
			c.away(w)
			var all sync.WaitGroup
			for i := range people {
				all.Go(func() {
					stop := text(fmt.Sprint("SMstop", i), number(i), "STOP")
					if status, _ := w.hook(base, webhook.TwilioInbound, stop, w.twilio.AuthToken); status != http.StatusServiceUnavailable {
						t.Errorf("a STOP that could not be written down was answered %d: Twilio will not tell it again", status)
					}
				})
				all.Go(func() { // half of them by their own link, half by the one in the note
					link := links[2*i+i%2]
					r, err := http.Post(base+strings.TrimPrefix(link, "http://127.0.0.1:8080"), "application/x-www-form-urlencoded", strings.NewReader("List-Unsubscribe=One-Click"))
					if err != nil {
						t.Error(err)
						return
					}
					defer r.Body.Close()
					if body, _ := io.ReadAll(r.Body); r.StatusCode != http.StatusOK {
						t.Errorf("a pressed button was answered %d: %s", r.StatusCode, body)
					}
				})
			}
			all.Wait()
			<-time.After(time.Until(due.Add(time.Second))) // everything is due when Redis is back
			c.again(w)
			eventually(t, "every message to be kept back", func() bool {
				all := w.dump("f:{*}")
				return strings.Count(all, string(gate.ReasonOptedOut)) >= people && !onTheWay.MatchString(all)
			})
			for _, m := range w.mail.Messages() {
				if m.To != "desk@joydevie.example" {
					t.Errorf("mail to %s: %s", m.To, m.Subject)
				}
			}
			if texts := w.twilio.Messages(); len(texts) != 0 {
				t.Errorf("%d texts", len(texts))
			}
			for i := range people {
				why, err := book.Suppression(t.Context(), contact.ViaSMS, number(i))
				if err != nil || why != gate.OptedOut {
					t.Errorf("number %d: %q, %v", i, why, err)
				}
			}
			// Twilio tells it again: that changes nothing, and it is answered.
			if status, _ := w.hook(base, webhook.TwilioInbound, text("SMstop0", number(0), "STOP"), w.twilio.AuthToken); status != http.StatusOK {
				t.Errorf("told again, answered %d", status)
			}
			if left := processes[0].stop(); left != 0 {
				t.Errorf("stopped with %d", left)
			}
			w.nothingPersonal(processes...)
		})
	}
}

// links makes the links that the process makes.
func (w *clinicWorld) links() desk.Links {
	i := slices.IndexFunc(w.env, func(e string) bool { return strings.HasPrefix(e, "FOLLOWUP_KEYSET=") })
	keys, err := seal.Parse(strings.TrimPrefix(w.env[i], "FOLLOWUP_KEYSET="))
	if err != nil {
		w.t.Fatal(err)
	}
	return desk.Links{Keys: keys, PublicURL: "http://127.0.0.1:8080"}
}

// A server that does not come back must not keep a clinic silent for ever.
func TestWorkersWaitForAServerThatIsSilentAndNotForEver(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	book, _ := w.book()
	rdb := w.redis.Client()
	server, hand := launch(t, w.env, "serve"), launch(t, w.env, "work")
	base := server.port("public")
	submit(t, base, 0)
	eventually(t, "the first confirmation", func() bool { return len(w.mailTo(person(0))) == 1 })
	// Another server once vouched and has said nothing for a while.
	if err := rdb.HSet(t.Context(), "f:servers", "other", time.Now().Add(-time.Minute).Unix()).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the worker to have noticed", func() bool {
		silent, err := book.Silent(t.Context(), vouchFor)
		return err == nil && len(silent) == 1
	})
	<-time.After(vouchFor + 2*heedEvery)
	submit(t, base, 1)
	eventually(t, "the confirmation all the same, once the server was given up", func() bool { return len(w.mailTo(person(1))) == 1 })
	if !strings.Contains(hand.log.String(), "gone silent") {
		t.Error("nobody was told before it went")
	}
}

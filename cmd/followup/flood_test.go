package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// visitor posts the form from an address of the network.
type visitor struct {
	t      *testing.T
	base   string
	client *http.Client
}

func (v *visitor) post(from string, form map[string]any) int {
	body, err := json.Marshal(form)
	if err != nil {
		v.t.Error(err)
		return 0
	}
	r, err := http.NewRequest(http.MethodPost, v.base+"/contact", bytes.NewReader(body))
	if err != nil {
		v.t.Error(err)
		return 0
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-For", from)
	answer, err := v.client.Do(r)
	if err != nil {
		v.t.Error(err)
		return 0
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

var tokenField = regexp.MustCompile(`name="form_token" value="([^"]+)"`)

// token fetches the page, as whoever fills it in does.
func (v *visitor) token() string {
	answer, err := v.client.Get(v.base + "/contact")
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	var page bytes.Buffer
	if _, err := page.ReadFrom(answer.Body); err != nil {
		v.t.Fatal(err)
	}
	found := tokenField.FindStringSubmatch(page.String())
	if found == nil {
		v.t.Fatal("the page has no token")
	}
	return found[1]
}

// bot is the i-th post of a program: 2,000 numbers, half of them in a row, 5,000
// addresses, 500 networks in 20 regions; some of it with tokens, some with made-up
// ones, some with the trap filled in.
func bot(i int, tokens []string) (from string, form map[string]any) {
	number := fmt.Sprintf("+1720%03d%04d", 300+i%1000/100, 1000+i%1000) // in a row
	if i%2 == 1 {
		number = fmt.Sprintf("+1970%03d%04d", 300+i%1000/100, i*73%1000*9)
	}
	form = map[string]any{
		"name": "www.zwiebelturm.example winner", "email": fmt.Sprintf("bot%d@mailbox%d.example", i%5000, i%7), "phone": number,
		"message": fmt.Sprintf("zwiebelturm %d https://zwiebelturm.example/win", i), "consent_sms": true, "consent_email": true, "time_zone": "America/Denver",
	}
	switch i % 5 {
	case 0:
		form["form_token"] = tokens[i/5%len(tokens)]
	case 1:
		form["form_token"] = "lq2kc0xd.abcdefgh.abcdefghijklmnop"
	case 2:
		form["website"] = "https://zwiebelturm.example"
	case 3:
		form["message"] = fmt.Sprintf("zwiebelturm without a link %d", i)
	}
	return fmt.Sprintf("45.%d.%d.%d", i%20, i%500/20, i%250+1), form
}

// Thousands of posts of a program, ten thousand in the long form, lead to no more
// messages than the ceilings, and people who write meanwhile are confirmed.
func TestAFloodSendsNoMoreThanTheCeilingsAndPeopleAreConfirmed(t *testing.T) {
	t.Parallel()
	posts, people := times(2000, 10_000), 3
	w := newClinicWorld(t)
	w.env = append(w.env, "FOLLOWUP_TRUSTED_PROXIES=127.0.0.1", "FOLLOWUP_GUARD=on", "FOLLOWUP_CLINIC="+clinicFile(t, "pace: {email: {per_second: 0, per_day: 0}, sms: {per_second: 0, per_day: 0}}"))
	p := launch(t, w.env, "run")
	v := &visitor{t, p.port("public"), &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}}
	var tokens []string
	for range 40 {
		tokens = append(tokens, v.token())
	}
	page, start := v.token(), time.Now()
	var next atomic.Int64
	var all sync.WaitGroup
	for range 24 {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < posts; i = int(next.Add(1)) - 1 {
				if n := i * people / posts; i%(posts/people) == posts/people/2 {
					from, form := fmt.Sprintf("73.%d.1.9", n), map[string]any{
						"name": "Canaria", "email": fmt.Sprintf("person%d@mailbox.example", n), "phone": fmt.Sprintf("303555014%d", 4*n),
						"message": "Could somebody call me?", "consent_sms": true,
					}
					if n == people-1 { // on our own page, from a network that the program is in
						<-time.After(time.Until(start.Add(3 * time.Second)))
						from, form["form_token"] = "45.3.2.200", page
					}
					if status := v.post(from, form); status != http.StatusAccepted {
						t.Errorf("a person is answered %d", status)
					}
				}
				if status := v.post(bot(i, tokens)); status != http.StatusAccepted {
					t.Errorf("post %d is answered %d", i, status)
				}
			}
		})
	}
	all.Wait()
	posted := time.Since(start)
	book, _ := w.book()
	waiting := func() int64 {
		n, err := book.InTray(t.Context(), ledger.TrayNew, time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	rdb := w.redis.Client()
	eventually(t, "every form in the ledger", func() bool {
		return rdb.LLen(t.Context(), "asynq:{intake}:pending").Val()+rdb.LLen(t.Context(), "asynq:{intake}:active").Val() == 0
	})
	eventually(t, "everything sent", func() bool {
		n := int64(0)
		for _, q := range []string{tasks.QueueMail, tasks.QueueMailTurn, tasks.QueueSMS, tasks.QueueSMSTurn} {
			n += rdb.LLen(t.Context(), "asynq:{"+q+"}:pending").Val() + rdb.LLen(t.Context(), "asynq:{"+q+"}:active").Val()
		}
		return n == 0
	})
	mails, notes := 0, 0
	for _, m := range w.mail.Messages() {
		if m.To == "desk@joydevie.example" {
			notes++
			continue
		}
		mails++
		if said := m.Subject + m.Text + m.HTML; strings.Contains(said, "zwiebelturm") || strings.Contains(said, "winner") || strings.Contains(said, "call me") {
			t.Errorf("a visitor's words in an email: %s", m.Text)
		}
	}
	for _, m := range w.twilio.Messages() {
		if strings.Contains(m.Body, "zwiebelturm") || strings.Contains(m.Body, "winner") || strings.Contains(m.Body, "://") {
			t.Errorf("a visitor's words in a text: %s", m.Body)
		}
	}
	t.Logf("%d posts in %s, done after %s: %d emails to visitors, %d texts, %d emails to the desk; %d of the stopped wait to be read",
		posts, posted.Round(time.Millisecond), time.Since(start).Round(time.Millisecond), mails, len(w.twilio.Messages()), notes, waiting())
	for i := range people {
		if got := w.mailTo(fmt.Sprintf("person%d@mailbox.example", i)); len(got) != 1 {
			t.Errorf("person %d got %q", i, got)
		}
	}
	if most := 8 * 60; mails > most || int64(mails)+waiting() != int64(posts+people) {
		t.Errorf("%d emails to visitors, and the ceilings are %d; %d of %d are not to be found", mails, most, int64(posts+people-mails)-waiting(), posts+people)
	}
	if texts := len(w.twilio.Messages()); texts > 30 {
		t.Errorf("%d texts", texts)
	}
	if most := mails + 20 + 2; notes > most { // a note each, an hour's notes about stopped ones, what is off
		t.Errorf("%d emails to the desk", notes)
	}
	if strings.Contains(p.log.String(), "zwiebelturm") {
		t.Error("a visitor's words in the log")
	}
}

package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/smtp"
	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/internal/smtptest"
	"github.com/joydevie/followup/internal/twiliotest"
	"github.com/joydevie/followup/worker"
)

// clinicWorld is everything outside the service: a Redis, a relay that demands
// STARTTLS and a login, and a Twilio.
type clinicWorld struct {
	t      testing.TB
	redis  *redistest.Server
	mail   *smtptest.Server
	twilio *twiliotest.Server
	env    []string
}

func newClinicWorld(t testing.TB, redisArgs ...string) *clinicWorld {
	t.Helper()
	w := &clinicWorld{
		t: t, redis: redistest.Start(t, redisArgs...), twilio: twiliotest.Start(t),
		mail: smtptest.Start(t, smtptest.Options{User: "clinic", Password: "pass word"}),
	}
	trust := filepath.Join(t.TempDir(), "relay.pem")
	if err := os.WriteFile(trust, w.mail.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	w.env = []string{
		"SSL_CERT_FILE=" + trust, "FOLLOWUP_TEST=1", "FOLLOWUP_REDIS_URL=" + w.redis.URL, "FOLLOWUP_KEYSET=" + seal.New(),
		"FOLLOWUP_PUBLIC_URL=http://127.0.0.1:8080", "FOLLOWUP_LISTEN=127.0.0.1:0", "FOLLOWUP_ADMIN_LISTEN=127.0.0.1:0",
		"FOLLOWUP_SMTP_URL=" + w.mail.URL, "FOLLOWUP_SEND_WINDOW=always", "FOLLOWUP_SPOOL=" + t.TempDir(),
		"TWILIO_ACCOUNT_SID=" + w.twilio.AccountSID, "TWILIO_AUTH_TOKEN=" + w.twilio.AuthToken,
		"TWILIO_FROM=+13035550100", "TWILIO_API_URL=" + w.twilio.URL,
	}
	return w
}

// mailTo lists the subjects that an address got.
func (w *clinicWorld) mailTo(address string) []string {
	var subjects []string
	for _, m := range w.mail.Messages() {
		if m.To == address {
			subjects = append(subjects, m.Subject)
		}
	}
	return subjects
}

var canary = map[string]any{
	"name": "Canaria Vogelsang", "email": "canaria.vogelsang@mailbox.example", "phone": "(303) 555-0142",
	"message": "zebra crossing words", "consent_sms": true, "consent_email": true, "time_zone": "America/Denver",
}

func TestRunConfirmsByEmailAndTextAndTellsStaff(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	p := launch(t, w.env, "run")
	base := p.port("public")
	if status, body := post(t, base, canary); status != http.StatusAccepted {
		t.Fatal(status, body)
	}
	eventually(t, "two emails and a text", func() bool { return len(w.mail.Messages()) >= 2 && len(w.twilio.Messages()) >= 1 })
	for _, m := range w.mail.Messages() {
		if !m.TLS || m.User != "clinic" || !slices.Equal(m.Parts, []string{"text/plain", "text/html"}) || m.Fault != nil {
			t.Errorf("to %s: TLS %v as %q with parts %v, %v", m.To, m.TLS, m.User, m.Parts, m.Fault)
		}
	}
	text := w.twilio.Messages()[0]
	if text.To != "+13035550142" || !strings.Contains(text.Body, "STOP") || !strings.Contains(text.StatusCallback, "/webhooks/twilio/status?m=") {
		t.Errorf("the text goes to %s, reports to %s and says %q", text.To, text.StatusCallback, text.Body)
	}
	if len(w.mailTo("desk@joydevie.example")) != 1 || len(w.mailTo("canaria.vogelsang@mailbox.example")) != 1 {
		t.Errorf("mail: %v %v", w.mailTo("desk@joydevie.example"), w.mailTo("canaria.vogelsang@mailbox.example"))
	}
	if code := p.stop(); code != 0 {
		t.Errorf("stopped with %d", code)
	}
	w.nothingPersonal(p)
}

// nothingPersonal looks for the planted person in Redis, the log and on disk.
func (w *clinicWorld) nothingPersonal(processes ...*process) {
	w.t.Helper()
	var all strings.Builder
	rdb := w.redis.Client()
	for keys := rdb.Scan(w.t.Context(), 0, "*", 1000).Iterator(); keys.Next(w.t.Context()); {
		all.WriteString(keys.Val() + " " + everything(w.t, rdb, keys.Val()) + "\n")
	}
	for _, p := range processes {
		all.WriteString(p.log.String() + p.out.String())
	}
	if all.Len() < 1000 {
		w.t.Errorf("only %d bytes were looked at", all.Len())
	}
	for _, secret := range []string{"anaria", "ogelsang", "5550142", "zebra", "mailbox.example"} {
		if strings.Contains(all.String(), secret) {
			w.t.Errorf("%q stands in Redis or the log", secret)
		}
	}
}

func everything(t testing.TB, rdb *redis.Client, key string) string {
	ctx := t.Context()
	switch kind := rdb.Type(ctx, key).Val(); kind {
	case "string":
		return rdb.Get(ctx, key).Val()
	case "hash":
		var b strings.Builder
		for f, v := range rdb.HGetAll(ctx, key).Val() {
			b.WriteString(f + "=" + v + " ")
		}
		return b.String()
	case "list":
		return strings.Join(rdb.LRange(ctx, key, 0, -1).Val(), " ")
	case "set":
		return strings.Join(rdb.SMembers(ctx, key).Val(), " ")
	case "zset":
		return strings.Join(rdb.ZRange(ctx, key, 0, -1).Val(), " ")
	case "none":
		return "" // gone since the scan saw it
	default:
		t.Errorf("%s is a %s, which this test cannot read", key, kind)
		return ""
	}
}

func TestServeAndWorkShareTheQueue(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	server := launch(t, w.env, "serve")
	form := map[string]any{"email": "ann@example.com", "phone": "3035550142"}
	if status, body := post(t, server.port("public"), form); status != http.StatusAccepted {
		t.Fatal(status, body)
	}
	if len(w.mail.Messages()) != 0 {
		t.Error("serve sent a message")
	}
	first, second := launch(t, w.env, "work"), launch(t, w.env, "work")
	eventually(t, "the confirmation and the note", func() bool { return len(w.mail.Messages()) == 2 })
	for _, p := range []*process{server, first, second} {
		if code := p.stop(); code != 0 {
			t.Errorf("stopped with %d", code)
		}
	}
	if len(w.twilio.Messages()) != 0 {
		t.Error("a text without consent")
	}
}

// earnest are the settings of a clinic in earnest: no test, a file of its own.
func (w *clinicWorld) earnest() []string {
	w.t.Helper()
	env := slices.DeleteFunc(slices.Clone(w.env), func(e string) bool {
		return strings.HasPrefix(e, "FOLLOWUP_TEST=") || strings.HasPrefix(e, "FOLLOWUP_SEND_WINDOW=") || strings.HasPrefix(e, "FOLLOWUP_PUBLIC_URL=")
	})
	return append(env, "FOLLOWUP_CLINIC="+clinicFile(w.t), "FOLLOWUP_PUBLIC_URL=https://joydevie.example")
}

func TestOutsideATestAPersonReadsFirst(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	p := launch(t, w.earnest(), "run")
	base := p.port("public")
	post(t, base, canary)
	eventually(t, "the note", func() bool { return len(w.mailTo("desk@joydevie.example")) == 1 })
	eventually(t, "the confirmations being held", func() bool { return strings.Count(w.dump("f:{*}"), `"held","why":"trial"`) == 2 })
	if !strings.HasPrefix(p.log.String(), `{"time"`) || !strings.Contains(strings.SplitN(p.log.String(), "\n", 2)[0], "on trial, only staff get messages until `followup go-live`") {
		t.Errorf("the log does not begin with the trial:\n%s", p.log)
	}
	goLive(t, w.earnest())
	eventually(t, "the confirmation and the note", func() bool { return len(w.mail.Messages()) == 2 })
	eventually(t, "the text being held", func() bool { return strings.Contains(w.dump("f:{*}"), `"held","why":"unread"`) })
	if len(w.twilio.Messages()) != 0 {
		t.Fatal("a text went before anybody had read the submission")
	}
	// Staff press the link in the note: looking changes nothing, the button does.
	link := w.noteLink("read")
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		r, err := http.NewRequest(method, base+link, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatal(err, answer)
		}
		answer.Body.Close()
		if held := strings.Contains(w.dump("f:{*}"), `"why":"unread"`); held != (method == http.MethodGet) {
			t.Errorf("after %s held is %v", method, held)
		}
	}
	w.nothingPersonal(p)
}

// goLive ends the trial as the command does once its checks have passed.
func goLive(t testing.TB, env []string) {
	t.Helper()
	c, h, err := prepare(system{env: env, stderr: io.Discard}, config.Run)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	rdb, err := dial.Redis(c.RedisURL.Reveal(), dial.Bounded())
	if err != nil {
		t.Fatal(err)
	}
	defer rdb.Close()
	d := desk.Desk{Ledger: h.ledger(rdb), Alarm: h.alarm(rdb), Log: h.log}
	if _, err := d.GoLive(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
}

func (w *clinicWorld) dump(pattern string) string { return dump(w.t, w.redis.Client(), pattern) }

// dump gives all that stands in the keys of a pattern.
func dump(t testing.TB, rdb *redis.Client, pattern string) string {
	var all strings.Builder
	for keys := rdb.Scan(t.Context(), 0, pattern, 1000).Iterator(); keys.Next(t.Context()); {
		all.WriteString(everything(t, rdb, keys.Val()))
	}
	return all.String()
}

// onTheWay finds the row of a message that waits, which says so by no state, or
// that is being sent.
var onTheWay = regexp.MustCompile(`\{"(why|planned|due)":|"state":"sending"`)

// noteLink finds the path of a link in the note to staff.
func (w *clinicWorld) noteLink(action string) string {
	w.t.Helper()
	for _, m := range w.mail.Messages() {
		if m.To != "desk@joydevie.example" {
			continue
		}
		for _, word := range strings.Fields(m.Text) {
			word = strings.Trim(word, "<>()")
			if u, err := url.Parse(word); err == nil && strings.HasPrefix(u.Path, "/n/") && strings.Contains(u.Path, "."+action+".") {
				return u.Path
			}
		}
	}
	w.t.Fatalf("no link to %s in the note", action)
	return ""
}

func TestARedisThatForgetsStopsTheStart(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t, "--appendonly", "no")
	for _, command := range []string{"run", "serve", "work"} {
		p := launch(t, w.env, command)
		if code := p.wait(); code != failed || !strings.Contains(p.log.String(), "set `appendonly yes`") {
			t.Errorf("%s: exit %d", command, code)
		}
	}
	p := launch(t, w.env, "run", "--force")
	if status, _ := post(t, p.port("public"), canary); status != http.StatusAccepted {
		t.Error(status)
	}
	eventually(t, "the confirmation and the note", func() bool { return len(w.mail.Messages()) == 2 })
	if !strings.Contains(p.log.String(), "started by --force: what people write and who opted out may be lost without a trace") {
		t.Errorf("it does not say what is risked:\n%s", p.log)
	}
}

func TestALedgerOfANewerVersionStopsTheStart(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	w.redis.Client().Set(t.Context(), "f:schema", ledger.Schema+1, 0)
	for _, command := range []string{"run", "work"} {
		p := launch(t, w.env, command, "--force") // which is about Redis, not about this
		if code := p.wait(); code != failed || !strings.Contains(p.log.String(), "start the newer followup, or restore the backup from before its upgrade") {
			t.Errorf("%s: exit %d", command, code)
		}
	}
}

// The whole house in this process, on a real Redis and a real relay, with a
// clock that makes a day four seconds.
func TestOneClickEndsTheFollowUps(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	h := &house{
		keys: keys, clock: hours.NewClock(20_000, nil), windows: hours.Always(), reminders: hours.Always(), publicURL: "https://joydevie.example", log: log, requests: log,
	}
	if err := h.furnish(config.ExampleClinic()); err != nil {
		t.Fatal(err)
	}
	mail, err := smtp.New(w.mail.URL, smtp.Options{From: h.clinic.From, FromName: h.clinic.SenderName, Roots: w.mail.Roots})
	if err != nil {
		t.Fatal(err)
	}
	h.channels = map[contact.Via]channel.Sender{contact.ViaEmail: mail}
	rdb := w.redis.Client()
	handler, err := h.handler(rdb, nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- h.worker(rdb).Run(ctx, rdb, worker.DefaultConcurrency) }()

	post(t, server.URL, map[string]any{"email": "ann@example.com", "consent_email": true})
	followUp := func() (m smtptest.Message, ok bool) {
		for _, m := range w.mail.Messages() {
			if m.To == "ann@example.com" && m.Header.Get("List-Unsubscribe") != "" {
				return m, true
			}
		}
		return m, false
	}
	eventually(t, "the first follow-up", func() bool { _, ok := followUp(); return ok })
	m, _ := followUp()
	link := strings.Trim(m.Header.Get("List-Unsubscribe"), "<>")
	if !strings.HasPrefix(link, "https://joydevie.example/u/") || m.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
		t.Errorf("List-Unsubscribe: %q, Post: %q", link, m.Header.Get("List-Unsubscribe-Post"))
	}
	path := strings.TrimPrefix(link, "https://joydevie.example")
	get, err := http.Get(server.URL + path) // as a link scanner does
	if err != nil || get.StatusCode != http.StatusOK {
		t.Fatal(err, get)
	}
	get.Body.Close()
	eventually(t, "the second follow-up: a look at the link has not unsubscribed", func() bool { return len(w.mailTo("ann@example.com")) == 3 })
	one, err := http.PostForm(server.URL+path, url.Values{"List-Unsubscribe": {"One-Click"}})
	if err != nil || one.StatusCode != http.StatusOK {
		t.Fatal(err, one)
	}
	one.Body.Close()
	if d := w.dump("f:{*}"); !strings.Contains(d, `"cancelled","why":"unsubscribed"`) {
		t.Errorf("the third follow-up is not cancelled: %s", d)
	}
	cancel()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if got := w.mailTo("ann@example.com"); len(got) != 3 {
		t.Errorf("got %q", got)
	}
}

// asynq's own housekeeping hangs on a Redis that is away; whoever stops the
// process waits for 60 seconds, and not for long where nothing is in hand.
func TestAWorkerStopsInItsTimeThoughRedisIsAway(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	p := launch(t, w.env, "run")
	base := p.port("public")
	post(t, base, map[string]any{"email": "ann@example.com"})
	eventually(t, "the confirmation and the note", func() bool { return len(w.mail.Messages()) == 2 })
	eventually(t, "nothing in hand", func() bool {
		return strings.Count(w.dump("f:{*}"), `"state":"sent"`) == 2 && w.redis.Client().LLen(t.Context(), "asynq:{mail}:active").Val() == 0
	})
	w.redis.Kill()
	start := time.Now()
	if code, took := p.stop(), time.Since(start); code != 0 || took > worker.Grace/2 {
		t.Errorf("stopped with %d after %s", code, took)
	}
}

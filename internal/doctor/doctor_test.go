package doctor_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel/smtp"
	"github.com/joydevie/followup/internal/channel/twilio"
	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/doctor"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/smtptest"
	"github.com/joydevie/followup/internal/twiliotest"
)

var update = flag.Bool("update", false, "write the expected words anew")

// zone is a DNS; a name with nil times out.
type zone map[string][]string

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	records, ok := z[name]
	switch {
	case !ok:
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	case records == nil:
		return nil, &net.DNSError{Err: "i/o timeout", Name: name, IsTimeout: true}
	}
	return records, nil
}

func dkim(t *testing.T, bits int) string {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0") // to make a key that nobody should have
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
}

const domain = "joydevie.example"

func relay(t *testing.T, url string, srv *smtptest.Server) doctor.Check {
	t.Helper()
	s, err := smtp.New(url, smtp.Options{From: "hello@" + domain, Roots: srv.Roots, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return doctor.Relay(s, "hello@"+domain)
}

func failing(t *testing.T, f smtptest.Fault) doctor.Check {
	srv := smtptest.Start(t, smtptest.Options{User: "clinic", Password: "secret"})
	srv.Fail("", 0, f)
	return relay(t, srv.URL, srv)
}

const service = "MG00000000000000000000000000000001"

func texts(t *testing.T, srv *twiliotest.Server, change func(*twilio.Settings)) *twilio.Sender {
	t.Helper()
	s := twilio.Settings{BaseURL: srv.URL, AccountSID: srv.AccountSID, AuthToken: srv.AuthToken, MessagingServiceSID: service, Timeout: 5 * time.Second}
	if change != nil {
		change(&s)
	}
	sender, err := twilio.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

const inbound = "https://contact." + domain + "/webhooks/twilio/inbound#rc=5&rp=5xx,ct,rt"

func account(t *testing.T, a twiliotest.Account) doctor.Check {
	srv := twiliotest.Start(t)
	srv.SetAccount(a)
	return doctor.TwilioAccount(texts(t, srv, nil))
}

func number(t *testing.T, n ...twiliotest.Number) doctor.Check {
	srv := twiliotest.Start(t)
	srv.SetNumbers(n...)
	return doctor.TwilioSender(texts(t, srv, nil), "+13035550100", "", inbound)
}

func pool(t *testing.T, s ...twiliotest.MessagingService) doctor.Check {
	srv := twiliotest.Start(t)
	srv.SetServices(s...)
	srv.SetNumbers(twiliotest.Number{Phone: "+13035550100", SMSURL: inbound})
	return doctor.TwilioSender(texts(t, srv, nil), "", service, inbound)
}

func site(t *testing.T, answer http.HandlerFunc) string {
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.URL
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func gone(t *testing.T) string {
	s := httptest.NewServer(status(200))
	s.Close()
	return s.URL
}

var client = &http.Client{Timeout: 5 * time.Second}

// wellSigned answers as our webhook does.
func wellSigned(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	if r.Header.Get("X-Twilio-Signature") != twiliotest.Sign("token", "http://"+r.Host+r.URL.Path, r.PostForm) {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func much(string) (uint64, error) { return 1 << 40, nil }

// Not parallel: dkim sets the environment. The cases run side by side.
func TestEachFaultIsNamedWithItsCure(t *testing.T) {
	dial.Quiet()
	tiny, short, long := dkim(t, 512), dkim(t, 1024), dkim(t, 2048)
	relays := smtptest.Start(t, smtptest.Options{User: "clinic", Password: "secret"})
	plain := smtptest.Start(t, smtptest.Options{NoTLS: true})
	shut := smtptest.Start(t, smtptest.Options{})
	shutURL := shut.URL
	shut.Close()
	away := twiliotest.Start(t)
	awayTexts := texts(t, away, nil)
	away.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	down := redistest.Start(t)
	downClient := down.Client()
	down.Kill()
	many := zone{domain: {"v=spf1 include:a.example include:b.example -all"}}
	for _, name := range []string{"a.example", "b.example"} {
		many[name] = []string{"v=spf1 a mx a:one.example mx:two.example ip4:192.0.2.1 exists:%{i}.x.example ?all"}
	}
	cases := []struct {
		name string
		c    doctor.Check
	}{
		{"spf: fine", doctor.SPF(zone{domain: {"google-site=x", "v=spf1 include:relay.example -all"}, "relay.example": {"v=spf1 ip4:192.0.2.0/24 ~all"}}, domain)},
		{"spf: none", doctor.SPF(zone{domain: {"google-site=x", "v=spf10 -all"}}, domain)},
		{"spf: two", doctor.SPF(zone{domain: {"v=spf1 -all", "v=spf1 mx -all"}}, domain)},
		{"spf: everybody", doctor.SPF(zone{domain: {"v=spf1 +all"}}, domain)},
		{"spf: says nothing", doctor.SPF(zone{domain: {"v=spf1 mx ?all"}}, domain)},
		{"spf: too many questions", doctor.SPF(many, domain)},
		{"spf: a loop", doctor.SPF(zone{domain: {"v=spf1 include:" + domain + " -all"}}, domain)},
		{"spf: no answer", doctor.SPF(zone{domain: nil}, domain)},
		{"dkim: fine", doctor.DKIM(zone{"mail._domainkey." + domain: {long}}, domain, "mail")},
		{"dkim: no selector", doctor.DKIM(zone{}, domain, "")},
		{"dkim: not there", doctor.DKIM(zone{}, domain, "mail")},
		{"dkim: cut off", doctor.DKIM(zone{"mail._domainkey." + domain: {long[:200]}}, domain, "mail")},
		{"dkim: no key", doctor.DKIM(zone{"mail._domainkey." + domain: {"hello"}}, domain, "mail")},
		{"dkim: revoked", doctor.DKIM(zone{"mail._domainkey." + domain: {"v=DKIM1; p="}}, domain, "mail")},
		{"dkim: tiny", doctor.DKIM(zone{"mail._domainkey." + domain: {tiny}}, domain, "mail")},
		{"dkim: short", doctor.DKIM(zone{"mail._domainkey." + domain: {short}}, domain, "mail")},
		{"dkim: no answer", doctor.DKIM(zone{"mail._domainkey." + domain: nil}, domain, "mail")},
		{"dmarc: fine, one level up", doctor.DMARC(zone{"_dmarc." + domain: {"v=DMARC1; p=reject"}}, "mail."+domain)},
		{"dmarc: none", doctor.DMARC(zone{}, domain)},
		{"dmarc: several", doctor.DMARC(zone{"_dmarc." + domain: {"v=DMARC1; p=none", "v=DMARC1; p=reject"}}, domain)},
		{"dmarc: only watches", doctor.DMARC(zone{"_dmarc." + domain: {"v=DMARC1; p=none"}}, domain)},
		{"dmarc: no policy", doctor.DMARC(zone{"_dmarc." + domain: {"v=DMARC1; rua=mailto:x@" + domain}}, domain)},
		{"dmarc: no answer", doctor.DMARC(zone{"_dmarc." + domain: nil}, domain)},

		{"smtp: fine", relay(t, relays.URL, relays)},
		{"smtp: nobody there", relay(t, shutURL, shut)},
		{"smtp: not in the mood", failing(t, smtptest.Reply(smtptest.Hello, "550 5.7.1 no"))},
		{"smtp: no TLS", relay(t, strings.TrimSuffix(plain.URL, "?tls=none"), plain)},
		{"smtp: a certificate of nobody's", relay(t, relays.URL, plain)},
		{"smtp: wrong password", relay(t, strings.Replace(relays.URL, "secret", "wrong", 1), relays)},
		{"smtp: not this sender", failing(t, smtptest.Reply(smtptest.Mail, "553 5.7.1 not yours"))},

		{"twilio: fine", account(t, twiliotest.Account{Status: "active", Type: "Full"})},
		{"twilio: wrong token", doctor.TwilioAccount(texts(t, twiliotest.Start(t), func(s *twilio.Settings) { s.AuthToken = "wrong" }))},
		{"twilio: suspended", account(t, twiliotest.Account{Status: "suspended", Type: "Full"})},
		{"twilio: a trial", account(t, twiliotest.Account{Status: "active", Type: "Trial"})},
		{"twilio: away", doctor.TwilioAccount(awayTexts)},
		{"number: fine", number(t, twiliotest.Number{Phone: "+13035550100", SMSURL: inbound})},
		{"number: none of ours", number(t)},
		{"number: voice alone", number(t, twiliotest.Number{Phone: "+13035550100", NoSMS: true, SMSURL: inbound})},
		{"number: tells nobody", number(t, twiliotest.Number{Phone: "+13035550100"})},
		{"number: tells another", number(t, twiliotest.Number{Phone: "+13035550100", SMSURL: "https://demo.twilio.com/welcome/sms/reply"})},
		{"number: by GET", number(t, twiliotest.Number{Phone: "+13035550100", SMSURL: inbound, SMSMethod: "GET"})},
		{"number: tells once", number(t, twiliotest.Number{Phone: "+13035550100", SMSURL: strings.SplitN(inbound, "#", 2)[0]})},
		{"number: wrong key", doctor.TwilioSender(texts(t, twiliotest.Start(t), func(s *twilio.Settings) { s.APIKey, s.APISecret = "SKx", "wrong" }), "+13035550100", "", inbound)},
		{"number: away", doctor.TwilioSender(awayTexts, "+13035550100", "", inbound)},
		{"service: fine", pool(t, twiliotest.MessagingService{SID: service, InboundURL: inbound, Registered: true, Numbers: []string{"+13035550100"}})},
		{"service: fine, by its number", pool(t, twiliotest.MessagingService{SID: service, UseNumberWebhook: true, Registered: true, Numbers: []string{"+13035550100"}})},
		{"service: not there", pool(t)},
		{"service: no number", pool(t, twiliotest.MessagingService{SID: service, InboundURL: inbound, Registered: true})},
		{"service: not registered", pool(t, twiliotest.MessagingService{SID: service, InboundURL: inbound, Numbers: []string{"+13035550100"}})},
		{"service: tells nobody", pool(t, twiliotest.MessagingService{SID: service, Registered: true, Numbers: []string{"+13035550100"}})},
		{"service: wrong key", doctor.TwilioSender(texts(t, twiliotest.Start(t), func(s *twilio.Settings) { s.APIKey, s.APISecret = "SKx", "wrong" }), "", service, inbound)},
		{"service: away", doctor.TwilioSender(awayTexts, "", service, inbound)},

		{"public: fine", doctor.Public(client, site(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `<input name="email">`) }))},
		{"public: nobody there", doctor.Public(client, gone(t))},
		{"public: the proxy's own page", doctor.Public(client, site(t, status(502)))},
		{"public: somebody else", doctor.Public(client, site(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "It works!") }))},
		{"webhook: fine", doctor.Webhook(client, site(t, wellSigned)+"/status", "token")},
		{"webhook: another token", doctor.Webhook(client, site(t, wellSigned)+"/status", "other")},
		{"webhook: no webhook", doctor.Webhook(client, site(t, status(404))+"/status", "token")},
		{"webhook: broken", doctor.Webhook(client, site(t, status(500))+"/status", "token")},
		{"webhook: takes everything", doctor.Webhook(client, site(t, status(204))+"/status", "token")},
		{"webhook: nobody there", doctor.Webhook(client, gone(t)+"/status", "token")},

		{"redis: fine", doctor.Redis(redistest.Start(t, "--maxmemory", "64mb").Client())},
		{"redis: away", doctor.Redis(downClient)},
		{"redis: forgets", doctor.Redis(redistest.Start(t, "--appendonly", "no", "--maxmemory", "64mb").Client())},
		{"redis: throws away", doctor.Redis(redistest.Start(t, "--maxmemory-policy", "allkeys-lru", "--maxmemory", "64mb").Client())},
		{"redis: once a second, without a bound", doctor.Redis(redistest.Start(t, "--appendfsync", "everysec").Client())},

		{"spool: fine", doctor.Spool(t.TempDir(), much)},
		{"spool: not there", doctor.Spool(filepath.Join(t.TempDir(), "none"), much)},
		{"spool: not writable", doctor.Spool(file, much)},
		{"spool: full", doctor.Spool(t.TempDir(), func(string) (uint64, error) { return 1 << 20, nil })},
		{"spool: nearly full", doctor.Spool(t.TempDir(), func(string) (uint64, error) { return 100 << 20, nil })},
		{"spool: not told", doctor.Spool(t.TempDir(), func(string) (uint64, error) { return 0, errors.ErrUnsupported })},
		{"zones: fine", doctor.Zones(time.LoadLocation)},
		{"zones: none", doctor.Zones(func(string) (*time.Location, error) { return nil, errors.New("no") })},
		{"zones: of another time", doctor.Zones(func(name string) (*time.Location, error) {
			if name == "America/Denver" {
				return time.UTC, nil
			}
			return time.LoadLocation(name)
		})},
		{"agreements: fine", doctor.Agreements(map[string]string{"smtp": "2026-01-31", "twilio": "2026-01-31"}, []string{"smtp", "twilio"})},
		{"agreements: one", doctor.Agreements(map[string]string{"smtp": "2026-01-31"}, []string{"smtp", "twilio"})},
		{"settings: with and without a cure", doctor.Given("settings", "every setting", []error{errors.New("FOLLOWUP_KEYSET: missing; write /etc/followup/keyset"), errors.New("FOLLOWUP_X: wrong")}, "see `followup config`")},
	}
	reports := make([]doctor.Report, len(cases))
	var all sync.WaitGroup
	for i, c := range cases {
		all.Go(func() { reports[i] = doctor.Examine(t.Context(), []doctor.Check{c.c}) })
	}
	all.Wait()
	var text bytes.Buffer
	for i, c := range cases {
		fmt.Fprintf(&text, "## %s\n", c.name)
		if err := reports[i].Write(&text); err != nil {
			t.Fatal(err)
		}
		if fine := strings.Contains(c.name, ": fine"); fine != (reports[i].Count(doctor.Fine) == len(reports[i])) {
			t.Errorf("%s: %+v", c.name, reports[i])
		}
		for _, f := range reports[i] {
			if f.Severity != doctor.Fine && (f.What == "" || f.Cure == "" || strings.ContainsAny(f.Cure, "\n") || strings.HasSuffix(f.Cure, ".")) {
				t.Errorf("%s: no cure in one sentence: %+v", c.name, f)
			}
			if strings.Contains(f.What+f.Cure, "secret") {
				t.Errorf("%s: %+v", c.name, f)
			}
		}
	}
	got := regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(text.String(), "HOST")
	got = regexp.MustCompile(regexp.QuoteMeta(filepath.Dir(filepath.Dir(file)))+`/\d+`).ReplaceAllString(got, "FOLDER")
	golden := filepath.Join("testdata", "words.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got != string(want) {
		t.Errorf("the words have changed (%v); if they should: go test ./internal/doctor -update\n%s", err, got)
	}
}

package main

import (
	"encoding/json"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/internal/twiliotest"
)

// dnsServer answers for the names in records, until the test ends, and gives
// its address.
func dnsServer(t testing.TB, records map[string]string) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() { // ends when the socket closes
		for packet := make([]byte, 1500); ; {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			var asked dnsmessage.Message
			if asked.Unpack(packet[:n]) != nil || len(asked.Questions) != 1 {
				continue
			}
			q := asked.Questions[0]
			answer := dnsmessage.Message{Header: dnsmessage.Header{ID: asked.ID, Response: true, Authoritative: true}, Questions: asked.Questions}
			if text, ok := records[strings.TrimSuffix(q.Name.String(), ".")]; ok && q.Type == dnsmessage.TypeTXT {
				answer.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60},
					Body:   &dnsmessage.TXTResource{TXT: []string{text}},
				}}
			} else {
				answer.RCode = dnsmessage.RCodeNameError
			}
			if raw, err := answer.Pack(); err == nil {
				_, _ = conn.WriteTo(raw, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

var goodDNS = map[string]string{
	"joydevie.example":        "v=spf1 include:relay.example -all",
	"relay.example":           "v=spf1 ip4:192.0.2.0/24 -all",
	"_dmarc.joydevie.example": "v=DMARC1; p=quarantine",
}

// front is the proxy that speaks https before the service.
type front struct {
	url    string
	behind atomic.Pointer[url.URL] // nil: nothing runs yet
}

// behindTLS gives settings in earnest whose public URL is a proxy that speaks
// https, as in production.
func (w *clinicWorld) behindTLS() (env []string, f *front) {
	w.t.Helper()
	f = &front{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		to := f.behind.Load()
		if to == nil {
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(to) }}).ServeHTTP(rw, r)
	}))
	w.t.Cleanup(server.Close)
	f.url = server.URL
	trust := filepath.Join(w.t.TempDir(), "trust.pem")
	roots := slices.Concat(w.mail.PEM(), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	if err := os.WriteFile(trust, roots, 0o600); err != nil {
		w.t.Fatal(err)
	}
	// Of a name that stands twice the last counts.
	return append(w.earnest(), "SSL_CERT_FILE="+trust, "FOLLOWUP_PUBLIC_URL="+f.url), f
}

func (f *front) to(t testing.TB, base string) {
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	f.behind.Store(u)
}

func TestGoingLiveNeedsADoctorWithoutFaults(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t, "--maxmemory", "64mb")
	env, f := w.behindTLS()
	dns := dnsServer(t, goodDNS)

	// Nothing runs yet, and Twilio knows nothing of the number.
	p := launch(t, env, "go-live", "--dns", dns)
	if code := p.wait(); code != failed || !strings.Contains(p.log.String(), "not live: doctor has found 3 faults") {
		t.Errorf("exit %d", code)
	}
	for _, said := range []string{"FOLLOWUP_PUBLIC_URL answers 502", "+13035550100 is no number of the account", "our own webhook answers 502"} {
		if !strings.Contains(p.out.String(), said) {
			t.Errorf("it does not say: %s", said)
		}
	}

	service := launch(t, env, "run")
	f.to(t, service.port("public"))
	w.twilio.SetNumbers(twiliotest.Number{Phone: "+13035550100", SMSURL: f.url + "/webhooks/twilio/inbound" + retried})
	post(t, service.port("public"), map[string]any{"email": "ann@example.com"})
	eventually(t, "the confirmation being held", func() bool { return strings.Contains(w.dump("f:{*}"), `"held","why":"trial"`) })

	p = launch(t, env, "doctor", "--dns", dns, "--json")
	var x examination
	if code := p.wait(); code != done || json.Unmarshal([]byte(p.out.String()), &x) != nil || x.Faults != 0 {
		t.Fatalf("exit %d: %+v", code, x)
	}
	if x.Warnings != 3 || !strings.Contains(x.Help["en"], "988") || !strings.Contains(x.Help["es"], "988") {
		t.Errorf("%+v", x) // the selector and two agreements are not told
	}
	for _, f := range x.Checks {
		if f.Severity == "ok" && (f.Cure != "" || f.Asks == "") || f.Severity != "ok" && f.Cure == "" {
			t.Errorf("%+v", f)
		}
	}

	if len(w.mailTo("ann@example.com")) != 0 {
		t.Fatal("a message went during the trial")
	}
	p = launch(t, env, "--by", "ann", "go-live", "--dns", dns)
	if code := p.wait(); code != done || !strings.Contains(p.out.String(), " by ann; of what the trial held, 1 messages were rung for") {
		t.Errorf("exit %d", code)
	}
	eventually(t, "what was held", func() bool { return len(w.mailTo("ann@example.com")) == 1 })
	if p = launch(t, env, "--by", "bob", "go-live"); p.wait() != done || !strings.Contains(p.out.String(), " by ann; of what the trial held, 0 ") {
		t.Error("the second time is not the first")
	}
	if service.stop() != 0 {
		t.Error("not stopped")
	}
	if again := launch(t, env, "work"); again.port("admin") == "" || !strings.Contains(strings.SplitN(again.log.String(), "\n", 2)[0], `"live":"yes: since `) {
		t.Error("the first line of the log does not say that it is live")
	}
}

func TestTheDoctorLooksWhereItCanThoughSettingsAreAtFault(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t, "--appendonly", "no")
	env := append(slices.Clone(w.env), "FOLLOWUP_GUARD=perhaps", "FOLLOWUP_SPOOL="+filepath.Join(t.TempDir(), "none"))
	p := launch(t, env, "doctor", "--dns", dnsServer(t, nil))
	code := p.wait()
	for _, said := range []string{
		"FOLLOWUP_GUARD: \"perhaps\" is unknown", "→ write on or off", "Redis forgets on a restart", "joydevie.example has no SPF record",
		"has no DMARC record", "no folder ", "FOLLOWUP_PUBLIC_URL cannot be reached", "Twilio answers HELP itself", "\n8 faults, ",
	} {
		if !strings.Contains(p.out.String(), said) {
			t.Errorf("it does not say: %s", said)
		}
	}
	if code != failed || strings.Count(p.log.String(), "\n") != 1 {
		t.Errorf("exit %d", code)
	}
	for _, secret := range []string{"pass word", "pass%20word", w.twilio.AuthToken} {
		if strings.Contains(p.out.String()+p.log.String(), secret) {
			t.Error("a secret is printed")
		}
	}
}

func TestTheDoctorTellsOfANewerLedgerAndOfAnotherKeySet(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	service := launch(t, w.env, "run")
	post(t, service.port("public"), map[string]any{"email": "ann@example.com", "consent_email": true})
	eventually(t, "the confirmation", func() bool { return len(w.mail.Messages()) == 2 })
	dns := dnsServer(t, goodDNS)
	p := launch(t, append(slices.Clone(w.env), "FOLLOWUP_KEYSET="+seal.New()), "doctor", "--dns", dns)
	if p.wait(); !strings.Contains(p.out.String(), "the key set does not open what lies in Redis") {
		t.Errorf("another key set passes:\n%s", p.out)
	}
	w.redis.Client().Set(t.Context(), "f:schema", 99, 0)
	p = launch(t, w.env, "doctor", "--dns", dns)
	if p.wait(); !strings.Contains(p.out.String(), "a newer followup has written to this Redis") || strings.Contains(p.out.String(), "the key set does not") {
		t.Errorf("a newer ledger passes:\n%s", p.out)
	}
	if p = launch(t, w.env, "go-live"); p.wait() != done || !strings.Contains(p.out.String(), "counts as live") {
		t.Error("with FOLLOWUP_TEST=1 there is a trial to end")
	}
	if p = launch(t, w.env, "doctor", "--dns", "resolver.example"); p.wait() != usedWrong {
		t.Error("a name as --dns is not used wrongly")
	}
}

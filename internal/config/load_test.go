package config_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/config"
)

// enough is the least that a command starts with.
func enough(t testing.TB) []string {
	return []string{
		"FOLLOWUP_REDIS_URL=redis://:rpass@127.0.0.1:6379/0",
		"FOLLOWUP_KEYSET=followup1.kkkk.1:kkkk",
		"FOLLOWUP_PUBLIC_URL=https://contact.joydevie.example/",
		"FOLLOWUP_SMTP_URL=smtp://me:spass@smtp.joydevie.example:587",
		"FOLLOWUP_CLINIC=" + file(t, "clinic.yaml", exampleFile()),
	}
}

var sms = []string{
	"TWILIO_ACCOUNT_SID=AC0123456789abcdef0123456789abcdef",
	"TWILIO_AUTH_TOKEN=ttoken",
	"TWILIO_MESSAGING_SERVICE_SID=MG0123456789abcdef0123456789abcdef",
}

func exampleFile() string {
	var text bytes.Buffer
	config.ClinicManual(&text)
	return text.String()
}

func file(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheLeastThatStarts(t *testing.T) {
	t.Parallel()
	c, err := config.Load(append(enough(t), "HOME=/root", "FOLLOWUP_GUARD="), config.Run)
	if err != nil {
		t.Fatal(err)
	}
	if c.RedisURL.Reveal() != "redis://:rpass@127.0.0.1:6379/0" || c.PublicURL != "https://contact.joydevie.example" {
		t.Errorf("redis or public URL: %q %q", c.RedisURL.Reveal(), c.PublicURL)
	}
	if c.Listen != "127.0.0.1:8080" || c.AdminListen != "127.0.0.1:8081" || c.RedisWait != 0 ||
		c.SendWindow != "default" || c.Guard != "on" || c.Test || c.TrustedProxies != nil || c.Twilio.Enabled() {
		t.Errorf("defaults: %+v", c)
	}
	if c.Clinic.Name != "JoyDeVie Infusions" {
		t.Errorf("clinic: %+v", c.Clinic)
	}
}

func TestWorkersHaveAnAdminPortOfTheirOwn(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{config.Serve: "127.0.0.1:8081", config.Run: "127.0.0.1:8081", config.Work: "127.0.0.1:8082"} {
		if c, err := config.Load(enough(t), command); err != nil || c.AdminListen != want {
			t.Errorf("%s: %s, %v; want %s", command, c.AdminListen, err, want)
		}
	}
}

func TestEverySettingIsRead(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	c, err := config.Load(slices.Concat(enough(t), sms, []string{
		"FOLLOWUP_LISTEN=:80", "FOLLOWUP_ADMIN_LISTEN=[::1]:0", "FOLLOWUP_TEMPLATES=" + folder, "FOLLOWUP_SPOOL=" + folder,
		"FOLLOWUP_REDIS_WAIT=2", "FOLLOWUP_TRUSTED_PROXIES=10.1.2.3/8, 127.0.0.1,fd00::1,", "FOLLOWUP_TEST=1",
		"FOLLOWUP_SEND_WINDOW=always", "FOLLOWUP_GUARD=off", "TWILIO_AUTH_TOKEN_2=ttoken2",
		"TWILIO_API_KEY=SK0123456789abcdef0123456789abcdef", "TWILIO_API_SECRET=tsecret", "TWILIO_API_URL=http://127.0.0.1:9/",
		"SENDGRID_WEBHOOK_KEY=" + verificationKey(t),
	}), config.Serve)
	if err != nil {
		t.Fatal(err)
	}
	if want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("fd00::1/128")}; !slices.Equal(c.TrustedProxies, want) {
		t.Errorf("proxies %v", c.TrustedProxies)
	}
	if c.Listen != ":80" || c.AdminListen != "[::1]:0" || c.Templates != folder || c.Spool != folder || c.RedisWait != 2 ||
		!c.Test || c.SendWindow != "always" || c.Guard != "off" || c.SendGridKey == "" {
		t.Errorf("%+v", c)
	}
	if tw := c.Twilio; !tw.Enabled() || tw.AuthToken.Reveal() != "ttoken" || tw.AuthToken2.Reveal() != "ttoken2" || tw.APISecret.Reveal() != "tsecret" || tw.APIURL != "http://127.0.0.1:9" {
		t.Errorf("%+v", tw)
	}
}

func verificationKey(t *testing.T) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func TestWithNothingSetEveryMissingSettingIsNamedWithItsCure(t *testing.T) {
	t.Parallel()
	for _, command := range []string{config.Serve, config.Work, config.Run} {
		_, err := config.Load(nil, command)
		faults, ok := errors.AsType[config.Faults](err)
		if !ok {
			t.Fatalf("%s: %v", command, err)
		}
		var names []string
		for _, f := range faults {
			names = append(names, f.Setting)
			if f.Cure == "" {
				t.Errorf("%s has no cure", f.Setting)
			}
		}
		if want := []string{"FOLLOWUP_CLINIC", "FOLLOWUP_KEYSET", "FOLLOWUP_PUBLIC_URL", "FOLLOWUP_REDIS_URL", "FOLLOWUP_SMTP_URL"}; !slices.Equal(names, want) {
			t.Errorf("%s: %q", command, names)
		}
	}
}

func TestEachFaultIsOneLineThatNamesTheSettingAndTheCure(t *testing.T) {
	t.Parallel()
	plain := file(t, "plain", "x")
	for _, c := range []struct {
		name string
		env  []string
		want []string // each a part of a line of its own
	}{
		{"a typing error", []string{"FOLLOWUP_REDIS_WAITT=1"}, []string{"FOLLOWUP_REDIS_WAITT: unknown setting; did you mean FOLLOWUP_REDIS_WAIT?"}},
		{"a setting of nobody", []string{"FOLLOWUP_COLOUR_SCHEME=red"}, []string{"FOLLOWUP_COLOUR_SCHEME: unknown setting; remove it"}},
		{"a name that would break the line", []string{"FOLLOWUP_\nX=1"}, []string{"FOLLOWUP_?X: unknown setting"}},
		{"a file for what is no secret", []string{"FOLLOWUP_LISTEN_FILE=/x"}, []string{"FOLLOWUP_LISTEN_FILE: unknown setting; FOLLOWUP_LISTEN is no secret"}},
		{"a secret set twice", []string{"FOLLOWUP_KEYSET_FILE=" + plain}, []string{"FOLLOWUP_KEYSET: set both itself and as FOLLOWUP_KEYSET_FILE; keep one"}},
		{"a secret's file that is not there", []string{"FOLLOWUP_KEYSET=", "FOLLOWUP_KEYSET_FILE=/nowhere"}, []string{`FOLLOWUP_KEYSET_FILE: "/nowhere": no such file`}},
		{"a secret's file that is empty", []string{"FOLLOWUP_KEYSET=", "FOLLOWUP_KEYSET_FILE=" + file(t, "empty", "\n")}, []string{"is empty; write the secret into it"}},
		{"Redis by the web", []string{"FOLLOWUP_REDIS_URL=https://hidden.example"}, []string{"FOLLOWUP_REDIS_URL: not a Redis URL"}},
		{"Redis without a host", []string{"FOLLOWUP_REDIS_URL=redis://"}, []string{"FOLLOWUP_REDIS_URL: names no host"}},
		{"Redis with a raw password", []string{"FOLLOWUP_REDIS_URL=redis://:hidden%zz@h"}, []string{"FOLLOWUP_REDIS_URL: cannot be read; percent-encode"}},
		{"a socket without a path", []string{"FOLLOWUP_REDIS_URL=redis-socket://run"}, []string{"names no socket"}},
		{"sentinels of which one is missing", []string{"FOLLOWUP_REDIS_URL=redis-sentinel://:hidden@a:1,,b:2/0"}, []string{"names no host; write for example redis-sentinel://"}},
		{"a public URL without a scheme", []string{"FOLLOWUP_PUBLIC_URL=contact.joydevie.example"}, []string{"FOLLOWUP_PUBLIC_URL: \"contact.joydevie.example\" is no web address"}},
		{"a public URL by http", []string{"FOLLOWUP_PUBLIC_URL=http://joydevie.example"}, []string{"http is not enough", "use https"}},
		{"http on this machine without a test", []string{"FOLLOWUP_PUBLIC_URL=http://127.0.0.1:8080"}, []string{"FOLLOWUP_TEST=1"}},
		{"http elsewhere in a test", []string{"FOLLOWUP_PUBLIC_URL=http://joydevie.example", "FOLLOWUP_TEST=1"}, []string{"use https"}},
		{"a public URL with a query", []string{"FOLLOWUP_PUBLIC_URL=https://joydevie.example/?a=b"}, []string{"something after the path"}},
		{"a public URL with a fragment", []string{"FOLLOWUP_PUBLIC_URL=https://joydevie.example/#"}, []string{"something after the path"}},
		{"a public URL with a password", []string{"FOLLOWUP_PUBLIC_URL=https://me:hidden@joydevie.example"}, []string{"holds a user or a password"}},
		{"a public host that tells", []string{"FOLLOWUP_PUBLIC_URL=https://denverketamine.example"}, []string{`its host tells why somebody writes: "ketamin"`}},
		{"mail by the web", []string{"FOLLOWUP_SMTP_URL=https://hidden@smtp.example"}, []string{"FOLLOWUP_SMTP_URL: not the address of a relay"}},
		{"mail without a host", []string{"FOLLOWUP_SMTP_URL=smtp://:25"}, []string{"FOLLOWUP_SMTP_URL: names no host"}},
		{"mail with a raw password", []string{"FOLLOWUP_SMTP_URL=smtp://me:hidden%@h"}, []string{"percent-encode"}},
		{"mail with a # in the password", []string{"FOLLOWUP_SMTP_URL=smtp://me:hid#den@h"}, []string{"FOLLOWUP_SMTP_URL: "}},
		{"mail to port 0", []string{"FOLLOWUP_SMTP_URL=smtp://h:0"}, []string{"outside 1 to 65535"}},
		{"mail with an unknown option", []string{"FOLLOWUP_SMTP_URL=smtp://h?starttls=no"}, []string{"not ?tls="}},
		{"mail with TLS as it may be", []string{"FOLLOWUP_SMTP_URL=smtp://h?tls=maybe"}, []string{"tls is none of its three values"}},
		{"TLS from the start, and none", []string{"FOLLOWUP_SMTP_URL=smtps://h?tls=none"}, []string{"smtps:// is always TLS"}},
		{"mail in the clear to another machine", []string{"FOLLOWUP_SMTP_URL=smtp://h?tls=opportunistic"}, []string{"without TLS"}},
		{"listening nowhere", []string{"FOLLOWUP_LISTEN=8080"}, []string{`FOLLOWUP_LISTEN: "8080" is no address to listen on; write a host and a port`}},
		{"listening beyond the last port", []string{"FOLLOWUP_ADMIN_LISTEN=:65536"}, []string{"FOLLOWUP_ADMIN_LISTEN"}},
		{"listening twice on one port", []string{"FOLLOWUP_ADMIN_LISTEN=127.0.0.1:8080"}, []string{"the same as FOLLOWUP_LISTEN"}},
		{"a proxy by name", []string{"FOLLOWUP_TRUSTED_PROXIES=10.0.0.0/8,proxy"}, []string{`"proxy" is no address and no CIDR`}},
		{"no templates there", []string{"FOLLOWUP_TEMPLATES=/nowhere"}, []string{`FOLLOWUP_TEMPLATES: "/nowhere": no such file`}},
		{"templates in a file", []string{"FOLLOWUP_TEMPLATES=" + plain}, []string{"is not a folder"}},
		{"a spool in a file", []string{"FOLLOWUP_SPOOL=" + plain}, []string{"FOLLOWUP_SPOOL: "}},
		{"a spool below a file", []string{"FOLLOWUP_SPOOL=" + plain + "/spool"}, []string{"FOLLOWUP_SPOOL: "}},
		{"a wait in seconds", []string{"FOLLOWUP_REDIS_WAIT=2s"}, []string{`FOLLOWUP_REDIS_WAIT: "2s" is no whole number; write a number, such as 1`}},
		{"fewer than no replicas", []string{"FOLLOWUP_REDIS_WAIT=-1"}, []string{"-1 is no number of replicas"}},
		{"more replicas than anybody has", []string{"FOLLOWUP_REDIS_WAIT=500"}, []string{"up to 8"}},
		{"always at night", []string{"FOLLOWUP_SEND_WINDOW=always"}, []string{"FOLLOWUP_SEND_WINDOW: always would write to people at night; leave it out, or set FOLLOWUP_TEST=1"}},
		{"an unknown window", []string{"FOLLOWUP_SEND_WINDOW=never"}, []string{"write default or always"}},
		{"no guard", []string{"FOLLOWUP_GUARD=off"}, []string{"FOLLOWUP_GUARD: off would let"}},
		{"an unknown guard", []string{"FOLLOWUP_GUARD=maybe"}, []string{"write on or off"}},
		{"a test that may be one", []string{"FOLLOWUP_TEST=perhaps"}, []string{"write 1 or 0"}},
		{"a key of nobody's", []string{"SENDGRID_WEBHOOK_KEY=hidden"}, []string{"SENDGRID_WEBHOOK_KEY: not a verification key"}},
		{"no clinic there", []string{"FOLLOWUP_CLINIC=/nowhere.yaml"}, []string{"FOLLOWUP_CLINIC: /nowhere.yaml: no such file"}},
		{"a clinic with two faults", []string{"FOLLOWUP_CLINIC=" + file(t, "c.yaml", strings.Replace(exampleFile(), "sender_name: JoyDeVie", "sender_nam: JoyDeVie", 1))},
			[]string{`"sender_nam" is unknown; did you mean sender_name?`, "sender_name: missing"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(append(enough(t), c.env...), config.Run)
			says(t, err, c.want)
		})
	}
}

// says holds that the error has one line for each of the wanted, in whatever
// order, and that it repeats no secret.
func says(t *testing.T, err error, want []string) {
	t.Helper()
	if _, ok := errors.AsType[config.Faults](err); !ok {
		t.Fatalf("not Faults: %v", err)
	}
	for _, secret := range []string{"hidden", "rpass", "spass", "kkkk", "ttoken"} {
		if strings.Contains(err.Error(), secret) && !strings.Contains(err.Error(), "hidden.example") {
			t.Errorf("%q holds a secret", err)
		}
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
	if lines := strings.Count(err.Error(), "\n") + 1; lines > len(want) {
		t.Errorf("%d lines, want at most %d:\n%v", lines, len(want), err)
	}
}

func TestWhatKubernetesSetsIsNotOurs(t *testing.T) {
	t.Parallel()
	env := enough(t)
	for _, name := range []string{
		"SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_8080_TCP", "PORT_8080_TCP_PROTO", "PORT_8080_TCP_PORT", "PORT_8080_TCP_ADDR",
		"REDIS_SERVICE_HOST", "REDIS_SERVICE_PORT", "REDIS_SERVICE_PORT_REDIS", "REDIS_PORT", "REDIS_PORT_6379_TCP", "REDIS_PORT_6379_TCP_ADDR", "WEB_2_PORT_53_UDP",
	} {
		env = append(env, "FOLLOWUP_"+name+"=tcp://10.0.0.1:1")
	}
	if _, err := config.Load(env, config.Run); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"PORTS", "PORT_X_TCP", "SERVICE", "PORT_8080_TCP_NAME", "_PORT "} {
		if _, err := config.Load(append(enough(t), "FOLLOWUP_"+name+"=1"), config.Run); err == nil {
			t.Errorf("FOLLOWUP_%s passes", name)
		}
	}
}

func TestATestMayDoWithLess(t *testing.T) {
	t.Parallel()
	c, err := config.Load([]string{
		"FOLLOWUP_TEST=1", "FOLLOWUP_REDIS_URL=redis-socket:///run/redis.sock?db=1", "FOLLOWUP_KEYSET=k", "FOLLOWUP_SMTP_URL=smtp://[::1]:2525?tls=none",
		"FOLLOWUP_PUBLIC_URL=http://[::1]:8080",
	}, config.Run)
	if err != nil || c.Clinic.Name != config.ExampleClinic().Name {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestASecretCanComeFromAFile(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{"key": "key", "key\n": "key", "key\r\n": "key", "key\n\n": "key\n", " key ": " key "} {
		env := append(enough(t), "FOLLOWUP_KEYSET=", "FOLLOWUP_KEYSET_FILE="+file(t, "key", content))
		if c, err := config.Load(env, config.Run); err != nil || c.Keyset.Reveal() != want {
			t.Errorf("%q: %q, %v", content, c.Keyset.Reveal(), err)
		}
		if text, err := config.Keyset(env); err != nil || text != want {
			t.Errorf("%q alone: %q, %v", content, text, err)
		}
	}
	if _, err := config.Keyset(nil); err == nil || !strings.Contains(err.Error(), "followup keys new") {
		t.Errorf("no key set: %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("FOLLOWUP_REDIS_URL", "redis-sentinel://a@b,c/0?x")
	f.Add("FOLLOWUP_PUBLIC_URL", "https://[::1")
	f.Add("FOLLOWUP_SMTP_URL", "smtp://a:b@c?tls=;")
	f.Add("FOLLOWUP_TRUSTED_PROXIES", "fe80::1%eth0/64,,")
	f.Add("FOLLOWUP_ÜX\xff", "\x00")
	f.Fuzz(func(t *testing.T, name, value string) {
		if strings.HasPrefix(name, "FOLLOWUP_CLINIC") || strings.HasSuffix(name, "_FILE") {
			t.Skip() // would read whatever file it hits upon
		}
		c, err := config.Load([]string{name + "=" + value, "=x", "y"}, config.Work)
		if err == nil {
			t.Fatalf("%q=%q starts: %+v", name, value, c)
		}
		if strings.ContainsAny(err.Error(), "\r\x00\x1b") {
			t.Errorf("%q", err)
		}
	})
}

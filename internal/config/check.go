package config

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"unicode"
)

// check looks at what the values mean. What is not set is not its business,
// and of a secret it repeats nothing.
func (c *Config) check(command string, faults *Faults) {
	c.checkRedis(faults)
	c.checkPublicURL(faults)
	c.checkSMTP(faults)
	c.checkListen(command, faults)
	c.checkFolders(faults)
	c.checkTests(faults)
	c.Twilio.check(c.Test, faults)
	if c.RedisWait < 0 || c.RedisWait > mostReplicas {
		faults.addNew("FOLLOWUP_REDIS_WAIT", strconv.Itoa(c.RedisWait)+" is no number of replicas", "write 0 for none, or how many there are, up to "+strconv.Itoa(mostReplicas))
	}
	for _, s := range []struct {
		name  string
		value Secret
	}{{"FOLLOWUP_FORMS_KEY", c.FormsKey}, {"FOLLOWUP_WEBFLOW_SECRET", c.WebflowSecret}} {
		if s.value != "" && len(s.value) < shortestKey {
			faults.add(s.name, "too short: it can be guessed", "use a long one, as openssl rand -hex 32 makes it")
		}
	}
	if c.MailSecret != "" && len(c.MailSecret) < 32 {
		faults.add("FOLLOWUP_MAIL_WEBHOOK_SECRET", "shorter than 32 characters: it could be guessed", "make one with openssl rand -hex 32")
	}
	if c.SendGridKey != "" && !isECDSAKey(c.SendGridKey.Reveal()) {
		faults.add("SENDGRID_WEBHOOK_KEY", "not a verification key", "copy the whole key from SendGrid's page on the signed event webhook")
	}
}

// mostReplicas is more than anybody waits for; above it something else was meant.
const mostReplicas = 8

// shortestKey is below what every generator of secrets makes.
const shortestKey = 20

// addNew adds a fault of a setting unless it is already to blame.
func (f *Faults) addNew(setting, problem, cure string) {
	for _, each := range *f {
		if each.Setting == setting {
			return
		}
	}
	f.add(setting, problem, cure)
}

func (c *Config) checkRedis(faults *Faults) {
	text := c.RedisURL.Reveal()
	if text == "" {
		return
	}
	problem := func(what, cure string) { faults.add("FOLLOWUP_REDIS_URL", what, cure) }
	scheme, rest, _ := strings.Cut(text, "://")
	switch scheme {
	case "redis", "rediss":
		if u, err := url.Parse(text); err != nil {
			problem("cannot be read", "percent-encode special characters of the password")
		} else if u.Hostname() == "" {
			problem("names no host", "write for example redis://127.0.0.1:6379/0")
		}
	case "redis-socket":
		if !strings.HasPrefix(rest, "/") && !strings.Contains(rest, "@/") {
			problem("names no socket", "write its whole path after redis-socket://, such as redis-socket:///run/redis.sock")
		}
	case "redis-sentinel", "redis-cluster":
		hosts, _, _ := strings.Cut(rest[strings.LastIndexByte(rest, '@')+1:], "/")
		for host := range strings.SplitSeq(hosts, ",") {
			if host == "" || strings.HasPrefix(host, ":") || strings.HasPrefix(host, "?") {
				problem("names no host", "write for example "+scheme+"://host1:6379,host2:6379")
				return
			}
		}
	default:
		problem("not a Redis URL", "begin it with redis://, rediss://, redis-socket://, redis-sentinel:// or redis-cluster://")
	}
}

func (c *Config) checkPublicURL(faults *Faults) {
	if c.PublicURL == "" {
		return
	}
	problem := func(what, cure string) { faults.add("FOLLOWUP_PUBLIC_URL", what, cure) }
	u, err := url.Parse(c.PublicURL)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https"):
		problem(quote(withoutUser(c.PublicURL))+" is no web address", "write for example https://contact.joydevie.example")
		return
	case u.User != nil:
		problem("holds a user or a password, which every email would show", "leave it out")
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(c.PublicURL, "#"):
		problem(quote(c.PublicURL)+" has something after the path", "leave out ? and # and what follows")
	case u.Scheme == "http" && loopback(u.Hostname()) && !c.Test:
		problem("http is not enough", "use https, or set FOLLOWUP_TEST=1 for a trial on this machine")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		problem("http is not enough: what people write must not be read on the way", "use https")
	}
	if word := telling(u.Hostname()); word != "" {
		problem("its host tells why somebody writes: "+quote(word), "use a neutral name for links; it may forward to the clinic's own")
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
}

func (c *Config) checkSMTP(faults *Faults) {
	if c.SMTPURL == "" {
		return
	}
	problem := func(what, cure string) { faults.add("FOLLOWUP_SMTP_URL", what, cure) }
	u, err := url.Parse(c.SMTPURL.Reveal())
	if err != nil {
		problem("cannot be read", "percent-encode special characters of the password")
		return
	}
	query, err := url.ParseQuery(u.RawQuery)
	tls := query.Get("tls")
	query.Del("tls")
	switch {
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		problem("not the address of a relay", "begin it with smtp:// or smtps://")
	case u.Hostname() == "":
		problem("names no host", "write for example smtp://user:password@smtp.joydevie.example:587")
	case u.Port() != "" && !isPort(u.Port()):
		problem("has a port outside 1 to 65535", "use 587 for smtp:// and 465 for smtps://")
	case strings.Trim(u.Path, "/") != "" || u.Fragment != "" || err != nil || len(query) > 0:
		problem("has something after the host that is not ?tls=", "percent-encode / ? and # of the password")
	case tls != "" && tls != "required" && tls != "opportunistic" && tls != "none":
		problem("tls is none of its three values", "write ?tls=required, opportunistic or none")
	case u.Scheme == "smtps" && (tls == "opportunistic" || tls == "none"):
		problem("smtps:// is always TLS, and tls says otherwise", "leave ?tls= out, or begin with smtp://")
	case (tls == "opportunistic" || tls == "none") && !loopback(u.Hostname()) && !c.Test:
		problem("lets email leave without TLS, and the note to staff holds what people wrote", "leave ?tls= out; without TLS only a relay on this machine may be used")
	}
}

func (c *Config) checkListen(command string, faults *Faults) {
	for _, s := range []struct{ name, value string }{
		{"FOLLOWUP_LISTEN", c.Listen}, {"FOLLOWUP_ADMIN_LISTEN", c.AdminListen},
	} {
		if _, port, err := net.SplitHostPort(s.value); err != nil || !(port == "0" || isPort(port)) {
			faults.add(s.name, quote(s.value)+" is no address to listen on", "write a host and a port, such as 127.0.0.1:8080")
		}
	}
	if command != Work && c.Listen == c.AdminListen && !strings.HasSuffix(c.Listen, ":0") {
		faults.add("FOLLOWUP_ADMIN_LISTEN", "the same as FOLLOWUP_LISTEN", "give it a port of its own, which the public cannot reach")
	}
}

func (c *Config) checkFolders(faults *Faults) {
	if c.Templates != "" {
		if info, err := os.Stat(c.Templates); err != nil {
			faults.add("FOLLOWUP_TEMPLATES", reason(err), "name a folder that is there, or leave it out for the built-in texts")
		} else if !info.IsDir() {
			faults.add("FOLLOWUP_TEMPLATES", quote(c.Templates)+" is not a folder", "name the folder that holds the texts")
		}
	}
	if info, err := os.Stat(c.Spool); err == nil && !info.IsDir() {
		faults.add("FOLLOWUP_SPOOL", quote(c.Spool)+" is not a folder", "name a folder, or a place where one can be made")
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		faults.add("FOLLOWUP_SPOOL", reason(err), "name a folder that the service may use")
	}
}

func (c *Config) checkTests(faults *Faults) {
	const test = "set FOLLOWUP_TEST=1 as well, which never belongs in front of patients"
	switch {
	case c.SendWindow == "always" && !c.Test:
		faults.add("FOLLOWUP_SEND_WINDOW", "always would write to people at night", "leave it out, or "+test)
	case c.SendWindow != "always" && c.SendWindow != "default":
		faults.add("FOLLOWUP_SEND_WINDOW", quote(c.SendWindow)+" is unknown", "write default or always")
	}
	switch {
	case c.Guard == "off" && !c.Test:
		faults.add("FOLLOWUP_GUARD", "off would let anybody send through the form", "leave it out, or "+test)
	case c.Guard != "on" && c.Guard != "off":
		faults.add("FOLLOWUP_GUARD", quote(c.Guard)+" is unknown", "write on or off")
	}
}

// loopback reports whether the host is this machine.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && addr.Unmap().IsLoopback()
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

// isECDSAKey: SendGrid gives its key as base64 of a PKIX public key.
func isECDSAKey(text string) bool {
	der, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return false
	}
	key, err := x509.ParsePKIXPublicKey(der)
	_, ok := key.(*ecdsa.PublicKey)
	return err == nil && ok
}

// reason says why a file cannot be used, with its name and nothing else.
func reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return quote(e.Path) + ": " + e.Err.Error()
	}
	return err.Error()
}

// withoutUser drops what may be a password from a URL that could not be read.
func withoutUser(text string) string {
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return text
	}
	return "…" + text[at:]
}

func quoted(text string) string { return strconv.Quote(text) }

// printable keeps a name from the environment on one line.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, name)
}

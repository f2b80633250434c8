// Package config reads the settings: once, from the environment and the
// clinic's file, into one struct that is passed by value. Everything that is
// wrong is reported at once, and a setting that nobody knows is wrong. The
// struct is the manual: deploy/env.example and deploy/clinic.yaml are written
// from its tags. It imports nothing of ours.
package config

import (
	"net/netip"
	"slices"
	"strings"
	_ "time/tzdata" // the clinic's zone must be there in a container without any
)

// Config is every setting. Make one with Load. It is safe to print: the
// secrets mask themselves.
//
// The tags: env is the name; group begins a new section of the manual; default
// is what holds when it is not set, work the same for the command "work";
// example stands in the manual where there is no default; required stops the
// start. A Secret can also be read from the file that NAME_FILE names.
type Config struct {
	RedisURL  Secret `group:"Required" env:"FOLLOWUP_REDIS_URL" required:"true" example:"redis://127.0.0.1:6379/0" doc:"Redis 6.2 or newer, append-only and without eviction: redis://, rediss://, redis-socket://, redis-sentinel:// or redis-cluster://, with user and password where it wants them."`
	Keyset    Secret `env:"FOLLOWUP_KEYSET" required:"true" example:"/etc/followup/keyset" doc:"The keys that seal what is personal, as followup keys new prints them. Keep a copy outside this machine: without it nothing can be read again."`
	PublicURL string `env:"FOLLOWUP_PUBLIC_URL" required:"true" example:"https://contact.joydevie.example" doc:"Where people and providers reach this service, over https. It stands in the links of emails, and webhooks are verified against it."`
	SMTPURL   Secret `env:"FOLLOWUP_SMTP_URL" required:"true" example:"smtp://user:password@smtp.joydevie.example:587" doc:"The relay that takes email: smtp:// with STARTTLS, or smtps://. ?tls=required (as it is without), opportunistic or none. Without a user there is no AUTH."`
	ClinicAt  string `env:"FOLLOWUP_CLINIC" required:"true" example:"/etc/followup/clinic.yaml" doc:"The file that describes the clinic."`

	Listen         string         `group:"Serving" env:"FOLLOWUP_LISTEN" default:"127.0.0.1:8080" doc:"Where the form and the webhooks listen; the proxy that speaks https forwards to it."`
	AdminListen    string         `env:"FOLLOWUP_ADMIN_LISTEN" default:"127.0.0.1:8081" work:"127.0.0.1:8082" doc:"Where /healthz and /readyz listen; not for the public."`
	TrustedProxies []netip.Prefix `env:"FOLLOWUP_TRUSTED_PROXIES" example:"10.0.0.0/8,127.0.0.1" doc:"Proxies whose X-Forwarded-For is believed: addresses or CIDRs, separated by commas. Unset: none."`

	Spool     string `group:"Files and waiting" env:"FOLLOWUP_SPOOL" default:"spool" doc:"The folder that keeps what people wrote while Redis is away; made when missing. It must outlive a restart."`
	RedisWait int    `env:"FOLLOWUP_REDIS_WAIT" default:"0" doc:"On how many replicas of Redis a submission must be before it is acknowledged, and a message claimed before its provider is called. 0: none is waited for. With 1 a failover loses nothing; what finds no replica waits in the spool, or for its turn."`
	Templates string `env:"FOLLOWUP_TEMPLATES" example:"/etc/followup/templates" doc:"A folder with texts that stand in for the built-in ones of the same name. Unset: the built-in ones."`

	Twilio      Twilio
	SendGridKey Secret `group:"SendGrid's events" env:"SENDGRID_WEBHOOK_KEY" example:"/etc/followup/sendgrid-key" doc:"The verification key that SendGrid shows for its signed event webhook. Unset: its events are refused."`
	MailSecret  Secret `group:"What other relays say of emails" env:"FOLLOWUP_MAIL_WEBHOOK_SECRET" example:"/etc/followup/mail-webhook-secret" doc:"Signs bounces and complaints of any relay, posted to /webhooks/mail (docs/mail.md): 32 characters or more, such as openssl rand -hex 32 prints. Unset: they are refused."`

	FormsKey      Secret `group:"Forms of site builders" env:"FOLLOWUP_FORMS_KEY" example:"/etc/followup/forms-key" doc:"What a site's builder has to show when it posts a form to /forms/: in the header Authorization, behind Bearer, or behind ?key= in the address. At least 20 characters; openssl rand -hex 32 makes one. Unset: such posts are refused."`
	WebflowSecret Secret `env:"FOLLOWUP_WEBFLOW_SECRET" example:"/etc/followup/webflow-secret" doc:"The secret of a Webflow webhook that signs what it sends; it needs no key then. Unset: Webflow shows the key, as all others do."`

	SendWindow string `group:"For tests" env:"FOLLOWUP_SEND_WINDOW" default:"default" doc:"default: texts and follow-ups keep decent hours. always: at any hour, for tests alone."`
	Guard      string `env:"FOLLOWUP_GUARD" default:"on" doc:"on or off: what keeps the form from writing to strangers. Its token and its trap, the limits by network (/24, /64), address and number and in all, and 60 posts a minute from one neighbourhood. off for tests alone."`
	Test       bool   `env:"FOLLOWUP_TEST" default:"0" doc:"1 allows what is for tests alone: the two settings above, http on this machine, and the built-in example clinic."`

	Clinic Clinic // what the file says, or the example clinic

	from map[string]string // where a setting that was set comes from
}

// Twilio is how texts go out. All unset: email alone.
type Twilio struct {
	AccountSID          string `group:"Texts by Twilio (all unset: email alone)" env:"TWILIO_ACCOUNT_SID" example:"AC00000000000000000000000000000000" doc:"The account."`
	AuthToken           Secret `env:"TWILIO_AUTH_TOKEN" example:"/etc/followup/twilio-token" doc:"Its token; webhooks are verified with it."`
	AuthToken2          Secret `env:"TWILIO_AUTH_TOKEN_2" example:"/etc/followup/twilio-token-2" doc:"The second token, while one replaces the other."`
	APIKey              string `env:"TWILIO_API_KEY" example:"SK00000000000000000000000000000000" doc:"An API key to send with in place of the token."`
	APISecret           Secret `env:"TWILIO_API_SECRET" example:"/etc/followup/twilio-secret" doc:"The secret of the API key."`
	MessagingServiceSID string `env:"TWILIO_MESSAGING_SERVICE_SID" example:"MG00000000000000000000000000000000" doc:"The messaging service that sends; this or TWILIO_FROM."`
	From                string `env:"TWILIO_FROM" example:"+13035550100" doc:"The number that sends."`
	Redact              bool   `env:"TWILIO_REDACT" default:"1" doc:"1: texts are emptied at Twilio once they have arrived or failed, and what people wrote to you once it is taken in; that they went, when and to whom stays there. 0: Twilio keeps the words as long as it keeps messages."`
	APIURL              string `env:"TWILIO_API_URL" example:"http://127.0.0.1:9000" doc:"Another server in place of Twilio's own, for tests."`
}

// Enabled reports whether texts can go out.
func (t Twilio) Enabled() bool { return t.AccountSID != "" }

// The commands whose settings differ.
const (
	Serve = "serve" // HTTP alone
	Work  = "work"  // workers alone
	Run   = "run"   // both in one process
	Staff = "staff" // what staff type: it sends nothing itself
)

// Load reads the settings of a command, one of the above, from an environment
// such as os.Environ gives. Of a name that occurs twice the last counts; an
// empty value is as good as none. Its error is Faults with everything that is
// wrong; the Config beside it holds what could be read, and is good for Print
// alone.
func Load(environ []string, command string) (Config, error) {
	c := Config{from: map[string]string{}}
	env := environment(environ)
	settings := c.settings()
	var faults Faults
	for _, s := range settings {
		text := s.read(env, command, c.from, &faults)
		if text == "" {
			continue
		}
		if problem, cure := s.set(text); problem != "" {
			faults.add(s.name, problem, cure)
		}
	}
	for _, s := range settings {
		blamed := func(f Fault) bool { return f.Setting == s.name || f.Setting == s.name+fileSuffix }
		needless := s.name == "FOLLOWUP_CLINIC" && c.Test || s.name == "FOLLOWUP_SMTP_URL" && command == Staff
		if s.required && s.text() == "" && !slices.ContainsFunc(faults, blamed) && !needless {
			faults.add(s.name, missing, s.cure())
		}
	}
	unknown(env, settings, &faults)
	c.check(command, &faults)
	c.loadClinic(&faults)
	c.checkFormsKey(command, &faults)
	return c, faults.sorted()
}

// Keyset reads the key set alone, for commands that need no other setting.
func Keyset(environ []string) (string, error) {
	c := Config{from: map[string]string{}}
	var faults Faults
	for _, s := range c.settings() {
		if s.name != "FOLLOWUP_KEYSET" {
			continue
		}
		text := s.read(environment(environ), Run, c.from, &faults)
		if text == "" && len(faults) == 0 {
			faults.add(s.name, missing, s.cure())
		}
		return text, faults.sorted()
	}
	return "", nil
}

func environment(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			env[name] = value
		}
	}
	return env
}

func (c *Config) loadClinic(faults *Faults) {
	switch {
	case c.ClinicAt != "":
		pace := usualPace
		if c.Test {
			pace = Pace{} // a test keeps nothing back that nobody asked to keep back
		}
		clinic, found := readClinic(c.ClinicAt, pace)
		c.Clinic = clinic
		for _, f := range found {
			f.Setting = "FOLLOWUP_CLINIC"
			*faults = append(*faults, f)
		}
	case c.Test:
		c.Clinic = ExampleClinic()
		c.Clinic.Pace = Pace{}
	}
}

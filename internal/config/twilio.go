package config

import (
	"net/url"
	"regexp"
	"strings"
)

// e164 is the shape of a telephone number with its country; whether anybody
// answers there is not checked.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{7,14}$`)

// check holds that the settings are all there or none is, and of the right
// kind. The tokens' own shape is not checked.
func (t *Twilio) check(test bool, faults *Faults) {
	if *t == (Twilio{Redact: t.Redact}) {
		return // to say what Twilio keeps is no wish to use it
	}
	const all = "set it, or unset every TWILIO_ setting to send email alone"
	if t.AccountSID == "" {
		faults.addNew("TWILIO_ACCOUNT_SID", "missing, though other TWILIO_ settings are there", all)
	}
	if t.AuthToken == "" && !faults.blame("TWILIO_AUTH_TOKEN_FILE") {
		faults.addNew("TWILIO_AUTH_TOKEN", "missing, though other TWILIO_ settings are there", all)
	}
	switch {
	case t.APIKey != "" && t.APISecret == "" && !faults.blame("TWILIO_API_SECRET_FILE"):
		faults.addNew("TWILIO_API_SECRET", "missing, though TWILIO_API_KEY is there", "set it, or unset the key to send with the token")
	case t.APIKey == "" && t.APISecret != "":
		faults.add("TWILIO_API_KEY", "missing, though TWILIO_API_SECRET is there", "set it, or unset the secret to send with the token")
	}
	switch {
	case t.MessagingServiceSID == "" && t.From == "":
		faults.add("TWILIO_MESSAGING_SERVICE_SID", "missing, and so is TWILIO_FROM: nobody to send as", "set one of the two")
	case t.MessagingServiceSID != "" && t.From != "":
		faults.add("TWILIO_FROM", "set beside TWILIO_MESSAGING_SERVICE_SID", "keep one of the two")
	}
	if t.From != "" && !e164.MatchString(t.From) {
		faults.add("TWILIO_FROM", quote(t.From)+" is no number with its country", "write it like +13035550100")
	}
	t.checkSID("TWILIO_ACCOUNT_SID", t.AccountSID, "AC", faults)
	t.checkSID("TWILIO_MESSAGING_SERVICE_SID", t.MessagingServiceSID, "MG", faults)
	t.checkSID("TWILIO_API_KEY", t.APIKey, "SK", faults)
	t.checkAPIURL(test, faults)
}

// blame reports whether the setting already has a fault.
func (f Faults) blame(setting string) bool {
	for _, each := range f {
		if each.Setting == setting {
			return true
		}
	}
	return false
}

var afterPrefix = regexp.MustCompile(`^[0-9A-Za-z]+$`)

// checkSID: Twilio's names are two letters for the kind and 32 digits. A test
// server's are as long as it likes. The value is not repeated: somebody may
// have pasted the token.
func (t *Twilio) checkSID(setting, value, prefix string, faults *Faults) {
	rest, ok := strings.CutPrefix(value, prefix)
	switch {
	case value == "":
	case !ok || !afterPrefix.MatchString(rest):
		faults.add(setting, "does not have the form of one", "copy what begins with "+prefix+" from Twilio's console")
	case len(rest) != 32 && t.APIURL == "":
		faults.add(setting, "is not 34 characters long", "copy all of it from Twilio's console")
	}
}

func (t *Twilio) checkAPIURL(test bool, faults *Faults) {
	if t.APIURL == "" {
		return
	}
	u, err := url.Parse(t.APIURL)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil ||
		u.RawQuery != "" || u.ForceQuery || strings.Contains(t.APIURL, "#"):
		faults.add("TWILIO_API_URL", quote(withoutUser(t.APIURL))+" is no plain web address", "write for example http://127.0.0.1:9000")
	case u.Scheme == "http" && !loopback(u.Hostname()) && !test:
		faults.add("TWILIO_API_URL", "would send the token over the network in the clear", "use https, or set FOLLOWUP_TEST=1 for a test server")
	}
	t.APIURL = strings.TrimRight(t.APIURL, "/")
}

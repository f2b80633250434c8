package smtp

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// tlsPolicy says whether a connection may go without TLS.
type tlsPolicy uint8

const (
	tlsRequired      tlsPolicy = iota // STARTTLS, or nothing is sent
	tlsOpportunistic                  // STARTTLS when the relay offers it
	tlsNone                           // never: a relay on this machine
	tlsFromStart                      // smtps://, RFC 8314 section 3.3
)

// relay is what the URL says.
type relay struct {
	host, port     string
	user, password string // user "": no AUTH
	policy         tlsPolicy
}

// parse reads a relay's URL. Its errors name what is wrong but repeat nothing
// of the URL: wherever a password was written badly, any part may be it.
func parse(s string) (relay, error) {
	u, err := url.Parse(s)
	if err != nil {
		return relay{}, errors.New("cannot be read; special characters of the password must be percent-encoded")
	}
	r := relay{host: u.Hostname(), port: u.Port()}
	switch u.Scheme {
	case "smtp":
		r.port = orDefault(r.port, "587") // message submission, RFC 6409
	case "smtps":
		r.port, r.policy = orDefault(r.port, "465"), tlsFromStart
	default:
		return relay{}, errors.New("must begin with smtp:// or smtps://")
	}
	if r.host == "" {
		return relay{}, errors.New("names no host")
	}
	if n, err := strconv.Atoi(r.port); err != nil || n < 1 || n > 65535 {
		return relay{}, errors.New("has a port outside 1 to 65535")
	}
	if (u.Path != "" && u.Path != "/") || u.Fragment != "" || u.Opaque != "" {
		return relay{}, errors.New("has something after the host; a / or # in the password must be percent-encoded")
	}
	if u.User != nil {
		r.user = u.User.Username()
		r.password, _ = u.User.Password()
		if r.user == "" || r.password == "" {
			return relay{}, errors.New("needs both a user and a password, or neither")
		}
		if strings.ContainsRune(r.user+r.password, 0) {
			return relay{}, errors.New("has a zero byte in the user or the password")
		}
	}
	return r, r.options(u)
}

// options reads the query: tls, and nothing else.
func (r *relay) options(u *url.URL) error {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("has a query that cannot be read; a ? in the password must be percent-encoded")
	}
	for name := range query {
		if name != "tls" {
			return errors.New("has an unknown option; only tls is known, and a ? in the password must be percent-encoded")
		}
	}
	switch query.Get("tls") {
	case "", "required":
	case "opportunistic":
		if r.policy == tlsFromStart {
			return errors.New("tls=opportunistic contradicts smtps://")
		}
		r.policy = tlsOpportunistic
	case "none":
		if r.policy == tlsFromStart {
			return errors.New("tls=none contradicts smtps://")
		}
		r.policy = tlsNone
	default:
		return errors.New("tls must be required, opportunistic or none")
	}
	return nil
}

func (r relay) address() string { return net.JoinHostPort(r.host, r.port) }

// String leaves the password and the user out, so that %v of a relay is safe.
func (r relay) String() string { return fmt.Sprintf("relay %s", r.address()) }

// loopback reports whether a password without TLS stays on this machine. It
// goes by the names that the auth mechanisms themselves believe.
func (r relay) loopback() bool {
	return r.host == "localhost" || r.host == "127.0.0.1" || r.host == "::1"
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Package twilio sends text messages through Twilio's Programmable Messaging.
//
// Of twilio-go it uses the client and the 2010 API alone; the root package
// builds sixty others. That library knows no context and drops the headers of
// an error answer, so each call gets a small client of its own whose transport
// puts back both (see call) over one shared pool of connections.
package twilio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/joydevie/followup/internal/channel"
)

// Settings are the account and how messages leave it.
type Settings struct {
	AccountSID string // AC…
	AuthToken  string // not needed with an API key
	APIKey     string // SK…; "" signs in with AccountSID and AuthToken
	APISecret  string

	MessagingServiceSID string // MG…; this or From is required. With both, the service sends from From
	From                string

	// StatusURL is where Twilio reports what became of a message; each message
	// adds m=<Message.ID> to its query, and the query is signed. A fragment with
	// Twilio's connection overrides (#rc=5&rp=5xx,ct,rt) is kept. "" asks for no
	// reports, and then an unknown message can only be settled by Find.
	StatusURL string

	// ValidityPeriod is how long Twilio may hold a message back before it gives
	// up: whole seconds, at most 10 h; zero means 4 h. Late is worse than never
	// for a reminder.
	ValidityPeriod time.Duration

	BaseURL string        // "" means https://api.twilio.com; another for a test server
	Timeout time.Duration // one Send at most; zero means 30 s, a little more than Twilio allows itself
}

const (
	defaultValidity = 4 * time.Hour
	maxValidity     = 10 * time.Hour
	defaultTimeout  = 30 * time.Second
)

// Sender sends through one account. Its zero value is not usable; see New.
type Sender struct {
	settings  Settings
	base      *url.URL // nil: Twilio itself
	status    *url.URL // nil: no reports
	transport *http.Transport
}

var _ channel.Sender = (*Sender)(nil)

// New checks the settings without asking Twilio. All faults are reported at
// once, each with the name of the environment variable that an operator knows
// it by, and none with its value.
func New(s Settings) (*Sender, error) {
	if s.ValidityPeriod == 0 {
		s.ValidityPeriod = defaultValidity
	}
	if s.Timeout == 0 {
		s.Timeout = defaultTimeout
	}
	sender := &Sender{settings: s, transport: transport()}
	faults := s.faults()
	var err error
	if sender.base, err = address(s.BaseURL); err != nil {
		faults = append(faults, fmt.Errorf("TWILIO_API_URL: %w", err))
	}
	if sender.status, err = address(s.StatusURL); err != nil {
		faults = append(faults, fmt.Errorf("status URL: %w", err))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return sender, nil
}

// credential is what twilio-go lets through. Anything else it would answer
// itself with an invented status 400, for every message.
var credential = regexp.MustCompile(`^[a-zA-Z0-9]*$`)

func (s Settings) faults() (faults []error) {
	fault := func(bad bool, name, what string) {
		if bad {
			faults = append(faults, fmt.Errorf("%s: %s", name, what))
		}
	}
	const letters = "may hold letters and digits only"
	fault(s.AccountSID == "", "TWILIO_ACCOUNT_SID", "required")
	fault(s.AccountSID != "" && !strings.HasPrefix(s.AccountSID, "AC"), "TWILIO_ACCOUNT_SID", "must begin with AC")
	fault(!credential.MatchString(s.AccountSID), "TWILIO_ACCOUNT_SID", letters)
	fault(!credential.MatchString(s.AuthToken), "TWILIO_AUTH_TOKEN", letters)
	fault(!credential.MatchString(s.APIKey), "TWILIO_API_KEY", letters)
	fault(!credential.MatchString(s.APISecret), "TWILIO_API_SECRET", letters)
	fault(s.APIKey == "" && s.AuthToken == "", "TWILIO_AUTH_TOKEN", "required without TWILIO_API_KEY")
	fault(s.APIKey != "" && s.APISecret == "", "TWILIO_API_SECRET", "required with TWILIO_API_KEY")
	fault(s.APIKey == "" && s.APISecret != "", "TWILIO_API_KEY", "required with TWILIO_API_SECRET")
	fault(s.MessagingServiceSID == "" && s.From == "", "TWILIO_MESSAGING_SERVICE_SID", "required without TWILIO_FROM")
	fault(s.MessagingServiceSID != "" && !strings.HasPrefix(s.MessagingServiceSID, "MG"), "TWILIO_MESSAGING_SERVICE_SID", "must begin with MG")
	fault(s.ValidityPeriod < time.Second || s.ValidityPeriod > maxValidity || s.ValidityPeriod%time.Second != 0,
		"validity period", "must be whole seconds from 1 s to 10 h")
	return faults
}

// address reads an http or https URL; "" gives nil.
func address(s string) (*url.URL, error) {
	if s == "" {
		return nil, nil
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		return nil, errors.New("must be an http or https URL without a password")
	}
	return u, nil
}

// Send makes one message at Twilio, or none. There is no way to tell Twilio
// that a request is a repetition, so whatever may have arrived without a clear
// answer is Unknown; the report on StatusURL, or Find, settles it.
func (s *Sender) Send(ctx context.Context, m channel.Message) channel.Outcome {
	ctx, cancel := context.WithTimeout(ctx, s.settings.Timeout)
	defer cancel()
	c, api := s.call(ctx)
	if ctx.Err() != nil {
		return c.outcome(nil, ctx.Err())
	}
	params := new(openapi.CreateMessageParams).
		SetTo(m.To).
		SetBody(m.Text).
		SetValidityPeriod(int(s.settings.ValidityPeriod / time.Second))
	if s.settings.MessagingServiceSID != "" {
		params.SetMessagingServiceSid(s.settings.MessagingServiceSID)
	}
	if s.settings.From != "" {
		params.SetFrom(s.settings.From)
	}
	if s.status != nil {
		params.SetStatusCallback(s.report(m.ID))
	}
	made, err := api.CreateMessage(params)
	return c.outcome(made, err)
}

// report is the StatusURL of one message.
func (s *Sender) report(id string) string {
	u := *s.status
	q := u.Query()
	q.Set("m", id)
	u.RawQuery = q.Encode()
	return u.String()
}

// Close closes the waiting connections. Messages being sent are not disturbed,
// and later ones still go.
func (s *Sender) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

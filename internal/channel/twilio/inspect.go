package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"
)

// ErrCredentials says that Twilio does not know the account, the token or the key.
var ErrCredentials = errors.New("twilio: the credentials are refused")

// Account is what Twilio says of an account.
type Account struct {
	Status string // active, suspended or closed
	Trial  bool   // a trial account writes to verified numbers alone
}

// Number is a number of the account.
type Number struct {
	Phone   string
	Texts   bool   // it can send texts
	Inbound string // where texts to it are told; "" nowhere
	Method  string // by which: POST or GET
}

// Service is a messaging service of the account.
type Service struct {
	Inbound    string // where texts to it are told; "" nowhere
	Method     string
	ByNumber   bool // the numbers' own settings count, and not these
	Registered bool // a campaign for texts to US numbers (A2P 10DLC) is registered
	Numbers    []string
}

// Account asks for the account with its token: the token signs webhooks too,
// so it must be right although an API key sends. It returns ErrCredentials for
// what Twilio does not know.
func (s *Sender) Account(ctx context.Context) (Account, error) {
	c, api := s.callAs(ctx, s.settings.AccountSID, s.settings.AuthToken)
	got, err := api.FetchAccount(s.settings.AccountSID)
	if err := c.answered(err); err != nil {
		return Account{}, err
	}
	return Account{Status: text(got.Status), Trial: text(got.Type) == "Trial"}, nil
}

// Number asks for a number of the account; found is false when it is none of
// its numbers.
func (s *Sender) Number(ctx context.Context, phone string) (n Number, found bool, err error) {
	c, api := s.call(ctx)
	got, err := api.ListIncomingPhoneNumber(new(openapi.ListIncomingPhoneNumberParams).SetPhoneNumber(phone).SetLimit(20)) // it filters by a part of the number
	if err := c.answered(err); err != nil {
		return Number{}, false, err
	}
	for _, each := range got {
		if text(each.PhoneNumber) != phone {
			continue
		}
		n := Number{Phone: phone, Inbound: text(each.SmsUrl), Method: text(each.SmsMethod)}
		n.Texts = each.Capabilities != nil && each.Capabilities.Sms
		return n, true, nil
	}
	return Number{}, false, nil
}

// messaging is where messaging services live; TWILIO_API_URL stands in for it too.
const messaging = "https://messaging.twilio.com/v1/Services/"

// Service asks for the messaging service that sends; found is false when the
// account has none of that name.
func (s *Sender) Service(ctx context.Context) (v Service, found bool, err error) {
	var service struct {
		Inbound    *string `json:"inbound_request_url"`
		Method     *string `json:"inbound_method"`
		ByNumber   bool    `json:"use_inbound_webhook_on_number"`
		Registered bool    `json:"us_app_to_person_registered"`
	}
	if found, err = s.get(ctx, messaging+s.settings.MessagingServiceSID, url.Values{}, &service); err != nil || !found {
		return Service{}, false, err
	}
	var pool struct {
		Numbers []struct {
			Phone string `json:"phone_number"`
		} `json:"phone_numbers"`
	}
	if _, err = s.get(ctx, messaging+s.settings.MessagingServiceSID+"/PhoneNumbers", url.Values{"PageSize": {"100"}}, &pool); err != nil {
		return Service{}, false, err
	}
	v = Service{Inbound: text(service.Inbound), Method: text(service.Method), ByNumber: service.ByNumber, Registered: service.Registered}
	for _, n := range pool.Numbers {
		v.Numbers = append(v.Numbers, n.Phone)
	}
	return v, true, nil
}

// get reads a resource for which we have no package of twilio-go: the one that
// knows it costs more than these lines.
func (s *Sender) get(ctx context.Context, address string, query url.Values, into any) (found bool, err error) {
	c, api := s.call(ctx)
	resp, err := api.RequestHandler().Get(address, query, nil, "")
	if c.status == http.StatusNotFound {
		return false, nil
	}
	if err := c.answered(err); err != nil {
		return false, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return false, fmt.Errorf("twilio: the answer with status %d cannot be understood", c.status)
	}
	return true, nil
}

// answered is the error of a question that only reads.
func (c *call) answered(err error) error {
	if rest := (*client.TwilioRestError)(nil); c.status == http.StatusUnauthorized || errors.As(err, &rest) && rest.Code == 20003 {
		return ErrCredentials
	}
	if err != nil || c.status/100 != 2 || c.broken != nil {
		return c.explain(err)
	}
	return nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

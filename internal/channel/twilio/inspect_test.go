package twilio_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/joydevie/followup/internal/channel/twilio"
	"github.com/joydevie/followup/internal/twiliotest"
)

func TestWhatTwilioSaysOfTheAccountAndItsSenders(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	service := "MG00000000000000000000000000000001"
	settings := twilio.Settings{
		BaseURL: srv.URL, AccountSID: srv.AccountSID, AuthToken: srv.AuthToken, APIKey: srv.APIKey, APISecret: srv.APISecret, MessagingServiceSID: service,
	}
	s, err := twilio.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	srv.SetAccount(twiliotest.Account{Status: "active", Type: "Trial"})
	if a, err := s.Account(t.Context()); err != nil || a != (twilio.Account{Status: "active", Trial: true}) {
		t.Errorf("%+v, %v", a, err)
	}
	srv.SetNumbers(twiliotest.Number{Phone: "+130355501001"}, twiliotest.Number{Phone: "+13035550100", SMSURL: "https://x.example/in", SMSMethod: "GET"})
	if n, found, err := s.Number(t.Context(), "+13035550100"); err != nil || !found || n != (twilio.Number{Phone: "+13035550100", Texts: true, Inbound: "https://x.example/in", Method: "GET"}) {
		t.Errorf("%+v, %v, %v", n, found, err)
	}
	if _, found, err := s.Number(t.Context(), "+13035550199"); err != nil || found {
		t.Errorf("a number of nobody's: %v, %v", found, err)
	}
	if _, found, err := s.Service(t.Context()); err != nil || found {
		t.Errorf("a service that is not there: %v, %v", found, err)
	}
	srv.SetServices(twiliotest.MessagingService{SID: service, InboundURL: "https://x.example/in", Registered: true, Numbers: []string{"+13035550100"}})
	v, found, err := s.Service(t.Context())
	if err != nil || !found || v.Inbound != "https://x.example/in" || v.Method != "POST" || !v.Registered || v.ByNumber || !slices.Equal(v.Numbers, []string{"+13035550100"}) {
		t.Errorf("%+v, %v, %v", v, found, err)
	}
	settings.AuthToken, settings.APISecret = "wrong", "wrong"
	if s, err = twilio.New(settings); err != nil {
		t.Fatal(err)
	}
	_, byToken := s.Account(t.Context())
	_, _, byKey := s.Number(t.Context(), "+13035550100")
	_, _, byService := s.Service(t.Context())
	for _, err := range []error{byToken, byKey, byService} {
		if !errors.Is(err, twilio.ErrCredentials) {
			t.Error(err)
		}
	}
	srv.Close()
	if _, err := s.Account(t.Context()); err == nil || errors.Is(err, twilio.ErrCredentials) {
		t.Errorf("nobody answers: %v", err)
	}
}

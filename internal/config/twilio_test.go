package config_test

import (
	"testing"

	"github.com/joydevie/followup/internal/config"
)

func TestTextsNeedTheirSettingsAllTogether(t *testing.T) {
	t.Parallel()
	const sid, token, from = "TWILIO_ACCOUNT_SID=AC0123456789abcdef0123456789abcdef", "TWILIO_AUTH_TOKEN=ttoken", "TWILIO_FROM=+13035550100"
	for _, c := range []struct {
		name string
		env  []string
		want []string // none: it starts
	}{
		{"account, token and service", sms, nil},
		{"account, token and number", []string{sid, token, from}, nil},
		{"a test server's short names", []string{"TWILIO_ACCOUNT_SID=ACtest", token, from, "TWILIO_API_URL=http://localhost:1"}, nil},
		{"the account alone", []string{sid, from}, []string{"TWILIO_AUTH_TOKEN: missing"}},
		{"the token alone", []string{token, from}, []string{"TWILIO_ACCOUNT_SID: missing"}},
		{"nobody to send as", []string{sid, token}, []string{"TWILIO_MESSAGING_SERVICE_SID: missing, and so is TWILIO_FROM"}},
		{"two to send as", append([]string{from}, sms...), []string{"TWILIO_FROM: set beside TWILIO_MESSAGING_SERVICE_SID; keep one"}},
		{"a number without its country", []string{sid, token, "TWILIO_FROM=3035550100"}, []string{"write it like +13035550100"}},
		{"a key without its secret", append([]string{"TWILIO_API_KEY=SK0123456789abcdef0123456789abcdef"}, sms...), []string{"TWILIO_API_SECRET: missing"}},
		{"a secret without its key", append([]string{"TWILIO_API_SECRET=hidden"}, sms...), []string{"TWILIO_API_KEY: missing"}},
		{"the token in place of the account", []string{"TWILIO_ACCOUNT_SID=hidden", token, from}, []string{"begins with AC"}},
		{"half an account", []string{"TWILIO_ACCOUNT_SID=AC0123", token, from}, []string{"is not 34 characters long"}},
		{"the token in the clear", append([]string{"TWILIO_API_URL=http://twilio.example"}, sms...), []string{"in the clear"}},
		{"a server with a password", append([]string{"TWILIO_API_URL=https://a:hidden@twilio.example"}, sms...), []string{"no plain web address"}},
		{"a token's file that is not there", []string{sid, from, "TWILIO_AUTH_TOKEN_FILE=/nowhere"}, []string{"TWILIO_AUTH_TOKEN_FILE"}},
		{"a server alone", []string{"TWILIO_API_URL=https://twilio.example"}, []string{"TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_MESSAGING_SERVICE_SID"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(append(enough(t), c.env...), config.Run)
			if c.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			says(t, err, c.want)
		})
	}
}

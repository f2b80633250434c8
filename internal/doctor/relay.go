package doctor

import (
	"context"
	"strings"

	"github.com/joydevie/followup/internal/channel/smtp"
)

// Relay asks whether the relay would take an email from us.
func Relay(relay interface {
	Check(context.Context) (smtp.Step, error)
}, from string) Check {
	return Check{"smtp", "the mail relay: TLS, sign-in, and that it sends for " + from, func(ctx context.Context) []Trouble {
		step, err := relay.Check(ctx)
		if err == nil {
			return nil
		}
		return []Trouble{fault("no email would leave: "+strings.TrimPrefix(err.Error(), "smtp: "), relayCures[step])}
	}}
}

var relayCures = map[smtp.Step]string{
	smtp.StepConnect: "check host and port in FOLLOWUP_SMTP_URL, and that this machine may reach them",
	smtp.StepHello:   "check that the port in FOLLOWUP_SMTP_URL speaks SMTP: 587 for smtp://, 465 for smtps://",
	smtp.StepTLS:     "use the relay's name as its certificate has it, and a relay that offers TLS",
	smtp.StepAuth:    "check user and password in FOLLOWUP_SMTP_URL; special characters are percent-encoded",
	smtp.StepMail:    "allow the address at the relay, or change from in the clinic's file to one that it allows",
}

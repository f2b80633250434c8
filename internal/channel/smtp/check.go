package smtp

import "context"

// Step is a place in the dialogue with a relay, as Check names it.
type Step string

// The steps of Check, in their order.
const (
	StepConnect Step = "connecting"
	StepHello   Step = "greeting"
	StepTLS     Step = "starting TLS"
	StepAuth    Step = "signing in"
	StepMail    Step = "MAIL"
)

// Check goes as far with the relay as a message would before it names its
// reader: over a new connection to TLS, sign-in, and whether the relay takes
// the sender's address. Then it takes that back. It returns the step that
// failed with what the relay said, by its numbers alone, or "" and nil.
func (s *Sender) Check(ctx context.Context) (Step, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	l, at, err := s.dial(ctx)
	if err != nil {
		return Step(at.String()), settle(ctx, at, err).Err
	}
	defer l.close()
	release := l.wire.follow(ctx)
	defer release()
	if err := l.client.Mail("<" + s.options.From + ">"); err != nil {
		return StepMail, settle(ctx, atMail, err).Err
	}
	_ = l.client.Reset() // the connection ends in any case
	l.quit()
	return "", nil
}

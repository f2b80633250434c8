package smtp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/channeltest"
	"github.com/joydevie/followup/internal/channel/smtp"
	"github.com/joydevie/followup/internal/smtptest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) channeltest.Bench {
		srv := smtptest.Start(t, smtptest.Options{User: "clinic", Password: "pass/word@"})
		said := " <temporary@example.com> " + channeltest.Canary
		srv.Fail("temporary@example.com", 0, smtptest.Reply(smtptest.Rcpt, "451 4.7.1"+said))
		srv.Fail("permanent@example.com", 0, smtptest.Reply(smtptest.Rcpt, "550 5.1.1"+said))
		srv.Fail("lost@example.com", 0, smtptest.Drop(smtptest.Answer))
		srv.Fail("slow@example.com", 0, smtptest.Hang(smtptest.Answer))
		sender := newSender(t, srv, smtp.Options{})
		return channeltest.Bench{
			Sender: sender,
			To: map[channeltest.Behaviour]string{
				channeltest.OK:        "ok@example.com",
				channeltest.Temporary: "temporary@example.com",
				channeltest.Permanent: "permanent@example.com",
				channeltest.Lost:      "lost@example.com",
				channeltest.Slow:      "slow@example.com",
			},
			Taken: func(to string) (taken []channeltest.Taken) {
				for _, m := range srv.Messages() {
					if m.To == to {
						id, _, _ := strings.Cut(m.ID(), "@")
						taken = append(taken, channeltest.Taken{ID: id, Text: m.Text})
					}
				}
				return taken
			},
			Open:  srv.Open,
			Close: func() { sender.Close() },
		}
	})
}

// newSender makes a sender for srv and closes it with the test.
func newSender(t testing.TB, srv *smtptest.Server, o smtp.Options) *smtp.Sender {
	t.Helper()
	o.From, o.FromName, o.Roots = "hello@clinic.example", "JoyDeVie", srv.Roots
	sender, err := smtp.New(srv.URL, o)
	if err != nil {
		t.Fatalf("smtp.New: %v", err)
	}
	t.Cleanup(func() { sender.Close() })
	return sender
}

func letter(to string) channel.Message {
	return channel.Message{
		ID:          "c41.confirmation.email",
		To:          to,
		Subject:     "We read your message – gladly",
		Text:        "Hello Ann,\n.a line that begins with a dot\nThank you – we read it.",
		HTML:        "<p>Hello Ann, thank you – we read it.</p>",
		ReplyTo:     "desk@clinic.example",
		Unsubscribe: "https://clinic.example/u/tok3n",
	}
}

// eventually waits until the other side has noticed.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for range 5000 {
		if holds() {
			return
		}
		<-tick.C
	}
	t.Fatalf("after ten seconds it does not hold that %s", what)
}

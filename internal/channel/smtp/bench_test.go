package smtp_test

import (
	"testing"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/smtp"
	"github.com/joydevie/followup/internal/smtptest"
)

func BenchmarkSend(b *testing.B) {
	for name, o := range map[string]smtp.Options{"reused": {}, "dialled": {IdleFor: -1}} {
		b.Run(name, func(b *testing.B) {
			srv := smtptest.Start(b, smtptest.Options{User: "clinic", Password: "secret"})
			sender, m := newSender(b, srv, o), letter("ann@example.com")
			b.ReportAllocs()
			for b.Loop() {
				if out := sender.Send(b.Context(), m); out.State != channel.Accepted {
					b.Fatal(out.Err)
				}
			}
		})
	}
}

package twilio_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/channeltest"
	"github.com/joydevie/followup/internal/channel/twilio"
	"github.com/joydevie/followup/internal/twiliotest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) channeltest.Bench {
		srv := twiliotest.Start(t)
		srv.Fail("+13035550111", 0, twiliotest.RateLimited(30*time.Second))
		srv.Fail("+13035550112", 0, twiliotest.Refuse(400, 21211))
		srv.Fail("+13035550113", 0, twiliotest.Refuse(400, 21610))
		srv.Fail("+13035550114", 0, twiliotest.CutAfter())
		srv.Fail("+13035550115", 0, twiliotest.HangAfter())
		sender := newSender(t, srv, twilio.Settings{})
		return channeltest.Bench{
			Sender: sender,
			To: map[channeltest.Behaviour]string{
				channeltest.OK:        "+13035550142",
				channeltest.Throttled: "+13035550111",
				channeltest.Permanent: "+13035550112",
				channeltest.OptOut:    "+13035550113",
				channeltest.Lost:      "+13035550114",
				channeltest.Slow:      "+13035550115",
			},
			Taken: func(to string) (taken []channeltest.Taken) {
				for _, m := range srv.Messages() {
					if u, err := url.Parse(m.StatusCallback); err == nil && m.To == to {
						taken = append(taken, channeltest.Taken{ID: u.Query().Get("m"), Text: m.Body})
					}
				}
				return taken
			},
			Close: func() { sender.Close() },
		}
	})
}

const service = "MG0123456789abcdef0123456789abcdef"

// newSender makes a sender for srv; what set leaves empty is filled in.
func newSender(t testing.TB, srv *twiliotest.Server, set twilio.Settings) *twilio.Sender {
	t.Helper()
	set.BaseURL, set.AccountSID = srv.URL, srv.AccountSID
	if set.APIKey == "" {
		set.AuthToken = srv.AuthToken
	}
	if set.From == "" {
		set.MessagingServiceSID = service
	}
	if set.StatusURL == "" {
		set.StatusURL = "https://clinic.example/webhooks/twilio/status"
	}
	sender, err := twilio.New(set)
	if err != nil {
		t.Fatalf("twilio.New: %v", err)
	}
	t.Cleanup(func() { sender.Close() })
	return sender
}

func message(to string) channel.Message {
	return channel.Message{ID: "c41.confirmation.sms", To: to, Text: "JoyDeVie: we read your message. Reply STOP to opt out."}
}

func BenchmarkSend(b *testing.B) {
	srv := twiliotest.Start(b)
	sender, m := newSender(b, srv, twilio.Settings{}), message("+13035550142")
	b.ReportAllocs()
	for b.Loop() {
		if out := sender.Send(b.Context(), m); out.State != channel.Accepted {
			b.Fatal(out.Err)
		}
	}
}

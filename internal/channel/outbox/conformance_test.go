package outbox_test

import (
	"slices"
	"testing"

	"github.com/joydevie/followup/internal/channel/channeltest"
)

func TestItBehavesAsEveryChannelDoes(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) channeltest.Bench {
		s, _ := setup(t)
		return channeltest.Bench{
			Sender: s.Sender("email"),
			To:     map[channeltest.Behaviour]string{channeltest.OK: "ok@example.com"},
			Taken: func(to string) (taken []channeltest.Taken) {
				for _, m := range slices.Backward(s.Messages()) { // oldest first
					if m.To == to {
						taken = append(taken, channeltest.Taken{ID: m.ID(), Text: m.Text})
					}
				}
				return taken
			},
		}
	})
}

package worker

import (
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
)

func TestAProviderThatRefusesUsIsNotAskedAgainForAWhile(t *testing.T) {
	t.Parallel()
	w := setup(t)
	asked := 0
	w.answer = func(m channel.Message) channel.Outcome {
		if strings.HasSuffix(m.ID, ".sms") {
			return channel.Outcome{State: channel.Accepted}
		}
		asked++
		return channel.Outcome{State: channel.Refused, Cause: channel.CauseConfig, Code: "535"}
	}
	w.submit(t, ann())
	w.ringAll(t)
	if asked != 1 || strings.Count(w.log.String(), "channel paused") != 1 || !strings.Contains(w.log.String(), "535") {
		t.Errorf("asked %d times; log:\n%s", asked, w.log)
	}
	if got := w.row(t, "1.confirmation", contact.ViaSMS); got.State != ledger.Sent {
		t.Errorf("the other channel waits too: %s", got.State)
	}
	for _, entry := range []string{"1.confirmation", "1.staff-note"} {
		if got := w.row(t, entry, contact.ViaEmail); got.State != ledger.Waiting || unix(got.Due).Sub(tuesday) > configWait+time.Second || got.Due <= tuesday.Unix() {
			t.Errorf("%s is %s until %s", entry, got.State, unix(got.Due))
		}
	}
	// The settings are mended and a worker starts.
	w.resume(t.Context())
	w.answer = nil
	w.at(tuesday.Add(configWait + time.Second))
	w.ringAll(t)
	if got := w.row(t, "1.confirmation", contact.ViaEmail); got.State != ledger.Sent {
		t.Errorf("after the pause: %s", got.State)
	}
}

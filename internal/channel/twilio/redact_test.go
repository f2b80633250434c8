package twilio_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel/twilio"
	"github.com/joydevie/followup/internal/twiliotest"
)

func TestATextThatHasArrivedIsEmptiedAndNothingElseOfIt(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	sender := newSender(t, srv, twilio.Settings{APIKey: srv.APIKey, APISecret: srv.APISecret})
	sender.Send(t.Context(), message(ann))
	sid := srv.Messages()[0].SID
	if err := sender.Redact(t.Context(), sid); !errors.Is(err, twilio.ErrTooEarly) || srv.Messages()[0].Body == "" {
		t.Errorf("under way: %v, %q", err, srv.Messages()[0].Body)
	}
	srv.Become(sid, "delivered")
	for range 2 {
		if err := sender.Redact(t.Context(), sid); err != nil {
			t.Error(err)
		}
	}
	got := srv.Messages()[0]
	if got.Body != "" || got.To != ann || got.Status != "delivered" || len(srv.Messages()) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestATextThatIsGoneIsEmpty(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	if err := newSender(t, srv, twilio.Settings{}).Redact(t.Context(), "SM0123456789abcdef0123456789abcdef"); err != nil {
		t.Error(err)
	}
}

func TestATextThatMayStillBeThereIsNotTakenForEmptied(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]twiliotest.Fault{
		"credentials":    twiliotest.Refuse(401, 20003),
		"a key's rights": twiliotest.Refuse(403, 70051),
		"another server": twiliotest.Refuse(404, 0),
		"broken":         twiliotest.Refuse(500, 20500),
		"throttled":      twiliotest.RateLimited(time.Second),
		"a gateway":      twiliotest.Gateway(),
		"redirect":       twiliotest.Redirect(),
		"cut":            twiliotest.CutBefore(),
		"half an answer": twiliotest.HalfAnswer(),
		"hanging":        twiliotest.Hang(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := twiliotest.Start(t)
			srv.FailUpdate(ann, 0, fault)
			sender := newSender(t, srv, twilio.Settings{Timeout: 200 * time.Millisecond})
			sender.Send(t.Context(), message(ann))
			err := sender.Redact(t.Context(), srv.Messages()[0].SID)
			if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), "303555") {
				t.Errorf("got %v", err)
			}
			if name == "hanging" && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
}

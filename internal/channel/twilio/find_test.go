package twilio_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/twilio"
	"github.com/joydevie/followup/internal/twiliotest"
)

func TestALostMessageIsFound(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	srv.Fail("", 1, twiliotest.CutAfter())
	sender := newSender(t, srv, twilio.Settings{})
	begun, m := time.Now(), message(ann)
	if out := sender.Send(t.Context(), m); out.State != channel.Unknown {
		t.Fatalf("got %v", out.State)
	}
	for n := range 60 { // more than a page of other texts in front of it
		other := m
		other.Text = fmt.Sprintf("Text %d", n)
		sender.Send(t.Context(), other)
	}
	sid, status, found, err := sender.Find(t.Context(), ann, m.Text, begun)
	if err != nil || !found || sid != srv.Messages()[0].SID || status != "accepted" {
		t.Errorf("got %s, %s, %v, %v", sid, status, found, err)
	}
}

func TestAnotherMessageIsNotTakenForTheLostOne(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	sender := newSender(t, srv, twilio.Settings{})
	m := message(ann)
	sender.Send(t.Context(), m)
	srv.Backdate(srv.Messages()[0].SID, time.Hour) // the same text, long before
	sender.Send(t.Context(), message("+13035550143"))
	other := m
	other.Text = "Another text"
	sender.Send(t.Context(), other)
	if sid, _, found, err := sender.Find(t.Context(), ann, m.Text, time.Now()); found || err != nil {
		t.Errorf("got %s, %v, %v", sid, found, err)
	}
	if _, _, found, err := sender.Find(t.Context(), "+13035550199", m.Text, time.Now()); found || err != nil {
		t.Errorf("for a number without messages: %v, %v", found, err)
	}
}

func TestClocksMayDifferByAMinute(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	sender := newSender(t, srv, twilio.Settings{})
	sender.Send(t.Context(), message(ann))
	srv.Backdate(srv.Messages()[0].SID, 50*time.Second)
	if _, _, found, err := sender.Find(t.Context(), ann, message(ann).Text, time.Now()); !found || err != nil {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestATrialAccountsPrefixIsNoOtherText(t *testing.T) {
	t.Parallel()
	srv := twiliotest.Start(t)
	sender := newSender(t, srv, twilio.Settings{})
	m := message(ann)
	text := m.Text
	m.Text = "Sent from your Twilio trial account - " + text
	sender.Send(t.Context(), m)
	if _, _, found, err := sender.Find(t.Context(), ann, text, time.Now()); !found || err != nil {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestAFailedSearchSaysNothingAboutTheMessageOrTheNumber(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]twiliotest.Fault{
		"refused":   twiliotest.Refuse(401, 20003),
		"broken":    twiliotest.Refuse(500, 20500),
		"a gateway": twiliotest.Gateway(),
		"cut":       twiliotest.CutBefore(),
		"redirect":  twiliotest.Redirect(),
		"HTML":      twiliotest.HTMLAnswer(),
		"hanging":   twiliotest.Hang(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := twiliotest.Start(t)
			srv.FailList(ann, 0, fault)
			sender := newSender(t, srv, twilio.Settings{Timeout: 200 * time.Millisecond})
			sender.Send(t.Context(), message(ann))
			_, _, found, err := sender.Find(t.Context(), ann, message(ann).Text, time.Now())
			if found || err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), "303555") {
				t.Errorf("got %v, %v", found, err)
			}
			if name == "hanging" && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
}

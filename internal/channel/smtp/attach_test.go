package smtp_test

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/smtp"
	"github.com/joydevie/followup/internal/smtptest"
)

func TestAnAttachmentArrivesByteForByte(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	m := letter("ann@example.com")
	m.Files = []channel.File{{Name: "appointment.ics", Type: "text/calendar; charset=utf-8; method=PUBLISH", Body: []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")}}
	if out := newSender(t, srv, smtp.Options{}).Send(t.Context(), m); out.State != channel.Accepted {
		t.Fatalf("got %v (%v)", out.State, out.Err)
	}
	got := srv.Messages()[0]
	if got.Fault != nil || got.Text != m.Text || got.HTML != m.HTML || !slices.Equal(got.Parts, []string{"text/plain", "text/html", "text/calendar"}) {
		t.Errorf("parts %v, %v", got.Parts, got.Fault)
	}
	if !strings.Contains(string(got.Raw), "multipart/mixed") || !bytes.Contains(got.Raw, []byte(base64.StdEncoding.EncodeToString(m.Files[0].Body))) {
		t.Errorf("the file is not there:\n%s", got.Raw)
	}
	for _, want := range []string{"method=PUBLISH", `filename="appointment.ics"`} {
		if !strings.Contains(string(got.Raw), want) {
			t.Errorf("no %s", want)
		}
	}
}

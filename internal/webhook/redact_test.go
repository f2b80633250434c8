package webhook_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/webhook"
)

const redacting = "provider:redact"

func TestATextIsEmptiedOnceItsEndIsWrittenDown(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]int{
		"queued": 0, "sending": 0, "sent": 0, "a_status_of_tomorrow": 0,
		"delivered": 1, "read": 1, "undelivered": 1, "failed": 1, "canceled": 1,
	} {
		w := setupWith(t, true)
		id := w.ann(t)
		m := w.message(t, id, "confirmation", contact.ViaSMS)
		w.bring(t, m, "SM1", ledger.Sending, ledger.Sent)
		for range 2 {
			w.report(t, m, "SM1", status, "")
		}
		if got := w.queued(t, redacting); got != want {
			t.Errorf("%s: %d tasks, want %d", status, got, want)
		}
	}
}

func TestNothingIsEmptiedWhereTheClinicKeepsItAtTwilio(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.ann(t)
	m := w.message(t, id, "confirmation", contact.ViaSMS)
	w.bring(t, m, "SM1", ledger.Sending, ledger.Sent)
	w.report(t, m, "SM1", "delivered", "")
	w.send(t, w.text(annsNum, "could you call me"))
	if w.queued(t, redacting) != 0 || w.queued(t, "person:replied") != 1 {
		t.Errorf("%d tasks", w.queued(t, redacting))
	}
}

func TestATextOfSomebodyErasedIsEmptiedAndAnothersIsNot(t *testing.T) {
	t.Parallel()
	w := setupWith(t, true)
	id := w.ann(t)
	m := w.message(t, id, "confirmation", contact.ViaSMS)
	w.bring(t, m, "SM1", ledger.Sending, ledger.Sent)
	if _, err := w.Erase(t.Context(), id, "rosa"); err != nil {
		t.Fatal(err)
	}
	f := url.Values{"MessageSid": {"SM2"}, "MessageStatus": {"delivered"}, "To": {annsNum}, "From": {ourNum}}
	for _, path := range []string{webhook.TwilioStatus, webhook.TwilioStatus + "?m=x"} { // of another program with our account
		if status, _ := w.post(path, f, ""); status != http.StatusNoContent || w.queued(t, redacting) != 0 {
			t.Errorf("%s: answered %d, %d tasks", path, status, w.queued(t, redacting))
		}
	}
	w.report(t, m, "SM1", "delivered", "")
	if w.queued(t, redacting) != 1 {
		t.Error("the text of who was erased stays")
	}
}

func TestWhatAPersonWroteIsEmptiedWhereItIsKeptHere(t *testing.T) {
	t.Parallel()
	const stranger = "+13035550177"
	for _, c := range []struct {
		from, body string
		want       int
	}{
		{annsNum, "could you call me", 1},
		{annsNum, "STOP", 1},
		{annsNum, "that is the wrong number", 1},
		{annsNum, "START", 1},
		{annsNum, "AYUDA", 1},
		{stranger, "STOP", 1},
		{stranger, "could you call me", 0}, // nobody here has these words
	} {
		w := setupWith(t, true)
		w.ann(t)
		f := w.text(c.from, c.body)
		w.send(t, f)
		w.send(t, f)
		if got := w.queued(t, redacting); got != c.want {
			t.Errorf("%q from %s: %d tasks, want %d", c.body, c.from, got, c.want)
		}
		for _, key := range w.redis.Keys(t.Context(), "asynq:{*}:t:*").Val() {
			if msg := w.redis.HGet(t.Context(), key, "msg").Val(); strings.Contains(key+msg, "3035550") || strings.Contains(msg, c.body) {
				t.Errorf("%s holds %q", key, msg)
			}
		}
	}
}

func TestWhoseErasureComesBetweenKeepsTheWordsAtTwilio(t *testing.T) {
	t.Parallel()
	w := setupWith(t, true)
	id := w.ann(t)
	w.redis.Del(t.Context(), "f:{"+string(id)+"}") // and what leads there is left
	w.send(t, w.text(annsNum, "could you call me"))
	if w.queued(t, redacting) != 0 {
		t.Error("nobody has these words any more")
	}
}

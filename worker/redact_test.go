package worker

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

func TestATextIsAskedToBeEmptiedEverMoreRarelyAndThenLeftToPeople(t *testing.T) {
	t.Parallel()
	w := setup(t)
	asked, fails := 0, errors.New("not yet")
	w.Redact = func(context.Context, string) error { asked++; return fails }
	for _, c := range []struct{ age, wait time.Duration }{
		{0, time.Minute}, {2 * time.Minute, 5 * time.Minute}, {10 * time.Minute, time.Hour}, {2 * time.Hour, 6 * time.Hour}, {14 * 24 * time.Hour, 6 * time.Hour},
	} {
		err := w.redact(t.Context(), tasks.Redaction{Provider: "SM1", Since: time.Now().Add(-c.age).Unix()})
		if isFailure(err) || retryDelay(0, err, nil) != c.wait {
			t.Errorf("after %s: %v", c.age, err)
		}
	}
	if strings.Contains(w.log.String(), "ERROR") {
		t.Errorf("too loud: %s", w.log)
	}
	old := tasks.Redaction{Provider: "SM1", Since: time.Now().Add(-16 * 24 * time.Hour).Unix()}
	if err := w.redact(t.Context(), old); err != nil || !strings.Contains(w.log.String(), "level=ERROR") || asked != 6 {
		t.Errorf("at the end: %v, asked %d times: %s", err, asked, w.log)
	}
	fails = nil
	if err := w.redact(t.Context(), old); err != nil {
		t.Error(err)
	}
	w.Redact = nil // switched off meanwhile
	if err := w.redact(t.Context(), old); err != nil || asked != 7 {
		t.Errorf("%v, asked %d times", err, asked)
	}
}

func (w *world) redacting(t *testing.T) (n int) {
	t.Helper()
	for _, key := range w.redis.Keys(t.Context(), "asynq:{sms-later}:t:redact.*").Val() {
		n++
		w.redis.Del(t.Context(), key) // and it is done
	}
	return n
}

func TestATextWhoseEndNobodyReportsIsEmptiedAfterADayOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Windows = hours.Always()
	w.Redact = func(context.Context, string) error { return nil }
	w.submit(t, ann())
	w.ringAll(t)
	if r := w.row(t, "1.confirmation", contact.ViaSMS); r.State != ledger.Sent || r.Provider == "" {
		t.Fatalf("%+v", r)
	}
	w.at(tuesday.Add(23 * time.Hour))
	if w.sweepOnce(t); w.redacting(t) != 0 {
		t.Error("emptied while its end may still be reported")
	}
	w.at(tuesday.Add(25 * time.Hour))
	if w.sweepOnce(t); w.redacting(t) != 1 {
		t.Error("not emptied after a day")
	}
	if w.sweepOnce(t); w.redacting(t) != 0 {
		t.Error("asked for again")
	}
	id := w.person(t).ID
	if changed, err := w.Ledger.Report(t.Context(), id, ledger.Entry{N: 1, Template: "confirmation"}, contact.ViaSMS, ledger.Report{State: ledger.Delivered, Provider: "provider-id"}, nil); !changed || err != nil {
		t.Errorf("a report that comes after all: %v, %v", changed, err)
	}
}

func TestATextWhoseEndWasReportedIsNotEmptiedAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Redact = func(context.Context, string) error { return nil }
	id := w.submit(t, ann()).ID
	w.ringAll(t)
	for _, state := range []ledger.State{ledger.Undelivered, ledger.Delivered} {
		if _, err := w.Ledger.Report(t.Context(), id, ledger.Entry{N: 1, Template: "confirmation"}, contact.ViaSMS, ledger.Report{State: state, Provider: "provider-id"}, nil); err != nil {
			t.Fatal(err)
		}
		w.at(w.Worker.now().Add(25 * time.Hour))
		if w.sweepOnce(t); w.redacting(t) != 0 {
			t.Errorf("a text that is %s is emptied again", state)
		}
	}
}

package webhook_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/twiliotest"
	"github.com/joydevie/followup/internal/webhook"
)

func TestAStopIsInForceWhenItIsAnsweredForANumberThatNobodyKnowsToo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if answer := w.send(t, w.text("+13035550177", "Stop please")); answer != "<Response/>" {
		t.Errorf("a STOP was answered %q", answer)
	}
	if why := w.blocked(t, "+13035550177"); why != gate.OptedOut {
		t.Errorf("suppressed: %q", why)
	}
}

func TestAStopCancelsNothingButTexts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.ann(t)
	w.send(t, w.text(annsNum, "STOP"))
	if w.queued(t, "person:replied") != 1 {
		t.Error("no task cancels what is planned")
	}
	if err := w.CancelBlocked(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if r := w.message(t, id, "reminder", contact.ViaSMS).Row; r.State != ledger.Cancelled || r.Why != gate.ReasonOptedOut {
		t.Errorf("the reminder is %+v", r)
	}
	if m := w.message(t, id, "followup-1", contact.ViaEmail); m.Row.State != ledger.Waiting || m.Stopped != "" || m.Unread {
		t.Errorf("the follow-up by email is %+v", m.Row)
	}
}

func TestTheLastWordCounts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	stop, start := gate.OptedOut, gate.Suppression("")
	for name, c := range map[string]struct {
		texts []string // a number repeats the text at that place, with its id
		want  gate.Suppression
	}{
		"stop":                                 {[]string{"STOP"}, stop},
		"stop, start":                          {[]string{"STOP", "START"}, start},
		"stop, start, stop":                    {[]string{"STOP", "START", "stop texting me"}, stop},
		"a stop delivered again":               {[]string{"STOP", "START", "0"}, start},
		"a start delivered again":              {[]string{"STOP", "START", "STOP", "1"}, stop},
		"start before stop":                    {[]string{"START", "STOP"}, stop},
		"both delivered again":                 {[]string{"STOP", "START", "0", "1", "0"}, start},
		"yes is no start":                      {[]string{"STOP", "YES"}, stop},
		"start in a sentence is none":          {[]string{"STOP", "can you start again"}, stop},
		"a wrong number is not lifted":         {[]string{"wrong number", "START"}, gate.WrongNumber},
		"a wrong number stays one":             {[]string{"wrong number", "STOP", "START"}, gate.WrongNumber},
		"other words neither block nor lift":   {[]string{"STOP", "when do you open?"}, stop},
		"what only looks like a stop is none":  {[]string{"can you stop by"}, start},
		"unstop lifts":                         {[]string{"PARAR", "UNSTOP"}, start},
		"the appointment may have been meant:": {[]string{"cancel"}, stop},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, number := w.somebody(t)
			var sent []url.Values
			for _, text := range c.texts {
				f := w.text(number, text)
				if len(text) == 1 {
					f = sent[text[0]-'0']
				}
				sent = append(sent, f)
				w.send(t, f)
			}
			if why := w.blocked(t, number); why != c.want {
				t.Errorf("suppressed: %q, want %q", why, c.want)
			}
		})
	}
}

func TestStartLiftsNothingButAnOptOut(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ann(t)
	for _, why := range []gate.Suppression{gate.Dead} {
		if err := w.Block(t.Context(), contact.ViaSMS, annsNum, why, "provider", "30005"); err != nil {
			t.Fatal(err)
		}
		w.send(t, w.text(annsNum, "START"))
		if got := w.blocked(t, annsNum); got != why {
			t.Errorf("%s became %q", why, got)
		}
	}
}

// A storm of the two from one number, each delivered twice at once: whatever
// wins, what stands there is one of the two and the evidence of each is kept once.
func TestStopAndStartAtOnceLeaveOneTruth(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.ann(t)
	var all sync.WaitGroup
	for i := range 20 {
		f := w.text(annsNum, []string{"STOP", "START"}[i%2])
		for range 2 {
			all.Go(func() { w.post(webhook.TwilioInbound, f, "") })
		}
	}
	all.Wait()
	proofs := w.redis.Keys(t.Context(), "f:proof:*").Val()
	if len(proofs) != 1 || w.redis.LLen(t.Context(), proofs[0]).Val() != 20 {
		t.Errorf("%v", proofs)
	}
	w.send(t, w.text(annsNum, "STOP"))
	if why := w.blocked(t, annsNum); why != gate.OptedOut {
		t.Errorf("after the last STOP: %q", why)
	}
	if m := w.message(t, id, "followup-1", contact.ViaEmail); m.Row.State != ledger.Waiting {
		t.Errorf("START or STOP moved a follow-up by email: %+v", m.Row)
	}
}

func TestTwiliosWordForATextCountsWhereItRestricts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, c := range []struct {
		before, body, optOutType string
		want                     gate.Suppression
	}{
		{"", "adios", "STOP", gate.OptedOut},
		{"", "can you stop by", "stop", gate.OptedOut},
		{"", "START", "STOP", gate.OptedOut},
		{"", "help", "STOP", gate.OptedOut},
		{"STOP", "vuelvo", "START", ""},
		{"STOP", "yes", "START", gate.OptedOut},
		{"", "stop texting me", "START", gate.OptedOut},
		{"", "stop texting me", "HELP", gate.OptedOut},
		{"", "who is this", "HELP", ""},
		{"", "hello", "SOMETHING_NEW", ""},
	} {
		_, number := w.somebody(t)
		if c.before != "" {
			w.send(t, w.text(number, c.before))
		}
		f := w.text(number, c.body)
		f.Set("OptOutType", c.optOutType)
		w.send(t, f)
		if why := w.blocked(t, number); why != c.want {
			t.Errorf("%+v: %q", c, why)
		}
	}
}

func TestWhatAPersonWritesStopsTheFollowUpsAndWaitsForAReader(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.ann(t)
	f := w.text(annsNum, "zebra: can you stop by at 4?")
	if answer := w.send(t, f); answer != "<Response/>" {
		t.Errorf("answered %q", answer)
	}
	before := w.everything(t)
	w.send(t, f) // again
	if w.everything(t) != before {
		t.Error("the same text again changed something")
	}
	m := w.message(t, id, "followup-1", contact.ViaEmail)
	if !m.Unread || m.Stopped != gate.ReasonReplied {
		t.Errorf("unread %v, stopped %q", m.Unread, m.Stopped)
	}
	reply, err := w.Reply(t.Context(), id, 1)
	if err != nil || reply.Text != "zebra: can you stop by at 4?" || reply.Rule != "stop-place" {
		t.Errorf("kept as rule %s, %v", reply.Rule, err)
	}
	if w.queued(t, "person:replied") != 1 || w.blocked(t, annsNum) != "" || w.events(t, id) != "replied" {
		t.Errorf("%d tasks, blocked %q, events %q", w.queued(t, "person:replied"), w.blocked(t, annsNum), w.events(t, id))
	}
	if err := w.MarkRead(t.Context(), id, 1, "note"); err != nil { // the older note
		t.Fatal(err)
	}
	if !w.message(t, id, "reminder", contact.ViaSMS).Unread {
		t.Error("the link in the note about the form marked the reply as read")
	}
	if err := w.MarkHeard(t.Context(), id, 1, "note"); err != nil {
		t.Fatal(err)
	}
	if w.message(t, id, "reminder", contact.ViaSMS).Unread {
		t.Error("a reply that was read still holds texts back")
	}
	for _, secret := range []string{"zebra", "5550142", "anary"} {
		if strings.Contains(w.everything(t)+w.log.String(), secret) {
			t.Errorf("%q lies in the clear", secret)
		}
	}
}

func TestABareCancelOptsOutAndStaffAreAskedWhatWasMeant(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.ann(t)
	w.send(t, w.text(annsNum, "Cancel"))
	reply, err := w.Reply(t.Context(), id, 1)
	if err != nil || reply.Flag != "appointment" || w.blocked(t, annsNum) != gate.OptedOut || w.events(t, id) != "replied opted_out" {
		t.Errorf("%v, flag %q, %q", err, reply.Flag, w.events(t, id))
	}
}

func TestAWrongNumberNoLongerLeadsToThePerson(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.ann(t)
	w.send(t, w.text(annsNum, "sorry, wrong number"))
	if _, err := w.PersonByPhone(t.Context(), annsNum); !errors.Is(err, ledger.ErrNone) {
		t.Errorf("it still leads to somebody: %v", err)
	}
	if reply, err := w.Reply(t.Context(), id, 1); err != nil || reply.Flag != "detach" || w.blocked(t, annsNum) != gate.WrongNumber {
		t.Errorf("%v, flag %q, %q", err, reply.Flag, w.blocked(t, annsNum))
	}
}

func TestYesConfirmsAReminderAndIsElseForAPersonToRead(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.ann(t)
	w.send(t, w.text(annsNum, "Yes"))
	if w.events(t, id) != "replied" {
		t.Errorf("without a reminder: %q", w.events(t, id))
	}
	if err := w.MarkHeard(t.Context(), id, 1, "note"); err != nil {
		t.Fatal(err)
	}
	w.bring(t, w.message(t, id, "reminder", contact.ViaSMS), "SM1", ledger.Sending, ledger.Sent)
	w.send(t, w.text(annsNum, "C"))
	if !strings.HasSuffix(w.events(t, id), "confirmed") || w.message(t, id, "reminder", contact.ViaSMS).Unread {
		t.Errorf("after a reminder: %q", w.events(t, id))
	}
}

func TestHelpIsAnsweredOnceAndOnlyWhereTwilioDoesNot(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if answer := w.send(t, w.text(annsNum, "HELP")); answer != "<Response/>" {
		t.Errorf("HELP: %q", answer)
	}
	f := w.text(annsNum, "ayuda")
	f.Set("OptOutType", "HELP")
	if answer := w.send(t, f); answer != "<Response/>" {
		t.Errorf("AYUDA that Twilio has answered: %q", answer)
	}
	if answer := w.send(t, w.text(annsNum, "¡AYUDA!")); answer != "<Response><Message>help in es &amp; more</Message></Response>" {
		t.Errorf("AYUDA: %q", answer)
	}
	if answer := w.send(t, w.text(annsNum, "aide")); answer != "<Response/>" {
		t.Errorf("at once again: %q", answer)
	}
}

func TestForgedCutAndOverlongTextsChangeNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ann(t)
	w.send(t, w.text(annsNum, "STOP"))
	before := w.everything(t)
	start := w.text(annsNum, "START")
	right := twiliotest.Sign(token, public+webhook.TwilioInbound, start)
	altered := url.Values{}
	for k, v := range start {
		altered[k] = slices.Clone(v)
	}
	altered.Set("From", "+13035550199")
	for name, c := range map[string]struct {
		path      string
		form      url.Values
		signature string
	}{
		"no signature":       {webhook.TwilioInbound, start, " "},
		"another token":      {webhook.TwilioInbound, start, twiliotest.Sign("other", public+webhook.TwilioInbound, start)},
		"no token":           {webhook.TwilioInbound, start, twiliotest.Sign("", public+webhook.TwilioInbound, start)},
		"another number":     {webhook.TwilioInbound, altered, right},
		"another parameter":  {webhook.TwilioInbound + "?x=1", start, right},
		"the inner name":     {webhook.TwilioInbound, start, twiliotest.Sign(token, "http://example.com"+webhook.TwilioInbound, start)},
		"another webhook's":  {webhook.TwilioInbound, start, twiliotest.Sign(token, public+webhook.TwilioStatus, start)},
		"a lower-case one":   {webhook.TwilioInbound, start, strings.ToLower(right)},
		"half the signature": {webhook.TwilioInbound, start, right[:10]},
	} {
		if status, _ := w.post(c.path, c.form, c.signature); status != http.StatusForbidden {
			t.Errorf("%s: answered %d", name, status)
		}
	}
	whole := start.Encode()
	for _, cut := range []int{0, 1, len(whole) / 2, len(whole) - 1} {
		r := httptest.NewRequest(http.MethodPost, webhook.TwilioInbound, strings.NewReader(whole[:cut]))
		r.Header.Set("X-Twilio-Signature", right)
		if status, _ := w.do(r); status != http.StatusForbidden {
			t.Errorf("cut to %d bytes: answered %d", cut, status)
		}
	}
	if status, _ := w.post(webhook.TwilioInbound, w.text(annsNum, strings.Repeat("x", 70_000)), ""); status != http.StatusRequestEntityTooLarge {
		t.Errorf("too long: answered %d", status)
	}
	if w.everything(t) != before {
		t.Error("something changed")
	}
	// A second value is not signed, and not read.
	r := httptest.NewRequest(http.MethodPost, webhook.TwilioInbound, strings.NewReader(w.secondValue(start)))
	r.Header.Set("X-Twilio-Signature", right)
	if status, _ := w.do(r); status != http.StatusOK || w.blocked(t, "+13035550199") != "" {
		t.Errorf("answered %d", status)
	}
}

func (w *world) secondValue(f url.Values) string {
	return f.Encode() + "&Body=STOP&From=%2B13035550199"
}

func TestBothTokensVerifyDuringARotation(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, tok := range []string{token, token2} {
		f := w.text("+13035550177", "STOP")
		if status, _ := w.post(webhook.TwilioInbound, f, twiliotest.Sign(tok, public+webhook.TwilioInbound, f)); status != http.StatusOK {
			t.Errorf("answered %d", status)
		}
	}
}

func TestWithoutRedisNothingIsPretended(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ann(t)
	f := w.text(annsNum, "STOP")
	w.server.Kill()
	for _, each := range []url.Values{f, w.text(annsNum, "when do you open?")} {
		if status, _ := w.post(webhook.TwilioInbound, each, ""); status != http.StatusServiceUnavailable {
			t.Errorf("answered %d", status)
		}
	}
	if len(w.kept) != 1 || w.kept[0].Body != "STOP" { // an opt-out holds every message up until it is taken in
		t.Errorf("%d texts are kept", len(w.kept))
	}
	w.server.Run()
	w.send(t, f) // Twilio tells it again
	if w.blocked(t, annsNum) != gate.OptedOut || w.queued(t, "person:replied") != 1 {
		t.Error("the second delivery was taken for a replay")
	}
	for _, secret := range []string{"5550142", "STOP"} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestAWebhookIsAnsweredWithinFiftyMilliseconds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ann(t)
	var took []time.Duration
	for range 30 {
		for _, text := range []string{"STOP", "START", "when do you open?"} {
			start := time.Now()
			w.send(t, w.text(annsNum, text))
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	t.Logf("median %s, slowest %s", took[len(took)/2], took[len(took)-1])
	if took[len(took)/2] > time.Second { // Twilio waits 15 s; idle, this is 3 ms
		t.Errorf("median %s", took[len(took)/2])
	}
}

func TestWhatIsNoNumberIsNobody(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, from := range []string{"", "JOYDEVIE", "12345", "whatsapp:+13035550142", "+", "+1303555014200000000"} {
		w.send(t, w.text(from, "STOP"))
	}
	if keys := w.redis.Keys(t.Context(), "f:stop*").Val(); len(keys) != 0 {
		t.Errorf("%v", keys)
	}
}

package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/tasks"
)

// visitor is somebody of their own: address, number, network and words.
func visitor(i int) tasks.Submission {
	return tasks.Submission{
		ID: fmt.Sprintf("visit-%d", i), At: tuesday, Email: fmt.Sprintf("canary%d@example.com", i), Phone: fmt.Sprintf("+1303%03d%04d", 200+i/400, 1000+i%400*20),
		Message: "canary words", Language: "en", Zone: "America/Denver", ConsentSMS: true, ConsentEmail: true,
		IP: fmt.Sprintf("%d.%d.%d.9", 1+i/200, i%200, i%250), Content: fmt.Sprintf("%026d", i),
	}
}

// visit takes a submission in and gives what was planned for it, by template and way.
func (w *world) visit(t *testing.T, s tasks.Submission) map[string]ledger.Row {
	t.Helper()
	if err := w.submitted(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return w.planned(t, s)
}

// planned looks the submission up by its address or number.
func (w *world) planned(t *testing.T, s tasks.Submission) map[string]ledger.Row {
	t.Helper()
	planned := map[string]ledger.Row{}
	for _, key := range w.redis.Keys(t.Context(), "f:{*}").Val() {
		p, err := w.Ledger.Person(t.Context(), contact.ID(strings.TrimSuffix(strings.TrimPrefix(key, "f:{"), "}")))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range p.Messages {
			if m.Submission.ID == s.ID {
				planned[m.Entry.Template+" "+string(m.Via)] = m.Row
			}
		}
	}
	return planned
}

func guardedWorld(t *testing.T) *world {
	t.Helper()
	w := setup(t)
	w.Guard = true
	return w
}

// confirmed says what became of the confirmations: "email sms", or the reasons
// in place of the ways.
func confirmed(planned map[string]ledger.Row) string {
	var said []string
	for _, v := range []string{"email", "sms"} {
		if r, ok := planned["confirmation "+v]; ok && r.State == ledger.NotSent {
			v = string(r.Why)
		}
		said = append(said, v)
	}
	return strings.Join(said, " ")
}

func TestWhatTheFormTellsOfAProgramStopsAllThatGoesToTheVisitor(t *testing.T) {
	t.Parallel()
	for _, code := range []gate.Reason{gate.ReasonToken, gate.ReasonYoung, gate.ReasonTrap} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			w := guardedWorld(t)
			s := ann()
			s.Guard = string(code)
			p := w.submit(t, s)
			w.at(tuesday.Add(time.Hour))
			w.ringAll(t)
			if got := w.names(); got != "staff-note email" {
				t.Fatalf("sent: %s", got)
			}
			if note := w.sent[0].Text; !strings.Contains(strings.Join(strings.Fields(note), " "), code.Say()) || !strings.Contains(note, "canary words") {
				t.Errorf("staff read %s", note)
			}
			if got := confirmed(w.planned(t, s)); got != string(code)+" "+string(code) {
				t.Errorf("the rows say %s", got)
			}
			if p.Unread != 1 || p.Running() {
				t.Errorf("unread %d, follow-ups run: %v", p.Unread, p.Running())
			}
		})
	}
}

func TestOneConfirmationADayAndThreeInThirtyHoweverTheAddressIsWritten(t *testing.T) {
	t.Parallel()
	w := guardedWorld(t)
	written := []string{"ann.lee@gmail.com", "annlee+1@gmail.com", "Ann.L.ee@googlemail.com", "a.nnlee@gmail.com", "annlee@gmail.com", "annlee+x@gmail.com"}
	after := []time.Duration{0, time.Hour, 25 * time.Hour, 50 * time.Hour, 75 * time.Hour, 31 * 24 * time.Hour}
	var got []string
	for i, address := range written {
		w.at(tuesday.Add(after[i]))
		s := visitor(i)
		s.Email, s.Phone = address, ""
		planned := w.visit(t, s)
		got = append(got, strings.TrimSuffix(confirmed(planned), " sms"))
		if planned["staff-note email"].State != ledger.Waiting {
			t.Errorf("%d: nobody is told: %+v", i, planned)
		}
	}
	if want := "email limit_address email email limit_address email"; strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
}

func TestOneTextAfterAFormADay(t *testing.T) {
	t.Parallel()
	w := guardedWorld(t)
	var got []string
	for i, after := range []time.Duration{0, 23 * time.Hour, 25 * time.Hour} {
		w.at(tuesday.Add(after))
		s := visitor(i)
		s.Phone = annsNumber
		got = append(got, confirmed(w.visit(t, s)))
	}
	if want := "email sms, email limit_number, email sms"; strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
}

func TestNumbersInARowSwitchTextsOffAndStaffAreToldOnce(t *testing.T) {
	t.Parallel()
	w := guardedWorld(t)
	w.Clinic.Staff = append(w.Clinic.Staff, "second@joydevie.example")
	texts, told := 0, 0
	for i := range 12 {
		s := visitor(i)
		s.Phone = fmt.Sprintf("+13035550%03d", 117+i) // the row begins in the middle of ten
		planned := w.visit(t, s)
		switch got := confirmed(planned); got {
		case "email sms":
			texts++
		case "email texts_off":
		default:
			t.Errorf("%d: %s", i, got)
		}
		for name := range planned {
			if strings.HasPrefix(name, "staff-flood") {
				told++
			}
		}
	}
	if texts != 4 || told != len(w.Clinic.Staff) {
		t.Errorf("%d texts, %d notes that they are off", texts, told)
	}
	if got := confirmed(w.visit(t, visitor(100))); got != "email texts_off" {
		t.Errorf("somebody else meanwhile: %s", got)
	}
	w.redis.Del(t.Context(), "f:limit:{form}:off:texts") // the hour is over
	if got := confirmed(w.visit(t, visitor(101))); got != "email sms" {
		t.Errorf("somebody else afterwards: %s", got)
	}
	w.redis.Set(t.Context(), "f:limit:{form}:off:texts", visitor(102).ID, time.Hour) // by a run that died then
	if planned := w.visit(t, visitor(102)); planned["staff-flood email"].State != ledger.Waiting {
		t.Errorf("run again, and staff are not told: %v", planned)
	}
}

// Who gives no email, or wants no texts, uses nobody's limit of them up.
func TestWhatNothingWillBeSentToIsNotCounted(t *testing.T) {
	t.Parallel()
	w := guardedWorld(t)
	for i := range 3 {
		s := visitor(i)
		s.Email, s.Phone, s.ConsentSMS = "", annsNumber, false
		w.visit(t, s)
	}
	id, err := w.Ledger.PersonByPhone(t.Context(), annsNumber)
	if err != nil {
		t.Fatal(err)
	}
	p, err := w.Ledger.Person(t.Context(), id)
	if err != nil || len(p.Submissions) != 3 {
		t.Fatalf("%+v, %v", p, err)
	}
	for i, s := range p.Submissions {
		if s.Guard != "" {
			t.Errorf("form %d was stopped: %s", i, s.Guard)
		}
	}
}

func TestTheCeilingOfTextsSwitchesThemOffAndLeavesEmailOn(t *testing.T) {
	t.Parallel()
	w := guardedWorld(t)
	texts, told := 0, 0
	for i := range textsHour + 10 {
		planned := w.visit(t, visitor(i))
		if _, flood := planned["staff-flood email"]; flood {
			told++
		}
		switch got := confirmed(planned); got {
		case "email sms":
			texts++
		case "email texts_off":
		default:
			t.Errorf("%d: %s", i, got)
		}
	}
	if texts != textsHour || told != 1 {
		t.Errorf("%d texts, told %d times", texts, told)
	}
}

func TestOneNetworkUsesUpItsOwnLimitAlone(t *testing.T) {
	t.Parallel()
	w := guardedWorld(t)
	for n, network := range []string{"2001:db8:0:7::%d", "203.0.113.%d"} {
		for i := range fromBlockHour + 3 {
			s := visitor(200*(n+1) + i)
			s.IP = fmt.Sprintf(network, i+1)
			s.Phone = ""
			want := "email sms"
			if i >= fromBlockHour {
				want = "limit_network sms"
			}
			if got := confirmed(w.visit(t, s)); got != want {
				t.Errorf("%s %d: %s", network, i, got)
			}
		}
	}
	if got := confirmed(w.visit(t, visitor(100))); got != "email sms" {
		t.Errorf("from elsewhere: %s", got)
	}
}

func TestATokenIsGoodForAFewForms(t *testing.T) {
	t.Parallel()
	w := guardedWorld(t)
	var got []string
	for i := range perTokenDay + 1 {
		s := visitor(i)
		s.Token, s.Phone = "the.same.token", ""
		got = append(got, confirmed(w.visit(t, s)))
	}
	if want := "email sms, email sms, email sms, form_token sms"; strings.Join(got, ", ") != want {
		t.Errorf("got %s", strings.Join(got, ", "))
	}
}

// A program that uses up what one kind of source has leaves the others to people.
func TestAFloodOfOneKindLeavesTheOthersToPeople(t *testing.T) {
	t.Parallel()
	w := guardedWorld(t)
	told, sent := 0, 0
	for i := range perPoolHour + fromBlockHour {
		s := visitor(i)
		s.IP, s.Phone = fmt.Sprintf("198.51.%d.1", i), "" // many blocks of one region, which is busy soon
		planned := w.visit(t, s)
		if _, flood := planned["staff-flood email"]; flood {
			told++
		}
		if strings.HasPrefix(confirmed(planned), "email") {
			sent++
		} else if got := confirmed(planned); got != "limit_flood sms" {
			t.Errorf("%d: %s", i, got)
		}
	}
	if sent != perPoolHour+fromRegionDay || told != 1 {
		t.Errorf("%d confirmed, told %d times", sent, told)
	}
	quiet, page := visitor(200), visitor(201)
	quiet.IP, page.IP, page.Token = "198.52.0.1", "198.51.200.1", "a.good.token"
	if got := confirmed(w.visit(t, quiet)) + ", " + confirmed(w.visit(t, page)); got != "email sms, email sms" {
		t.Errorf("from a quiet network, from the page: %s", got)
	}
	for i, link := range []tasks.Submission{{Message: "see HTTPS://canary.example"}, {Message: "see WWW.canary.example"}, {Name: "www.canary.example"}} {
		s := visitor(202 + i)
		s.IP, s.Name, s.Message = fmt.Sprintf("198.51.%d.1", 201+i), link.Name, link.Message
		if got := confirmed(w.visit(t, s)); got != "email sms" {
			t.Errorf("with a link, while those without are flooded: %s", got)
		}
	}
}

func TestTenThousandAreToldOfInOneNoteAndNoneIsLost(t *testing.T) {
	t.Parallel()
	w := guardedWorld(t)
	const many = notesHour + 30
	var opener tasks.Submission
	notes := 0
	for i := range many {
		s := visitor(i)
		s.Guard = string(gate.ReasonTrap)
		planned := w.visit(t, s)
		switch r := planned["staff-note email"]; {
		case r.State == ledger.Waiting:
			notes++
		case r.State != ledger.NotSent || r.Why != gate.ReasonGathered:
			t.Errorf("the note is %+v", r)
		}
		if _, ok := planned["staff-many email"]; ok {
			if opener.ID != "" {
				t.Error("a second note about all")
			}
			opener = s
		}
	}
	waiting, err := w.Ledger.Tray(t.Context(), ledger.TrayNew, 100)
	if err != nil || notes != notesHour || len(waiting) != many || opener.ID == "" {
		t.Fatalf("%d notes, %d wait to be read, one note about all by %q, %v", notes, len(waiting), opener.ID, err)
	}
	w.at(tuesday.Add(gatherFor))
	for _, key := range w.redis.Keys(t.Context(), "f:{*}").Val() {
		id := contact.ID(strings.TrimSuffix(strings.TrimPrefix(key, "f:{"), "}"))
		if err := w.deliver(t.Context(), contact.ViaEmail, tasks.Message{Contact: string(id), Entry: "1.staff-many"}); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.sent) != 1 || !strings.Contains(w.sent[0].Text, fmt.Sprint(many-notesHour)+" more messages") || w.sent[0].To != w.Clinic.Staff[0] {
		t.Errorf("sent %s", w.names())
	}
	// A person who is let through has a note of their own all the same.
	if planned := w.visit(t, visitor(500)); planned["staff-note email"].State != ledger.Waiting || confirmed(planned) != "email sms" {
		t.Errorf("a person meanwhile: %+v", planned)
	}
}

func TestWhatRunsAgainOrIsFoldedCountsOnce(t *testing.T) {
	t.Parallel()
	w := guardedWorld(t)
	away := true
	w.Ledger = ledger.New(w.hooked(t, hook{process: func(ctx context.Context, c redis.Cmder, next redis.ProcessHook) error {
		if away && strings.HasPrefix(c.Name(), "eval") && strings.Contains(fmt.Sprint(c.Args()...), "1.confirmation") {
			return errors.New("redis went away") // between the guard and the ledger
		}
		return next(ctx, c)
	}}), w.Sealer.(*seal.Keys), w.Alarm.Plan.Now)
	s, twin := visitor(1), visitor(1)
	twin.ID = "pressed-twice"
	for range 5 {
		if err := w.submitted(t.Context(), s); err == nil {
			t.Fatal("it was admitted")
		}
	}
	away = false
	var both sync.WaitGroup
	for _, each := range []tasks.Submission{s, twin, s} {
		both.Go(func() {
			if err := w.submitted(t.Context(), each); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if got := confirmed(w.planned(t, s)); got != "email sms" || len(w.planned(t, twin)) != 0 {
		t.Errorf("%s; its twin has %v", got, w.planned(t, twin))
	}
}

func TestALimitThatCannotBeCountedTakesNothingInYet(t *testing.T) {
	t.Parallel()
	w := guardedWorld(t)
	w.Ledger = ledger.New(w.hooked(t, hook{process: func(ctx context.Context, c redis.Cmder, next redis.ProcessHook) error {
		if strings.Contains(fmt.Sprint(c.Args()...), "f:limit:") {
			return errors.New("redis went away")
		}
		return next(ctx, c)
	}}), w.Sealer.(*seal.Keys), w.Alarm.Plan.Now)
	if err := w.submitted(t.Context(), visitor(1)); err == nil || len(w.redis.Keys(t.Context(), "f:{*}").Val()) != 0 {
		t.Errorf("%v, and %d people", err, len(w.redis.Keys(t.Context(), "f:{*}").Val()))
	}
}

func TestTheLimitsNameNobody(t *testing.T) {
	t.Parallel()
	w := guardedWorld(t)
	s := visitor(1)
	s.IP, s.Token = "192.0.2.77", "lq2kc0xd.abcdefgh.signature"
	w.visit(t, s)
	keys := w.redis.Keys(t.Context(), "f:limit:*").Val()
	all := strings.Join(keys, " ")
	for _, key := range keys {
		all += strings.Join(w.redis.ZRange(t.Context(), key, 0, -1).Val(), " ")
		if ttl := w.redis.PTTL(t.Context(), key).Val(); ttl <= 0 {
			t.Errorf("%s stays for ever", key)
		}
	}
	if len(keys) < 10 {
		t.Errorf("only %d keys: %v", len(keys), keys)
	}
	for _, secret := range []string{"canary", s.Phone[2:], "192.0.2", "abcdefgh"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q stands in %s", secret, all)
		}
	}
}

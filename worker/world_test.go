package worker

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/alarm"
	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/tasks"
	"github.com/joydevie/followup/templates"
)

// world is a worker with a Redis of its own, a clock that the test turns, and
// channels that answer what the test says.
type world struct {
	*Worker
	desk  *desk.Desk
	redis *redis.Client
	log   *bytes.Buffer

	mu     sync.Mutex
	now    time.Time
	sent   []channel.Message
	answer func(channel.Message) channel.Outcome // nil: accepted
}

var denver = func() *time.Location {
	l, err := time.LoadLocation("America/Denver")
	if err != nil {
		panic(err)
	}
	return l
}()

// tuesday is a moment at which everything may go.
var tuesday = time.Date(2026, 11, 24, 11, 0, 0, 0, denver)

func setup(t *testing.T) *world {
	t.Helper()
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	set, err := templates.Load()
	if err != nil {
		t.Fatal(err)
	}
	office, err := hours.ParseOffice(map[string]string{"mon-fri": "9:00-17:00"}, denver)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{redis: redistest.Start(t).Client(), log: &bytes.Buffer{}, now: tuesday}
	clock := hours.NewClock(1, func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now })
	log := slog.New(slog.NewTextHandler(w.log, nil))
	ring := alarm.Clock{Tasks: tasks.NewClient(w.redis, keys), Plan: clock}
	book := ledger.New(w.redis, keys, clock.Now)
	w.Worker = &Worker{
		Ledger: book, Alarm: ring, Sealer: keys, Templates: set,
		Channels: map[contact.Via]channel.Sender{contact.ViaEmail: sender{w}, contact.ViaSMS: sender{w}},
		Clinic: Clinic{
			Name: "JoyDeVie Infusions", Sender: "JoyDeVie", Phone: "(303) 555-0100", Postal: "100 Example St, Denver, CO 80202",
			ReplyTo: "desk@joydevie.example", Staff: []string{"desk@joydevie.example"},
			FollowUps:  []time.Duration{24 * time.Hour, 72 * time.Hour, 168 * time.Hour},
			BookingURL: "https://joydevie.example/book", PrivacyURL: "https://joydevie.example/privacy", Zone: denver, Office: office,
		},
		Links: desk.Links{Keys: keys, PublicURL: "https://joydevie.example"}, Windows: hours.Default(), Reminders: hours.Reminders(), Log: log,
	}
	w.Clinic.Reminders = []gate.Lead{{Before: 24 * time.Hour, Late: 20 * time.Hour}, {Before: 2 * time.Hour, Late: 90 * time.Minute}}
	w.desk = &desk.Desk{
		Ledger: book, Alarm: ring, Log: log, Words: set, Reminders: w.Clinic.Reminders, Windows: hours.Reminders(), Zone: denver,
		Texts: true, Wait: time.Minute,
	}
	return w
}

type sender struct{ w *world }

func (s sender) Send(_ context.Context, m channel.Message) channel.Outcome {
	out := channel.Outcome{State: channel.Accepted, ID: "provider-id"}
	if s.w.answer != nil {
		out = s.w.answer(m)
	}
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.sent = append(s.w.sent, m)
	return out
}

func (w *world) at(t time.Time) { w.mu.Lock(); w.now = t; w.mu.Unlock() }

// names lists what was handed to the channels.
func (w *world) names() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for _, m := range w.sent {
		names = append(names, m.Template+" "+m.ID[strings.LastIndexByte(m.ID, '.')+1:])
	}
	return strings.Join(names, ", ")
}

func ann() tasks.Submission {
	return tasks.Submission{
		ID: "submission-of-ann", At: tuesday, Name: "Ann Canary", Email: "ann.canary@example.com", Phone: "+13035550142",
		Message: "canary words", Language: "en", Zone: "America/Denver", ConsentEmail: true, ConsentSMS: true,
	}
}

// submit runs the handler and gives the person.
func (w *world) submit(t *testing.T, s tasks.Submission) *ledger.Person {
	t.Helper()
	if err := w.submitted(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return w.person(t)
}

func (w *world) person(t *testing.T) *ledger.Person {
	t.Helper()
	keys, err := w.redis.Keys(t.Context(), "f:{*}").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("%d people, %v", len(keys), err)
	}
	p, err := w.Ledger.Person(t.Context(), contact.ID(strings.TrimSuffix(strings.TrimPrefix(keys[0], "f:{"), "}")))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (w *world) row(t *testing.T, entry string, v contact.Via) ledger.Row {
	t.Helper()
	for _, m := range w.person(t).Messages {
		if m.Entry.String() == entry && m.Via == v {
			return m.Row
		}
	}
	t.Fatalf("nothing is planned as %s by %s", entry, v)
	return ledger.Row{}
}

// ringAll runs, once each, the alarms that are due by the test's clock.
func (w *world) ringAll(t *testing.T) {
	t.Helper()
	for _, m := range w.person(t).Messages {
		if m.Row.State.Pending() && m.Row.Due != 0 && !unix(m.Row.Due).After(w.Worker.now()) {
			if err := w.ring(t, &m); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (w *world) ring(t *testing.T, m *ledger.Planned) error {
	return w.deliver(t.Context(), m.Via, tasks.Message{Contact: string(m.Contact), Entry: m.Entry.String()})
}

// alarms counts the tasks that are queued, due or scheduled.
func (w *world) alarms(t *testing.T) int {
	t.Helper()
	n := 0
	for range w.redis.Keys(t.Context(), "asynq:{*}:t:*").Val() {
		n++
	}
	return n
}

package worker

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hibiken/asynq"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

var usedMemory = regexp.MustCompile(`used_memory:(\d+)`)

// A person under follow-up by email, who wrote 300 bytes, takes 3 KiB of Redis
// at most: the row, the indexes, the alarm, everything.
func TestAPersonUnderFollowUpIsSmall(t *testing.T) {
	t.Parallel()
	const people, budget = 400, 3 << 10
	w := setup(t)
	used := func() int {
		n, err := strconv.Atoi(usedMemory.FindStringSubmatch(w.redis.Info(t.Context(), "memory").Val())[1])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	add := func(i int) {
		s := ann()
		s.ID, s.Phone, s.Message = fmt.Sprintf("submission-number-%08d", i), "", strings.Repeat("0123456789", 30)
		s.Email, s.UserAgent, s.IP = fmt.Sprintf("canary.person.%d@example.com", i), "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0", "192.0.2.1"
		s.Content = fmt.Sprintf("%026d", i)
		s.Wording, s.WordingHash, s.Page = "2026-11-24.1", strings.Repeat("0", 32), "/blog/treatment"
		if err := w.submitted(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	// What is sent has no alarm any more.
	settle := func() {
		in := asynq.NewInspectorFromRedisClient(w.redis)
		for _, q := range tasks.Queues() {
			for {
				pending, err := in.ListPendingTasks(q, asynq.PageSize(500))
				if err != nil || len(pending) == 0 {
					break
				}
				for _, task := range pending {
					m, err := tasks.Email.Decode(task.Payload, w.Sealer)
					if err == nil {
						err = w.deliver(t.Context(), contact.ViaEmail, m)
					}
					if err == nil {
						err = in.DeleteTask(q, task.ID)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	add(0)
	settle()
	before := used()
	for i := range people {
		add(i + 1)
	}
	settle()
	each := (used() - before) / people
	if n := w.redis.ZCard(t.Context(), "asynq:{"+tasks.QueueMailLater+"}:scheduled").Val(); n != people+1 {
		t.Errorf("%d alarms for %d people", n, people+1)
	}
	index := w.redis.MemoryUsage(t.Context(), "f:due", 0).Val() / (people + 1)
	t.Logf("%d bytes each, of them %d for the index of what is due", each, index)
	if each > budget {
		t.Errorf("%d bytes each, budget %d", each, budget)
	}
	if sent := strings.Count(w.names(), "confirmation email"); sent != people+1 {
		t.Errorf("%d confirmations", sent)
	}
}

// An appointment with four reminders, and their alarms, takes 5 KiB; who has
// none pays nothing for it.
func TestAnAppointmentIsSmall(t *testing.T) {
	t.Parallel()
	const people, budget = 100, 5 << 10
	w := setup(t)
	var ids []contact.ID
	for i := range people + 1 {
		s := submission(ann())
		s.ID, s.Email, s.Phone = fmt.Sprintf("person-%d", i), contact.Email(fmt.Sprintf("p%d@example.com", i)), contact.Phone(fmt.Sprintf("+1303555%04d", 100+i))
		a, err := w.Ledger.Admit(t.Context(), s, ledger.Once{}, func(*ledger.Person) ledger.Plan { return ledger.Plan{} })
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, a.Contact)
	}
	fields := w.redis.HKeys(t.Context(), "f:{"+string(ids[0])+"}").Val()
	slices.Sort(fields)
	if got := strings.Join(fields, " "); got != "n s/1" {
		t.Errorf("a person without an appointment has %s", got)
	}
	used := func() int {
		n, _ := strconv.Atoi(usedMemory.FindStringSubmatch(w.redis.Info(t.Context(), "memory").Val())[1])
		return n
	}
	book := func(id contact.ID) {
		b, err := w.desk.Schedule(t.Context(), id, desk.Meeting{At: on(30, 10, 0), Place: "100 Example St, Denver, CO 80202"}, rosa)
		if err != nil || len(b.Planned) != 4 {
			t.Fatalf("%d planned, %v", len(b.Planned), err)
		}
	}
	book(ids[0])
	before := used()
	for _, id := range ids[1:] {
		book(id)
	}
	each := (used() - before) / people
	t.Logf("%d bytes each", each)
	if each > budget {
		t.Errorf("%d bytes each, budget %d", each, budget)
	}
}

package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
)

// The queues. Each channel has three, served in this order: what is due at
// once, what has a second of its own at the provider, and what is scheduled. So
// a morning's follow-ups never stand before a new person's confirmation, nor
// before those among them whose turn it is.
const (
	QueueIntake    = "intake"
	QueueMail      = "mail"
	QueueMailTurn  = "mail-turn"
	QueueMailLater = "mail-later"
	QueueSMS       = "sms"
	QueueSMSTurn   = "sms-turn"
	QueueSMSLater  = "sms-later"
)

// Limits are what asynq would otherwise choose for us: 25 retries over about
// 20 days, and 30 minutes each (asynq v0.26.0 client.go:305-311).
type Limits struct {
	Name  string // on the wire: never changed
	Queue string // for what is due at once
	Later string // for what is scheduled; "" means the same queue
	Turn  string // for what has reserved a second at its provider; "" where nothing does

	// Retries bounds how often a task is tried again after an error of our own
	// house, such as a Redis that does not answer. A provider's "not now" is no
	// retry: the message is planned anew in the ledger. The number is high since
	// asynq archives a task at the bound even for an error that counts as no
	// failure (processor.go:343).
	Retries int

	// Timeout bounds one run, in whole seconds: asynq cuts off the rest
	// (client.go:392). A stopping worker waits longer than this.
	Timeout time.Duration
}

// Kind is a task's kind with the type of what it carries.
type Kind[P any] struct {
	Limits
	sealed bool           // the payload is sealed, since it carries a person
	id     func(P) string // nil: each scheduling gets a new id
}

// forever is two years at one try a minute: a key set that lacks a key is
// mended by then, and until then a person waits behind the task.
const forever = 1_000_000

// The kinds.
var (
	// Submitted carries a contact form from intake to the ledger.
	Submitted = Kind[Submission]{
		Limits: Limits{Name: "contact:submitted", Queue: QueueIntake, Retries: forever, Timeout: 30 * time.Second},
		sealed: true,
		id:     Submission.taskID,
	}
	// Email is the alarm clock of a planned email.
	Email = Kind[Message]{Limits: Limits{Name: "message:email", Queue: QueueMail, Turn: QueueMailTurn, Later: QueueMailLater, Retries: 2000, Timeout: 45 * time.Second}}
	// SMS is the alarm clock of a planned text.
	SMS = Kind[Message]{Limits: Limits{Name: "message:sms", Queue: QueueSMS, Turn: QueueSMSTurn, Later: QueueSMSLater, Retries: 2000, Timeout: 45 * time.Second}}
	// Reported carries a provider's report about a message.
	Reported = Kind[Report]{Limits: Limits{Name: "provider:report", Queue: QueueIntake, Retries: 2000, Timeout: 45 * time.Second}}
	// PersonReplied carries what follows from a person's reply.
	PersonReplied = Kind[Replied]{Limits: Limits{Name: "person:replied", Queue: QueueIntake, Retries: 2000, Timeout: 45 * time.Second}}
	// Canary carries a submission of our own on from the ledger's door to the mail.
	Canary = Kind[Bird]{Limits: Limits{Name: "house:canary", Queue: QueueMail, Retries: 2000, Timeout: 45 * time.Second}, id: Bird.taskID}
	// Redact empties a text at its provider. It stands behind every text that is
	// to go.
	Redact = Kind[Redaction]{Limits: Limits{Name: "provider:redact", Queue: QueueSMSLater, Retries: 2000, Timeout: 45 * time.Second}, id: Redaction.taskID}
)

// Wire is the version of what lies in the queues. It grows with each kind and
// each field, so that of two workers side by side one can tell which knows more;
// both go on working (handle.go leaves a kind that it does not know to others).
const Wire = 3

// All lists the limits of every kind.
func All() []Limits {
	return []Limits{Submitted.Limits, Email.Limits, SMS.Limits, Reported.Limits, PersonReplied.Limits, Canary.Limits, Redact.Limits}
}

// Reserved gives the kind as it is queued for a second that was reserved.
func (k Kind[P]) Reserved() Kind[P] {
	k.Later = k.Turn
	return k
}

// Sealer seals and opens a payload; about names the place it belongs to.
type Sealer interface {
	Seal(plain []byte, about string) []byte
	Open(sealed []byte, about string) ([]byte, error)
}

// Encode gives the bytes that lie in Redis.
func (k Kind[P]) Encode(p P, s Sealer) ([]byte, error) {
	plain, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", k.Name, err)
	}
	if k.sealed {
		return s.Seal(plain, k.Name), nil
	}
	return plain, nil
}

// Decode reads what Encode wrote. Its errors hold nothing of the payload.
func (k Kind[P]) Decode(payload []byte, s Sealer) (P, error) {
	var p P
	if k.sealed {
		plain, err := s.Open(payload, k.Name)
		if err != nil {
			return p, fmt.Errorf("decode %s: %w", k.Name, err)
		}
		payload = plain
	}
	if err := json.Unmarshal(payload, &p); err != nil {
		return p, fmt.Errorf("decode %s: not the JSON that was queued", k.Name)
	}
	return p, nil
}

// task makes the asynq task; at is when it is due, zero for at once. What is due
// at once goes on with the caller's trace; what is scheduled begins one of its
// own when it rings, days later maybe.
func (k Kind[P]) task(ctx context.Context, payload []byte, id string, at time.Time) (*asynq.Task, []asynq.Option) {
	options := []asynq.Option{asynq.MaxRetry(k.Retries), asynq.Timeout(k.Timeout), asynq.TaskID(id)}
	queue := k.Queue
	if !at.IsZero() {
		options = append(options, asynq.ProcessAt(at))
		if k.Later != "" {
			queue = k.Later
		}
	}
	var carried map[string]string
	if at.IsZero() {
		carried = headers(ctx)
	}
	return asynq.NewTaskWithHeaders(k.Name, payload, carried), append(options, asynq.Queue(queue))
}

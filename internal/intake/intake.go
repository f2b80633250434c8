package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/tasks"
)

// Enqueue commits a submission: when it returns nil the task is durable.
type Enqueue func(context.Context, tasks.Submission) error

// Wording says which words stood beside the boxes in that language: their
// version, and the hash of exactly what was shown.
type Wording func(contact.Language) (version, hash string)

// Intake takes submissions. Every field is required.
type Intake struct {
	Enqueue Enqueue
	Keys    *seal.Keys
	Wording Wording
	SMS     bool             // the clinic can send texts
	Now     func() time.Time // the plan's clock
}

// commitTimeout bounds the one durable act: the visitor waits for it.
const commitTimeout = 2 * time.Second

// Submit takes a form in. It returns *Invalid when a field cannot be used, and
// any other error when the submission could not be made durable; in both cases
// nothing was taken in. With an idempotency key the submission's id is the
// key's keyed hash, so that sending it again is the same submission.
func (i *Intake) Submit(ctx context.Context, f Form, from Origin) (Receipt, error) {
	s, err := check(f)
	if err != nil {
		return Receipt{}, err
	}
	s.ID, s.At = seal.NewID(), i.Now()
	if from.IdempotencyKey != "" {
		s.ID = i.Keys.Hash("idempotency", from.IdempotencyKey)
	}
	version, hash := i.Wording(s.Language)
	t := tasks.Submission{
		ID: s.ID, At: s.At, Keyed: from.IdempotencyKey != "",
		Name: string(s.Name), Email: string(s.Email), Phone: string(s.Phone), Message: string(s.Message),
		Language: string(s.Language), Preferred: string(s.Preferred), Zone: s.Zone, Page: s.Page,
		ConsentEmail: s.Consent.Email, ConsentSMS: s.Consent.SMS,
		Wording: version, WordingHash: hash, UserAgent: truncate(from.UserAgent, maxShort),
	}
	if from.IP.IsValid() {
		t.IP = from.IP.String()
	}
	// The visitor who goes away has still written: only the clock ends this.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	if err := i.Enqueue(ctx, t); err != nil {
		return Receipt{}, fmt.Errorf("submission %s: %w", s.ID, err)
	}
	sms := i.SMS && s.Consent.SMS && s.Address(contact.ViaSMS) != ""
	return Receipt{
		ID: s.ID, Language: s.Language, Email: s.Email != "", SMS: sms, Call: s.Phone != "" && !sms,
	}, nil
}

func truncate(s string, n int) string {
	var c checker
	if s = c.text("", s, len(s), false); len(s) <= n {
		return s
	}
	return s[:n]
}

package intake

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/tasks"
)

// Enqueue commits a submission: when it returns nil the task is durable.
type Enqueue func(context.Context, tasks.Submission) error

// Wording gives the hash of the exact words that stood beside the boxes, as
// published under that version in that language; "" for no version of ours.
type Wording func(version string, l contact.Language) (hash string)

// NextSMS says when a text may go to the person at the earliest; zero: never.
type NextSMS func(contact.Submission) time.Time

// Intake takes submissions. Every field but NextSMS and Guard is required.
type Intake struct {
	Enqueue Enqueue
	Keys    *seal.Keys
	Wording Wording
	NextSMS NextSMS          // nil: the clinic sends no texts
	Now     func() time.Time // the plan's clock
	Guard   *Guard           // nil: whoever fills a form in counts as a person

	zones sync.Map // names of IANA zones that were seen
}

// commitTimeout bounds the one durable act, in Redis or in the spool. Redis has
// little more than a second of it, and a disk is done in milliseconds; one that
// takes longer than the rest is broken, and until then an answer that comes late
// is better than none.
const commitTimeout = 10 * time.Second

// Submit takes a form in. It returns *Invalid when a field cannot be used, and
// any other error when the submission could not be made durable; in both cases
// nothing was taken in. With an idempotency key the submission's id is the
// key's keyed hash, so that sending it again is the same submission.
func (i *Intake) Submit(ctx context.Context, f Form, from Origin) (Receipt, error) {
	s, err := i.check(f)
	if err != nil {
		return Receipt{}, err
	}
	s.ID, s.At = seal.NewID(), i.Now().UTC().Truncate(time.Second)
	if from.IdempotencyKey != "" {
		s.ID = i.Keys.Hash("idempotency", from.IdempotencyKey)
	}
	t := tasks.Submission{
		ID: s.ID, At: s.At, Keyed: from.IdempotencyKey != "",
		Name: string(s.Name), Email: string(s.Email), Phone: string(s.Phone), Message: string(s.Message),
		Language: string(s.Language), Preferred: string(s.Preferred), Zone: s.Zone, Page: s.Page,
		ConsentEmail: s.Consent.Email, ConsentSMS: s.Consent.SMS,
		Content: i.Keys.Hash("content", s.Content()), UserAgent: truncate(from.UserAgent, maxShort),
	}
	// Only a version that we published proves what was shown; a site with a form
	// of its own shows its own words.
	if hash := i.Wording(f.Wording, s.Language); hash != "" {
		t.Wording, t.WordingHash = f.Wording, hash
	}
	if i.Guard != nil {
		t.Guard, t.Token = i.Guard.judge(f)
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
	r := Receipt{ID: s.ID, Language: s.Language, Email: s.Email != ""}
	if i.NextSMS != nil && s.Consent.SMS && s.Address(contact.ViaSMS) != "" {
		r.SMSAt = i.NextSMS(s)
	}
	r.Call = s.Phone != "" && r.SMSAt.IsZero()
	return r, nil
}

// truncate cleans a header and keeps its first n bytes.
func truncate(s string, n int) string {
	var c checker
	if s = c.text("", s, len(s), false); len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}

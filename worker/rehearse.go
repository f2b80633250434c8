package worker

import (
	"context"
	"slices"
	"time"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// Rehearsed is one message of a rehearsal: what became of it, and why.
type Rehearsed struct {
	Template string
	Via      contact.Via
	Staff    bool            // it goes to the clinic's own people
	Planned  time.Time       // when the plan wanted it; zero: the plan did not want it
	Pauses   []Pause         // what kept it back, in order
	At       time.Time       // when it goes, or when it is clear that it does not
	Goes     bool            // else Why says why not
	Why      gate.Reason     // with Goes false
	Message  channel.Message // as it is handed to its channel; with Goes alone
	Words    string          // version of the words
}

// Pause is a time for which a message was held.
type Pause struct {
	From, Until time.Time
	Why         gate.Reason
}

// Rehearse tells the whole future of a person who sends that form, as long as
// nobody answers, books or opts out: the plan, the gate and the words are the
// ones that the worker runs on, and the clock is turned from message to
// message. A person at the clinic reads the submission at the moment read;
// never, when it is zero. Nothing is sent, and neither the ledger nor a channel
// is asked, so neither need be there but for the channel's entry in Channels.
//
// A message of the kinds that a submission may lead to, and that was not even
// planned, is there too, with the gate's reason. Earlier submissions of the
// person, and so what they count under the caps, are not known here.
func (w *Worker) Rehearse(t tasks.Submission, read time.Time) ([]Rehearsed, error) {
	s := submission(t)
	r := rehearsal{Worker: *w, submission: s, read: read, now: s.At}
	r.Alarm.Plan = hours.NewClock(1, func() time.Time { return r.now })
	plan := r.plan(s, &ledger.Person{}, guarded{})
	r.unread = plan.Unread
	var all []Rehearsed
	var before *ledger.Planned // the step of the sequence that ended last
	for _, step := range plan.Steps {
		p := r.planned(step)
		if ledger.IsFollowUp(step.Template) {
			if before != nil {
				due := r.pushed(before, p)
				p.Row.Due, p.Row.Planned = due, max(due, p.Row.Planned)
			}
			before = p
		}
		m, err := r.play(p)
		if err != nil {
			return nil, err
		}
		m.Planned = step.Due
		all = append(all, m)
	}
	for _, step := range r.unplanned(plan) {
		m, err := r.play(r.planned(step))
		if err != nil {
			return nil, err
		}
		if m.Goes { // the gate would let it, and still nobody wanted it
			m.Goes, m.Why, m.Message, m.Words = false, gate.ReasonNoConsent, channel.Message{}, ""
		}
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(a, b Rehearsed) int { return a.At.Compare(b.At) })
	return all, nil
}

// rehearsal is a worker whose clock stands where it is set.
type rehearsal struct {
	Worker
	submission contact.Submission
	unread     bool
	read       time.Time
	now        time.Time
	texts      []gate.Earlier // that went
}

func (r *rehearsal) planned(step ledger.Step) *ledger.Planned {
	return &ledger.Planned{
		Contact: "rehearsal", Entry: ledger.Entry{N: 1, Template: step.Template}, Via: step.Via, Submission: r.submission,
		Row: ledger.Row{State: ledger.Waiting, Planned: step.Due.Unix(), Due: step.Due.Unix()},
	}
}

// most bounds the pauses of one message: each is a step of at least a minute
// towards the moment at which it is too late.
const most = 1000

// play takes one message from alarm to alarm until it has come to its end.
func (r *rehearsal) play(p *ledger.Planned) (Rehearsed, error) {
	name, _ := template(p)
	m := Rehearsed{Template: name, Via: p.Via, Staff: name == staffNote}
	for r.now = unix(p.Row.Due).In(r.submission.At.Location()); len(m.Pauses) < most; {
		p.Unread = r.unread && (r.read.IsZero() || r.now.Before(r.read))
		verdict := gate.Decide(r.snapshot(p, ledger.Moment{Earlier: r.texts}), r.now)
		p.Row.At, m.At = r.now.Unix(), r.now
		switch verdict.Do {
		case gate.Go:
			var err error
			m.Goes = true
			if r.counted(p) {
				r.texts = append(r.texts, gate.Earlier{At: r.now, Sequence: true})
			}
			m.Message, m.Words, err = r.write(context.Background(), p)
			return m, err
		case gate.Never:
			m.Why = verdict.Why
			return m, nil
		}
		until := verdict.Until
		if p.Unread && verdict.Why == gate.ReasonUnread && !r.read.IsZero() && r.read.Before(until) {
			until = r.read // the desk rings for what waited for a reader
		}
		m.Pauses = append(m.Pauses, Pause{r.now, until, verdict.Why})
		r.now = until
	}
	return m, nil
}

// unplanned are the messages that a submission can lead to and that this one
// did not.
func (r *rehearsal) unplanned(plan ledger.Plan) []ledger.Step {
	has := func(template string, v contact.Via) bool {
		return slices.ContainsFunc(plan.Steps, func(s ledger.Step) bool { return s.Template == template && (v == "" || s.Via == v) })
	}
	var steps []ledger.Step
	for _, v := range []contact.Via{contact.ViaEmail, contact.ViaSMS} {
		if r.Channels[v] != nil && !has(confirmation, v) {
			steps = append(steps, ledger.Step{Template: confirmation, Via: v, Due: r.submission.At})
		}
	}
	via := contact.ViaEmail
	if r.submission.Email == "" || r.submission.Preferred == contact.ViaSMS && r.submission.Phone != "" {
		via = contact.ViaSMS
	}
	for i, after := range r.Clinic.FollowUps {
		if name := ledger.FollowUp(i + 1); r.Channels[via] != nil && !has(name, "") {
			steps = append(steps, ledger.Step{Template: name, Via: via, Due: r.submission.At.Add(after)})
		}
	}
	return steps
}

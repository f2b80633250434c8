package worker

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// The templates that a submission leads to.
const (
	confirmation = "confirmation"
	staffNote    = "staff-note"
	staffFlood   = "staff-flood" // texts or confirmations after forms are off
	staffMany    = "staff-many"  // of many submissions at once
)

// plan says what follows from a submission: a confirmation by every way that
// may be used, a note to each of the staff, and, unless a sequence of the
// person runs, the follow-ups. What the form's guard stopped stands there, and
// why; a person must read it, whatever the clinic's mode.
func (w *Worker) plan(s contact.Submission, p *ledger.Person, g guarded) ledger.Plan {
	plan := ledger.Plan{Unread: w.ReadFirst || g.all != "", Guard: g.reason()}
	due := s.At
	if now := w.now(); due.After(now) {
		due = now // the clock that it arrived by was ahead: nobody waits for that
	}
	add := func(template string, v contact.Via, why gate.Reason) {
		plan.Steps = append(plan.Steps, ledger.Step{Template: template, Via: v, Due: due, Why: why})
	}
	if s.Email != "" {
		add(confirmation, contact.ViaEmail, cmp.Or(g.all, g.email))
	}
	if w.may(s, contact.ViaSMS) {
		add(confirmation, contact.ViaSMS, cmp.Or(g.all, g.sms))
	}
	for i := range w.Clinic.Staff {
		note := gate.Reason("")
		if g.gathered {
			note = gate.ReasonGathered
		}
		add(staffEntry(staffNote, i), contact.ViaEmail, note)
		if g.alarmed {
			add(staffEntry(staffFlood, i), contact.ViaEmail, "")
		}
		if g.opens {
			step := ledger.Step{Template: staffEntry(staffMany, i), Via: contact.ViaEmail, Due: w.in(gatherFor)}
			plan.Steps = append(plan.Steps, step)
		}
	}
	if via := w.followUpVia(s); via != "" && g.all == "" && !p.Running() {
		for i, after := range w.Clinic.FollowUps {
			plan.Steps = append(plan.Steps, ledger.Step{Template: ledger.FollowUp(i + 1), Via: via, Due: s.At.Add(after)})
		}
	}
	return plan
}

// may reports whether automated messages by that way are possible and agreed to.
func (w *Worker) may(s contact.Submission, v contact.Via) bool {
	return w.Channels[v] != nil && s.Address(v) != "" && s.Consent.Given(v)
}

// followUpVia is the one way that a person's follow-ups take: the preferred
// one if it was ticked, else the other; who prefers a call gets email.
func (w *Worker) followUpVia(s contact.Submission) contact.Via {
	order := []contact.Via{contact.ViaEmail, contact.ViaSMS}
	if s.Preferred == contact.ViaSMS {
		order = []contact.Via{contact.ViaSMS, contact.ViaEmail}
	}
	for _, v := range order {
		if w.may(s, v) {
			return v
		}
	}
	return ""
}

// staffEntry names the message to the i-th of the staff: each is one of its own.
func staffEntry(name string, i int) string {
	if i == 0 {
		return name
	}
	return name + "-" + strconv.Itoa(i+1)
}

// template is the message that a planned one is written with, and for staff the
// place of the reader among them.
func template(p *ledger.Planned) (name string, reader int) {
	entry := p.Entry.Template
	if _, reader, ok := parseReplyEntry(entry); ok {
		return staffReply, reader
	}
	for _, name := range []string{staffNote, staffFlood, staffMany, morningSheet} {
		if rest, ok := strings.CutPrefix(entry, name); ok {
			n, _ := strconv.Atoi(strings.TrimPrefix(rest, "-"))
			return name, max(n-1, 0)
		}
	}
	return p.Words(), 0
}

// address is where the message goes; "" when there is nobody to send it to, or
// no channel that leads there any more.
func (w *Worker) address(p *ledger.Planned) string {
	if w.Channels[p.Via] == nil {
		return ""
	}
	if ledger.ToStaff(p.Entry.Template) {
		_, reader := template(p)
		if reader >= len(w.Clinic.Staff) {
			return ""
		}
		return w.Clinic.Staff[reader]
	}
	return p.Submission.Address(p.Via)
}

// snapshot is what the gate decides on.
func (w *Worker) snapshot(p *ledger.Planned, m ledger.Moment) gate.Snapshot {
	name, _ := template(p)
	s := gate.Snapshot{
		Class: gate.Class(w.Templates.Class(name)), Via: p.Via,
		Address: w.address(p) != "", Consent: p.Submission.Consent.Given(p.Via),
		Suppressed: m.Suppressed, Unread: p.Unread, OnHold: p.OnHold, Stopped: string(p.Stopped),
		Withdrawn: p.Withdrawn, Unreadable: m.Unreadable, NotBefore: m.NotBefore,
		Trial:  w.Trial && !p.Live && !w.toStaff(p),
		Silent: w.TextFirst && !m.Texted, Earlier: m.Earlier,
		Due: unix(p.Row.Planned), Windows: w.Windows, Zones: gate.Zones(p.Submission, p.Via, w.Clinic.Zone),
		Home: gate.Home(p.Submission, w.Clinic.Zone),
	}
	w.remindSnapshot(&s, p)
	return s
}

// toStaff reports whether the message goes to one of the clinic's own people.
func (w *Worker) toStaff(p *ledger.Planned) bool {
	to := w.address(p)
	if p.Via == contact.ViaSMS {
		return slices.Contains(w.Clinic.StaffPhone, to)
	}
	return slices.ContainsFunc(w.Clinic.Staff, func(s string) bool { return strings.EqualFold(s, to) })
}

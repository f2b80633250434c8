package worker

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/templates"
)

// write renders the message for its reader, and says with which version of the
// words.
func (w *Worker) write(ctx context.Context, p *ledger.Planned) (channel.Message, string, error) {
	name, _ := template(p)
	language := string(p.Submission.Language)
	data, replyTo := w.data(p, language), w.Clinic.ReplyTo
	if name == staffNote {
		language = string(contact.English)
		replyTo = string(p.Submission.Email)
		w.noteData(&data, p)
	}
	if name == staffReply {
		language = string(contact.English)
		replyTo = string(p.Submission.Email)
		if err := w.replyData(ctx, &data, p); err != nil {
			return channel.Message{}, "", err
		}
	}
	if name == morningSheet {
		if err := w.sheetData(ctx, &data); err != nil {
			return channel.Message{}, "", err
		}
	}
	if name == staffFlood || name == staffMany {
		language = string(contact.English)
		if err := w.floodData(ctx, &data, p); err != nil {
			return channel.Message{}, "", err
		}
	}
	r, err := w.Templates.Render(name, language, data)
	part := templates.ErrEmail
	if p.Via == contact.ViaSMS {
		part = templates.ErrSMS
	}
	// A fault of the other part is the other message's matter.
	if errors.Is(err, part) || err != nil && r.Version == "" {
		return channel.Message{}, "", err
	}
	m := channel.Message{
		ID: p.ID(), To: w.address(p), Template: name, Language: language, Contact: string(p.Contact),
	}
	if p.Via == contact.ViaSMS {
		m.Text = r.SMS
		return m, r.Version, nil
	}
	m.Subject, m.Text, m.HTML, m.ReplyTo = r.Subject, r.Text, r.HTML, replyTo
	m.Files = w.calendar(p, language)
	if w.Templates.Class(name) == string(gate.FollowUp) {
		m.Unsubscribe = data.UnsubscribeURL
	}
	return m, r.Version, nil
}

func (w *Worker) data(p *ledger.Planned, language string) templates.Data {
	now := w.now()
	answer := w.Clinic.Office.AnswerBy(p.Submission.At)
	if answer.Before(now) { // written days ago: promise from now
		answer = w.Clinic.Office.AnswerBy(now)
	}
	unsubscribe := w.Links.Unsubscribe(p.Contact, p.Entry.N)
	if language != string(contact.English) {
		unsubscribe += "?lang=" + language // the page speaks as the message does
	}
	d := templates.Data{
		FirstName: contact.FirstName(p.Submission.Name),
		Clinic:    w.Clinic.Name, Sender: w.Clinic.Sender, ClinicPhone: w.Clinic.Phone, Postal: w.Clinic.Postal,
		AnswerBy:    templates.When(answer.In(w.Clinic.Zone), language),
		AnswerBySMS: templates.WhenSMS(answer.In(w.Clinic.Zone), language),
		WrittenOn:   templates.Day(p.Submission.At.In(w.Clinic.Zone), language),
		BookingURL:  w.Clinic.BookingURL, PrivacyURL: w.Clinic.PrivacyURL,
		UnsubscribeURL: unsubscribe,
	}
	w.remindData(&d, p, language)
	return d
}

// noteData adds what staff alone read: the person, in full.
func (w *Worker) noteData(d *templates.Data, p *ledger.Planned) {
	s := p.Submission
	d.Item = w.Links.Item(p.Contact, p.Entry.N)
	d.Name, d.Email, d.Message, d.Page = string(s.Name), string(s.Email), string(s.Message), s.Page
	if s.Phone != "" {
		d.Phone = s.Phone.National()
	}
	d.Preferred = string(s.Preferred)
	d.LanguageName = map[contact.Language]string{contact.English: "English", contact.Spanish: "Spanish"}[s.Language]
	var ticked []string
	if s.Consent.Email {
		ticked = append(ticked, "follow-up emails")
	}
	if s.Consent.SMS {
		ticked = append(ticked, "texts")
	}
	d.Ticked = strings.Join(ticked, ", ")
	d.WrittenAt = s.At.In(w.Clinic.Zone).Format("Mon 2 Jan 2006, 3:04 pm MST")
	switch {
	case s.Guard != "":
		d.Hold = gate.Reason(s.Guard).Say()
	case w.Trial && !p.Live:
		d.Hold = gate.ReasonTrial.Say()
	case p.Unread:
		d.Hold = gate.ReasonUnread.Say()
	}
	for action, field := range map[string]*string{"read": &d.ReadURL, "answered": &d.AnsweredURL, "booked": &d.BookedURL, "stop": &d.StopURL} {
		*field = w.Links.Note(p.Contact, p.Entry.N, action)
	}
}

// floodData adds what staff read when the form is flooded.
func (w *Worker) floodData(ctx context.Context, d *templates.Data, p *ledger.Planned) error {
	d.Item = w.Links.Item(p.Contact, p.Entry.N)
	if name, _ := template(p); name == staffFlood {
		d.Hold = gate.ReasonTextsOff.Say()
		if gate.Reason(p.Submission.Guard) == gate.ReasonFlood {
			d.Hold = gate.ReasonFlood.Say()
		}
		return nil
	}
	n, err := w.Ledger.Gathered(ctx, p.Submission.ID)
	d.Counts = strconv.Itoa(n)
	return err
}

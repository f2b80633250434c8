package templates

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Render fills a message with values. The error names the message and the
// field, never a value: for a name or language that does not exist, a value
// that is missing where no section guards it, a URL that is no https address
// (plain http on a loopback host alone), an SMS of more than two segments or
// outside GSM-7.
//
// A fault of one part leaves the other whole: after an error that is [ErrSMS]
// and not [ErrEmail] the email is complete, and the other way round. A part
// that failed is empty.
func (s *Set) Render(name, language string, d Data) (Rendered, error) {
	w, err := s.wording(name, language)
	if err != nil {
		return Rendered{}, err
	}
	return w.render(d)
}

func (w *wording) render(d Data) (Rendered, error) {
	var v values
	r := Rendered{Version: w.version}
	err := w.email(&r, &v, &d)
	if err != nil {
		err = fmt.Errorf("render %s.%s: %w: %w", w.src.name, w.src.language, ErrEmail, err)
	}
	if smsErr := w.sms(&r, &v, &d); smsErr != nil {
		err = errors.Join(err, fmt.Errorf("render %s.%s: %w: %w", w.src.name, w.src.language, ErrSMS, smsErr))
	}
	return r, err
}

func (w *wording) email(r *Rendered, v *values, d *Data) error {
	if err := v.take(d, w.inEmail); err != nil {
		return err
	}
	subject, err := w.line[subjectLine].line(v, w.table)
	if err != nil {
		return fmt.Errorf("subject: %w", err)
	}
	preheader, err := w.line[preheaderLine].line(v, w.table)
	if err != nil {
		return fmt.Errorf("preheader: %w", err)
	}
	buf := make([]byte, 0, w.size+w.size/4)
	if buf, err = w.html.appendHTML(buf, v, w.table); err != nil {
		return err
	}
	page := string(buf)
	if buf, err = w.text.appendText(buf[:0], v, w.table); err != nil {
		return err
	}
	r.Subject, r.Preheader, r.HTML, r.Text = subject, preheader, page, string(buf)
	return nil
}

func (w *wording) sms(r *Rendered, v *values, d *Data) error {
	if err := v.take(d, w.inSMS); err != nil {
		return err
	}
	text, err := w.line[smsLine].line(v, w.table)
	if err != nil {
		return err
	}
	if n, encoding := Segments(text); n > maxSegments || encoding != encodingGSM {
		return fmt.Errorf("%d segments of %s, where %d of %s may go; %s", n, encoding, maxSegments, encodingGSM, w.blame(v))
	}
	r.SMS = text
	return nil
}

// blame names what takes an SMS out of GSM-7, or its longest value.
func (w *wording) blame(v *values) string {
	longest := field{}
	for _, f := range w.inSMS {
		if strings.ContainsFunc(v[f.at], func(r rune) bool { return gsmPlaces(r) == 0 }) {
			return f.name + " holds a character that GSM-7 lacks"
		}
		if longest.name == "" || len(v[f.at]) > len(v[longest.at]) {
			longest = f
		}
	}
	if longest.name == "" {
		return "the words themselves are the cause"
	}
	return "its longest value is " + longest.name
}

func (s *Set) wording(name, language string) (*wording, error) {
	m, ok := s.messages[name]
	if !ok {
		return nil, fmt.Errorf("render: there is no message %q; there are %s", name, strings.Join(s.Names(), ", "))
	}
	w, ok := m.wordings[language]
	if !ok {
		return nil, fmt.Errorf("render %s: there is no language %q; there are %s", name, language, strings.Join(languages, ", "))
	}
	return w, nil
}

// Names lists the messages, sorted.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.messages)) }

// Class gives a message's class: confirmation, followup, reminder, reply or
// staff; "" for a message that does not exist.
func (s *Set) Class(name string) string {
	if m, ok := s.messages[name]; ok {
		return m.class
	}
	return ""
}

// Fields lists the values that a message uses in any language, sorted; none
// for a message that does not exist.
func (s *Set) Fields(name string) []string {
	if m, ok := s.messages[name]; ok {
		return slices.Clone(m.fields)
	}
	return nil
}

// HasSMS says whether a message has an SMS.
func (s *Set) HasSMS(name string) bool {
	m, ok := s.messages[name]
	return ok && len(m.wordings) > 0 && len(m.wordings[languages[0]].line[smsLine]) > 0
}

// HasCalendar says whether the email of a message carries the appointment as a
// file for calendars.
func (s *Set) HasCalendar(name string) bool {
	m, ok := s.messages[name]
	return ok && len(m.wordings) > 0 && m.wordings[languages[0]].src.front.Attach == attachAppointment
}

// Languages lists those that every message speaks.
func (s *Set) Languages() []string { return slices.Clone(languages) }

// Sample gives the values with which a message is checked and previewed. It
// fails as Render does for a name or language that does not exist.
func (s *Set) Sample(name, language string) (Data, error) {
	w, err := s.wording(name, language)
	if err != nil {
		return Data{}, err
	}
	return w.sample, nil
}

package twiliotest

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	e164         = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	alphanumeric = regexp.MustCompile(`^[A-Za-z0-9 ]{3,11}$`)
)

// refusal is a 400 of the API; the zero value is none.
type refusal struct {
	code    int
	message string
}

// check validates parameters in the order in which Twilio complains.
func check(form url.Values) refusal {
	to, from, service, body := form.Get("To"), form.Get("From"), form.Get("MessagingServiceSid"), form.Get("Body")
	switch {
	case to == "":
		return refusal{21604, "A 'To' phone number is required."}
	case from == "" && service == "":
		return refusal{21603, "A 'From' phone number is required."}
	case body == "":
		return refusal{21602, "Message body is required."}
	case utf8.RuneCountInString(body) > 1600:
		return refusal{21617, "The concatenated message body exceeds the 1600 character limit"}
	}
	if r := magic(to, from); r.code != 0 {
		return r
	}
	switch {
	case !e164.MatchString(to):
		return refusal{21211, fmt.Sprintf("Invalid 'To' Phone Number: %s", to)}
	case from != "" && !sender(from):
		return refusal{21212, fmt.Sprintf("Invalid From Number: %s", from)}
	}
	if v := form.Get("ValidityPeriod"); v != "" {
		if n, err := strconv.Atoi(v); err != nil || n < 1 || n > 36000 {
			return refusal{21624, "Invalid validity period value"}
		}
	}
	if c := form.Get("StatusCallback"); c != "" {
		u, err := url.Parse(c)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Contains(u.Host, "_") || len(c) > 4000 {
			return refusal{21609, fmt.Sprintf("The StatusCallback URL %s is not a valid URL.", c)}
		}
	}
	return refusal{}
}

// sender allows a number, a short code or an alphanumeric sender id.
func sender(from string) bool {
	return e164.MatchString(from) || alphanumeric.MatchString(from)
}

// magic are the numbers that Twilio's page on test credentials gives meanings to.
func magic(to, from string) refusal {
	switch from {
	case "+15005550001":
		return refusal{21212, "The 'From' number " + from + " is not a valid phone number, shortcode, or alphanumeric sender ID."}
	case "+15005550007":
		return refusal{21606, "The 'From' phone number provided (" + from + ") is not a valid message-capable Twilio phone number for this destination."}
	case "+15005550008":
		return refusal{21611, "This 'From' number has exceeded the maximum number of queued messages"}
	}
	switch to {
	case "+15005550001":
		return refusal{21211, "The 'To' number " + to + " is not a valid phone number."}
	case "+15005550002":
		return refusal{21612, "The 'To' phone number: " + to + ", is not currently reachable using the 'From' phone number"}
	case "+15005550003":
		return refusal{21408, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: " + to}
	case "+15005550004":
		return refusal{21610, "Attempt to send to unsubscribed recipient"}
	case "+15005550009":
		return refusal{21614, "'To' number: " + to + ", is not a valid mobile number"}
	}
	return refusal{}
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		problem(w, 400, 20001, "The request could not be read")
		return
	}
	form := r.PostForm
	f, struck := s.strike(creating, form.Get("To"))
	if struck && !f.accept {
		s.misbehave(w, r, f, nil)
		return
	}
	if bad := check(form); bad.code != 0 {
		problem(w, 400, bad.code, bad.message)
		return
	}
	now := time.Now().UTC()
	validity, _ := strconv.Atoi(form.Get("ValidityPeriod"))
	m := Message{
		SID: newSID("SM"), To: form.Get("To"), From: form.Get("From"), ServiceSID: form.Get("MessagingServiceSid"),
		Body: form.Get("Body"), Status: "queued", StatusCallback: form.Get("StatusCallback"), ValidityPeriod: validity,
		Created: now, Updated: now, Form: form,
	}
	if m.ServiceSID != "" {
		m.Status = "accepted"
	}
	s.mu.Lock()
	kept := m
	s.messages = append(s.messages, &kept)
	slow := s.slow
	s.mu.Unlock()
	if slow != nil {
		select {
		case <-slow:
		case <-s.stop:
		}
	}
	if struck {
		s.misbehave(w, r, f, &m)
		return
	}
	writeJSON(w, 201, s.resource(m))
}

package twiliotest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// final are the statuses after which Twilio is done with a message.
var final = []string{"delivered", "undelivered", "failed", "canceled", "read", "received"}

// update empties the text of a message that has come to its end; nothing else
// can be changed here. Nobody can set another text
// (https://www.twilio.com/docs/api/errors/30400), and what is under way keeps its
// own (https://www.twilio.com/docs/api/errors/20009).
func (s *Server) update(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		problem(w, 400, 20001, "The request could not be read")
		return
	}
	sid, ok := strings.CutSuffix(r.PathValue("file"), ".json")
	s.mu.Lock()
	m := s.find(sid)
	var found Message
	if m != nil {
		found = *m
	}
	s.mu.Unlock()
	if !ok || m == nil {
		notFound(w, r)
		return
	}
	if f, struck := s.strike(updating, found.To); struck {
		s.misbehave(w, r, f, &found)
		return
	}
	body, given := r.PostForm["Body"]
	switch {
	case !given || body[0] != "" || r.PostForm.Has("Status"):
		problem(w, 400, 30400, "Parameters are not valid")
		return
	case !slices.Contains(final, found.Status):
		problem(w, 409, 20009, "Resource not complete")
		return
	}
	s.mu.Lock()
	m.Body, m.Updated = "", time.Now().UTC()
	found = *m
	s.mu.Unlock()
	writeJSON(w, 200, s.resource(found))
}

// Receive takes in a text to the account without telling anybody, and gives its
// id: the test carries the webhook itself.
func (s *Server) Receive(from, to, body string) (sid string) {
	now := time.Now().UTC()
	m := &Message{SID: newSID("SM"), To: to, From: from, Body: body, Status: "received", Created: now, Updated: now}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received = append(s.received, m)
	return m.SID
}

// Received returns the texts that were written to the account.
func (s *Server) Received() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Message, len(s.received))
	for i, m := range s.received {
		all[i] = *m
	}
	return all
}

// Become moves a message to a status without telling anybody: the report is
// lost, or the test carries it itself.
func (s *Server) Become(sid, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.find(sid); m != nil {
		m.Status, m.Updated = status, time.Now().UTC()
	}
}

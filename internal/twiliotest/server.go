// Package twiliotest is a Twilio for tests: the Messages resource of the
// 2010-04-01 API as Twilio's OpenAPI document describes it, with signed
// webhooks, and faults on demand; and what is read of the account, its numbers
// and its messaging services.
//
//	srv := twiliotest.Start(t)
//	srv.Fail("+13035550111", 0, twiliotest.Refuse(400, 21610)) // this number always
//	srv.Fail("", 1, twiliotest.CutAfter())                     // the next message, whoever gets it
//	sender, err := twilio.New(twilio.Settings{BaseURL: srv.URL, AccountSID: srv.AccountSID, …})
//	code, err := srv.Report(ctx, srv.Messages()[0].SID, "delivered", 0)
//
// It knows Twilio's magic numbers for test credentials. It leaves out media,
// scheduling, content templates, the DateSent filters and, in lists, what was
// received, and takes status callbacks on loopback addresses, which Twilio would
// refuse.
package twiliotest

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
)

// Server is a running server with one account.
type Server struct {
	URL                   string // base URL, in place of https://api.twilio.com
	AccountSID, AuthToken string // sign in with these,
	APIKey, APISecret     string // or these; webhooks are always signed with AuthToken

	http *httptest.Server
	stop chan struct{}

	mu       sync.Mutex
	messages []*Message
	received []*Message // what was written to the account
	faults   []*armed
	slow     chan struct{} // nil: answers come at once
	requests int
	account  Account
	numbers  []Number
	services []MessagingService
}

// Message is one message that Twilio has.
type Message struct {
	SID                      string
	To, From, ServiceSID     string // From is "" until a Messaging Service has chosen
	Body                     string
	Status                   string // as of the last Report; queued or accepted before
	ErrorCode                int    // zero: none
	StatusCallback           string
	ValidityPeriod           int // seconds; zero: not asked for
	Created, Updated, SentAt time.Time
	Form                     url.Values // the request as it came
}

// Start runs a server until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{
		AccountSID: newSID("AC"),
		AuthToken:  newSID("")[:32],
		APIKey:     newSID("SK"),
		APISecret:  newSID("")[:32],
		stop:       make(chan struct{}),
		account:    Account{Status: "active", Type: "Full"},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2010-04-01/Accounts/{account}/Messages.json", s.guarded(s.create))
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages.json", s.guarded(s.list))
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages/{file}", s.guarded(s.fetch))
	mux.HandleFunc("POST /2010-04-01/Accounts/{account}/Messages/{file}", s.guarded(s.update))
	mux.HandleFunc("GET /2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json", s.guarded(s.listNumbers))
	mux.HandleFunc("GET /2010-04-01/Accounts/{file}", s.guarded(s.fetchAccount))
	mux.HandleFunc("GET /v1/Services/{service}", s.guarded(s.fetchService))
	mux.HandleFunc("GET /v1/Services/{service}/PhoneNumbers", s.guarded(s.listServiceNumbers))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { notFound(w, r) })
	s.http = httptest.NewServer(mux)
	s.URL = s.http.URL
	t.Cleanup(s.Close)
	return s
}

// Close stops the server and ends what hangs. Dialling is refused afterwards.
func (s *Server) Close() {
	s.mu.Lock()
	select {
	case <-s.stop:
	default:
		close(s.stop)
	}
	s.mu.Unlock()
	s.http.CloseClientConnections()
	s.http.Close()
}

// Messages returns what Twilio has, in the order of acceptance: each would be
// sent, whether or not the client came to know.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Message, len(s.messages))
	for i, m := range s.messages {
		all[i] = *m
	}
	return all
}

// Slow makes Twilio take messages over and answer only when told to.
func (s *Server) Slow() (answer func()) {
	slow := make(chan struct{})
	s.mu.Lock()
	s.slow = slow
	s.mu.Unlock()
	return func() {
		s.mu.Lock()
		s.slow = nil
		s.mu.Unlock()
		close(slow)
	}
}

// Requests counts the requests that arrived, refused ones too.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Backdate moves a message into the past, as if it had been made earlier.
func (s *Server) Backdate(sid string, by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.find(sid); m != nil {
		m.Created, m.Updated = m.Created.Add(-by), m.Updated.Add(-by)
	}
}

// find needs mu.
func (s *Server) find(sid string) *Message {
	for _, all := range [][]*Message{s.messages, s.received} {
		if i := slices.IndexFunc(all, func(m *Message) bool { return m.SID == sid }); i >= 0 {
			return all[i]
		}
	}
	return nil
}

// guarded checks who asks before anything else, as Twilio does.
func (s *Server) guarded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests++
		s.mu.Unlock()
		user, password, _ := r.BasicAuth()
		if !(equal(user, s.AccountSID) && equal(password, s.AuthToken)) && !(equal(user, s.APIKey) && equal(password, s.APISecret)) {
			w.Header().Set("WWW-Authenticate", `Basic realm="Twilio API"`)
			problem(w, 401, 20003, "Authenticate")
			return
		}
		if account := r.PathValue("account"); account != s.AccountSID && account != "" {
			notFound(w, r)
			return
		}
		next(w, r)
	}
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func notFound(w http.ResponseWriter, r *http.Request) {
	problem(w, 404, 20404, "The requested resource "+r.URL.Path+" was not found")
}

// problem answers as Twilio does when it refuses.
func problem(w http.ResponseWriter, status, code int, message string) {
	writeJSON(w, status, struct {
		Code     int    `json:"code"`
		Message  string `json:"message"`
		MoreInfo string `json:"more_info"`
		Status   int    `json:"status"`
	}{code, message, fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code), status})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // a client that has gone needs no answer
}

func newSID(prefix string) string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return prefix + hex.EncodeToString(b)
}

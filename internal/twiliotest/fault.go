package twiliotest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Fault is one way to misbehave.
type Fault struct {
	accept       bool // the message is made all the same
	status, code int
	after        string // Retry-After
	html         bool
	half         bool
	hang         bool
	cut          bool
}

// Refuse answers an error of the API, such as 400 with 21610 or 401 with 20003.
func Refuse(status, code int) Fault { return Fault{status: status, code: code} }

// RateLimited answers 429 with error 20429. After is in whole seconds; zero
// leaves Retry-After out.
func RateLimited(after time.Duration) Fault {
	f := Fault{status: 429, code: 20429}
	if after > 0 {
		f.after = strconv.Itoa(int(after / time.Second))
	}
	return f
}

// RateLimitedUntil is RateLimited with a date.
func RateLimitedUntil(at time.Time) Fault {
	return Fault{status: 429, code: 20429, after: at.UTC().Format(http.TimeFormat)}
}

// BrokenAfter makes the message, then answers 500 with error 20500.
func BrokenAfter() Fault { return Fault{accept: true, status: 500, code: 20500} }

// Gateway answers 503 with a page of HTML, as something in front of Twilio
// would. The message is not made.
func Gateway() Fault { return Fault{status: 503, html: true} }

// HalfAnswer makes the message and breaks off in the middle of the 201.
func HalfAnswer() Fault { return Fault{accept: true, status: 201, half: true} }

// HTMLAnswer makes the message and answers 201 with a page of HTML.
func HTMLAnswer() Fault { return Fault{accept: true, status: 201, html: true} }

// Redirect answers 307 with a Location on the same server.
func Redirect() Fault { return Fault{status: 307} }

// Hang does not answer until the client gives up. The message is not made.
func Hang() Fault { return Fault{hang: true} }

// HangAfter makes the message and does not answer until the client gives up.
func HangAfter() Fault { return Fault{accept: true, hang: true} }

// CutBefore closes the connection without making the message.
func CutBefore() Fault { return Fault{cut: true} }

// CutAfter makes the message and closes the connection.
func CutAfter() Fault { return Fault{accept: true, cut: true} }

type request uint8

const (
	creating request = iota
	listing
	updating
)

type armed struct {
	Fault
	on    request
	to    string
	times int // left; negative means for good
}

// Fail arms f for new messages to a number; "" means any. It strikes times
// times; zero means for good. Of several that fit, the first armed strikes.
func (s *Server) Fail(to string, times int, f Fault) { s.arm(creating, to, times, f) }

// FailList arms f for listing the messages to a number.
func (s *Server) FailList(to string, times int, f Fault) { s.arm(listing, to, times, f) }

// FailUpdate arms f for emptying the text of a message to a number.
func (s *Server) FailUpdate(to string, times int, f Fault) { s.arm(updating, to, times, f) }

func (s *Server) arm(on request, to string, times int, f Fault) {
	if times == 0 {
		times = -1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &armed{f, on, to, times})
}

// strike returns the fault for a request, if any, and uses it up.
func (s *Server) strike(on request, to string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.on == on && f.times != 0 && (f.to == "" || f.to == to) {
			if f.times > 0 {
				f.times--
			}
			return f.Fault, true
		}
	}
	return Fault{}, false
}

// misbehave plays f. Made is the message where f makes one. Refusals repeat
// number and text, to see that a client passes neither on.
func (s *Server) misbehave(w http.ResponseWriter, r *http.Request, f Fault, made *Message) {
	switch {
	case f.hang:
		select {
		case <-r.Context().Done():
		case <-s.stop:
		}
		panic(http.ErrAbortHandler)
	case f.cut:
		panic(http.ErrAbortHandler)
	case f.half:
		whole, err := json.Marshal(s.resource(*made))
		if err != nil {
			panic(err)
		}
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(whole)))
		w.WriteHeader(f.status)
		w.Write(whole[:len(whole)/2])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case f.html:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.status)
		fmt.Fprintf(w, "<html><body><h1>%d</h1><p>%s</p></body></html>", f.status, http.StatusText(f.status))
	case f.status == 307:
		http.Redirect(w, r, r.URL.RequestURI(), f.status)
	default:
		if f.after != "" {
			w.Header().Set("Retry-After", f.after)
		}
		to, text := r.Form.Get("To"), r.Form.Get("Body")
		if made != nil {
			to, text = made.To, made.Body
		}
		problem(w, f.status, f.code, fmt.Sprintf("Refused for %s: %s", to, text))
	}
}

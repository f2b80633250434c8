package smtptest

// Step is a place in the dialogue where a fault can strike, in their order.
type Step uint8

const (
	Connect  Step = iota // instead of the greeting
	Hello                // EHLO or HELO
	StartTLS             // the command; the handshake follows
	Auth                 // the whole exchange
	Mail
	Rcpt
	Data   // the command
	Body   // 354 was given and some of the message has arrived
	Dot    // the message is complete and not accepted
	Answer // the message is accepted (see Messages), the answer not yet given
	Idle   // the answer was given; the connection waits for the next message
	Reset
	Quit
)

// Fault is one way to misbehave.
type Fault struct {
	at    Step
	reply string // "" with drop: silence
	drop  bool
	hang  bool
}

// Reply answers with line, such as "451 4.3.0 try later", instead of success. A
// line that begins with 421 also ends the connection, as RFC 5321 section 3.8
// has it. Several lines are joined by "\r\n".
func Reply(at Step, line string) Fault { return Fault{at: at, reply: line} }

// Drop ends the connection without an answer.
func Drop(at Step) Fault { return Fault{at: at, drop: true} }

// Hang says nothing more and leaves the connection open.
func Hang(at Step) Fault { return Fault{at: at, hang: true} }

type armed struct {
	Fault
	to    string
	times int // left; negative means for good
}

// Fail arms f for messages to a recipient; "" means any, and is the only choice
// for steps before Rcpt, where no recipient is known. It strikes times times;
// zero means for good. Of several that fit, the first armed strikes.
func (s *Server) Fail(to string, times int, f Fault) {
	if times == 0 {
		times = -1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &armed{f, to, times})
}

// strike returns the fault for this step, if any, and uses it up.
func (s *Server) strike(at Step, to string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.at == at && f.times != 0 && (f.to == "" || f.to == to) {
			if f.times > 0 {
				f.times--
			}
			return f.Fault, true
		}
	}
	return Fault{}, false
}

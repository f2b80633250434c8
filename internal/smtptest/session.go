package smtptest

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"

	"github.com/emersion/go-sasl"
)

// session is one connection's dialogue.
type session struct {
	server *Server
	raw    net.Conn // as accepted
	conn   net.Conn // raw, or TLS over it
	text   *textproto.Conn
	number int

	greeted, secure, signedIn bool
	user, from, to            string
	inMail                    bool
}

// errOver ends the connection.
var errOver = errors.New("over")

func newSession(s *Server, conn net.Conn, number int) *session {
	return &session{server: s, raw: conn, conn: conn, text: textproto.NewConn(conn), number: number}
}

func (s *session) run() {
	if s.server.options.Implicit {
		s.encrypt()
	}
	if s.answer(Connect, "220 smtptest ready") != nil {
		return
	}
	for {
		line, err := s.text.ReadLine()
		if err != nil || s.command(line) != nil {
			return
		}
	}
}

func (s *session) encrypt() {
	s.conn = tls.Server(s.raw, s.server.tls)
	s.text = textproto.NewConn(s.conn)
	s.secure = true
}

// answer gives the reply for a step, or the fault that was armed for it.
func (s *session) answer(at Step, reply string) error {
	failed, err := s.stumble(at)
	if failed || err != nil {
		return err
	}
	return s.say(reply)
}

// stumble plays the fault for a step. Failed without an error means that a
// refusal was said and the dialogue goes on.
func (s *session) stumble(at Step) (failed bool, err error) {
	f, ok := s.server.strike(at, s.to)
	switch {
	case !ok:
		return false, nil
	case f.hang:
		// Reads, so that it ends when either side closes.
		io.Copy(io.Discard, s.conn)
		return true, errOver
	case f.drop:
		return true, errOver
	}
	if err := s.say(f.reply); err != nil || strings.HasPrefix(f.reply, "421") {
		return true, errOver
	}
	return true, nil
}

func (s *session) say(line string) error { return s.text.PrintfLine("%s", line) }

func (s *session) command(line string) error {
	verb, arg, _ := strings.Cut(line, " ")
	switch verb = strings.ToUpper(verb); verb {
	case "EHLO", "HELO":
		return s.hello(verb)
	case "STARTTLS":
		if s.secure || s.server.options.NoTLS {
			return s.say("502 5.5.1 not offered")
		}
		if failed, err := s.stumble(StartTLS); failed || err != nil {
			return err
		}
		if err := s.say("220 2.0.0 go ahead"); err != nil {
			return err
		}
		s.encrypt()
		s.greeted = false
		return nil
	case "AUTH":
		return s.auth(arg)
	case "MAIL":
		return s.mail(arg)
	case "RCPT":
		return s.rcpt(arg)
	case "DATA":
		return s.data()
	case "RSET":
		s.inMail, s.to = false, ""
		return s.answer(Reset, "250 2.0.0 forgotten")
	case "NOOP":
		return s.say("250 2.0.0 fine")
	case "QUIT":
		if err := s.answer(Quit, "221 2.0.0 bye"); err != nil {
			return err
		}
		return errOver
	}
	return s.say("500 5.5.2 unknown command")
}

func (s *session) hello(verb string) error {
	if failed, err := s.stumble(Hello); failed || err != nil {
		return err
	}
	s.greeted, s.inMail = true, false
	if verb == "HELO" {
		return s.say("250 smtptest")
	}
	lines := []string{"smtptest", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"}
	if !s.secure && !s.server.options.NoTLS {
		lines = append(lines, "STARTTLS")
	}
	if s.server.options.User != "" && (s.secure || s.server.options.NoTLS) {
		lines = append(lines, "AUTH "+strings.Join(s.server.options.Mechanisms, " "))
	}
	for i, l := range lines {
		sep := "-"
		if i == len(lines)-1 {
			sep = " "
		}
		if err := s.say("250" + sep + l); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) auth(arg string) error {
	if s.signedIn {
		return s.say("503 5.5.1 already signed in")
	}
	if failed, err := s.stumble(Auth); failed || err != nil {
		return err
	}
	mechanism, first, _ := strings.Cut(arg, " ")
	var user, password string
	switch strings.ToUpper(mechanism) {
	case "PLAIN":
		answer, err := base64.StdEncoding.DecodeString(first)
		if err != nil {
			return s.say("501 5.5.2 not base64")
		}
		server := sasl.NewPlainServer(func(_, u, p string) error { user, password = u, p; return nil })
		if _, _, err := server.Next(answer); err != nil {
			return s.say("501 5.5.2 not PLAIN")
		}
	case "LOGIN":
		var err error
		if user, err = s.ask("Username:"); err != nil {
			return err
		}
		if password, err = s.ask("Password:"); err != nil {
			return err
		}
	default:
		return s.say("504 5.5.4 unknown mechanism")
	}
	if user != s.server.options.User || password != s.server.options.Password {
		return s.say("535 5.7.8 wrong user or password")
	}
	s.signedIn, s.user = true, user
	return s.say("235 2.7.0 welcome")
}

func (s *session) ask(prompt string) (string, error) {
	if err := s.say("334 " + base64.StdEncoding.EncodeToString([]byte(prompt))); err != nil {
		return "", err
	}
	line, err := s.text.ReadLine()
	if err != nil {
		return "", err
	}
	answer, err := base64.StdEncoding.DecodeString(line)
	return string(answer), err
}

func (s *session) mail(arg string) error {
	switch {
	case !s.greeted:
		return s.say("503 5.5.1 greet first")
	case s.server.options.User != "" && !s.signedIn:
		return s.say("530 5.7.0 sign in first")
	case s.inMail:
		return s.say("503 5.5.1 a message is already begun")
	}
	from, ok := path(arg, "FROM:")
	if !ok {
		return s.say("501 5.5.2 MAIL FROM:<address>")
	}
	failed, err := s.stumble(Mail)
	if failed || err != nil {
		return err
	}
	s.inMail, s.from, s.to = true, from, ""
	return s.say("250 2.1.0 go on")
}

func (s *session) rcpt(arg string) error {
	to, ok := path(arg, "TO:")
	switch {
	case !s.inMail:
		return s.say("503 5.5.1 MAIL first")
	case !ok || to == "":
		return s.say("501 5.5.2 RCPT TO:<address>")
	case s.to != "":
		return s.say("452 4.5.3 one recipient a message")
	}
	s.to = to
	failed, err := s.stumble(Rcpt)
	if failed {
		s.to = ""
	}
	if failed || err != nil {
		return err
	}
	return s.say("250 2.1.5 go on")
}

func (s *session) data() error {
	if s.to == "" {
		return s.say("503 5.5.1 RCPT first")
	}
	if failed, err := s.stumble(Data); failed || err != nil {
		return err
	}
	if err := s.say("354 end with a dot"); err != nil {
		return err
	}
	if _, err := s.text.R.Peek(1); err != nil {
		return err
	}
	if failed, err := s.stumble(Body); failed || err != nil {
		return err
	}
	raw, err := io.ReadAll(s.text.DotReader())
	if err != nil {
		return err
	}
	m := Message{From: s.from, To: s.to, Raw: raw, TLS: s.secure, User: s.user, Connection: s.number}
	defer func() { s.inMail, s.to = false, "" }()
	if failed, err := s.stumble(Dot); failed || err != nil {
		return err
	}
	number := 0
	if taken := s.server.options.Taken; taken != nil {
		taken(m)
	} else {
		m.read()
		number = s.server.record(m)
	}
	if err := s.answer(Answer, fmt.Sprintf("250 2.0.0 Ok: queued as 4F%06X", number)); err != nil {
		return err
	}
	_, err = s.stumble(Idle)
	return err
}

// path reads <address> and leaves the parameters behind it alone.
func path(arg, prefix string) (string, bool) {
	if len(arg) < len(prefix) || !strings.EqualFold(arg[:len(prefix)], prefix) {
		return "", false
	}
	rest, ok := strings.CutPrefix(arg[len(prefix):], "<")
	address, _, closed := strings.Cut(rest, ">")
	return address, ok && closed
}

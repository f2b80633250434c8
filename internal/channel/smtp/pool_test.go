package smtp_test

import (
	"io"
	"net"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/channel/smtp"
	"github.com/joydevie/followup/internal/smtptest"
)

// send sends n messages and wants all of them accepted.
func send(t *testing.T, sender *smtp.Sender, n int) {
	t.Helper()
	for range n {
		if out := sender.Send(t.Context(), letter("ann@example.com")); out.State != channel.Accepted {
			t.Fatalf("got %v (%v)", out.State, out.Err)
		}
	}
}

func TestAConnectionThatDiedWhileItWaitedIsReplacedInSilence(t *testing.T) {
	t.Parallel()
	none := smtptest.Fault{}
	for name, tc := range map[string]struct {
		first, second smtptest.Fault // armed for the first message, and before the second
		times         int            // of second
		want          channel.State
	}{
		"closed while it waited":   {smtptest.Drop(smtptest.Idle), none, 0, channel.Accepted},
		"given up while it waited": {smtptest.Reply(smtptest.Idle, "421 4.4.2 idle too long"), none, 0, channel.Accepted},
		"closed at MAIL":           {none, smtptest.Drop(smtptest.Mail), 1, channel.Accepted},
		"given up at MAIL":         {none, smtptest.Reply(smtptest.Mail, "421 4.4.2 idle too long"), 1, channel.Accepted},
		"and so was the new one":   {none, smtptest.Drop(smtptest.Mail), 2, channel.NotSent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := smtptest.Start(t, smtptest.Options{})
			sender := newSender(t, srv, smtp.Options{})
			if tc.first != none {
				srv.Fail("", 1, tc.first)
			}
			send(t, sender, 1)
			if tc.second != none {
				srv.Fail("", tc.times, tc.second)
			}
			if out := sender.Send(t.Context(), letter("bob@example.com")); out.State != tc.want {
				t.Errorf("got %v (%v), want %v", out.State, out.Err, tc.want)
			}
			if n := srv.Connections(); n != 2 {
				t.Errorf("took %d connections, want the old one and one more", n)
			}
		})
	}
}

func TestAConnectionThatDiesAfterMAILIsNoReasonToTryAgain(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	sender := newSender(t, srv, smtp.Options{})
	send(t, sender, 1)
	srv.Fail("", 1, smtptest.Drop(smtptest.Rcpt))
	if out := sender.Send(t.Context(), letter("bob@example.com")); out.State != channel.NotSent {
		t.Errorf("got %v (%v)", out.State, out.Err)
	}
	if n := srv.Connections(); n != 1 {
		t.Errorf("took %d connections", n)
	}
}

func TestARefusedRecipientDoesNotCostTheConnection(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	srv.Fail("gone@example.com", 0, smtptest.Reply(smtptest.Rcpt, "550 5.1.1 no such user"))
	sender := newSender(t, srv, smtp.Options{})
	for range 3 {
		if out := sender.Send(t.Context(), letter("gone@example.com")); out.Cause != channel.CauseAddress {
			t.Errorf("got %v, %v", out.State, out.Cause)
		}
		send(t, sender, 1)
	}
	if n := srv.Connections(); n != 1 {
		t.Errorf("took %d connections", n)
	}
}

func TestARefusalAtMAILIsAnAnswerEvenOnAConnectionThatWaited(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	sender := newSender(t, srv, smtp.Options{})
	send(t, sender, 1)
	srv.Fail("", 1, smtptest.Reply(smtptest.Mail, "451 4.3.0 later"))
	if out := sender.Send(t.Context(), letter("bob@example.com")); out.State != channel.NotSent || out.Code != "451 4.3.0" {
		t.Errorf("got %v, %q", out.State, out.Code)
	}
	send(t, sender, 1)
	if n := srv.Connections(); n != 1 {
		t.Errorf("took %d connections", n)
	}
}

func TestNoConnectionIsTrustedAfterARefusedDATAOrDot(t *testing.T) {
	t.Parallel()
	for _, at := range []smtptest.Step{smtptest.Data, smtptest.Dot} {
		srv := smtptest.Start(t, smtptest.Options{})
		srv.Fail("", 1, smtptest.Reply(at, "451 4.3.0 later"))
		sender := newSender(t, srv, smtp.Options{})
		if out := sender.Send(t.Context(), letter("bob@example.com")); out.State != channel.NotSent {
			t.Errorf("got %v", out.State)
		}
		send(t, sender, 1)
		if n := srv.Connections(); n != 2 {
			t.Errorf("took %d connections", n)
		}
	}
}

func TestAConnectionIsReplacedAfterItsShare(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	sender := newSender(t, srv, smtp.Options{Reuse: 2})
	send(t, sender, 5)
	if n := srv.Connections(); n != 3 {
		t.Errorf("took %d connections for 5 messages of 2 each", n)
	}
}

func TestWithoutReuseEachMessageHasItsOwnConnection(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	sender := newSender(t, srv, smtp.Options{IdleFor: -1})
	send(t, sender, 3)
	if n := srv.Connections(); n != 3 {
		t.Errorf("took %d connections", n)
	}
	eventually(t, "none is open", func() bool { return srv.Open() == 0 })
}

func TestAnIdleConnectionIsClosedInTime(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Options{})
	send(t, newSender(t, srv, smtp.Options{IdleFor: 20 * time.Millisecond}), 1)
	eventually(t, "it is closed", func() bool { return srv.Open() == 0 })
}

func TestCloseEndsIdleConnectionsEvenWhenTheRelayDoesNotSayGoodbye(t *testing.T) {
	t.Parallel()
	for _, fault := range []smtptest.Fault{smtptest.Hang(smtptest.Quit), smtptest.Drop(smtptest.Quit)} {
		srv := smtptest.Start(t, smtptest.Options{})
		srv.Fail("", 0, fault)
		sender := newSender(t, srv, smtp.Options{})
		send(t, sender, 1)
		begun := time.Now()
		sender.Close()
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("closing took %v", took)
		}
		eventually(t, "it is closed", func() bool { return srv.Open() == 0 })
		send(t, sender, 1) // late messages still go
	}
}

// strict is a backend of another maker's server, whose parser we do not control.
type strict struct{ got chan string }

func (b strict) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return b, nil }
func (strict) Mail(string, *gosmtp.MailOptions) error            { return nil }
func (strict) Rcpt(string, *gosmtp.RcptOptions) error            { return nil }
func (strict) Reset()                                            {}
func (strict) Logout() error                                     { return nil }
func (b strict) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	b.got <- string(raw)
	return err
}

func TestAnotherMakersServerUnderstandsUs(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	backend := strict{make(chan string, 2)}
	srv := gosmtp.NewServer(backend)
	srv.EnableSMTPUTF8, srv.EnableDSN = true, true
	go srv.Serve(listener)
	t.Cleanup(func() { srv.Close() })
	sender, err := smtp.New("smtp://"+listener.Addr().String()+"?tls=none", smtp.Options{From: "hello@clinic.example"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sender.Close() })
	send(t, sender, 2)
	for range 2 {
		if raw := <-backend.got; len(raw) == 0 {
			t.Error("it got nothing")
		}
	}
}

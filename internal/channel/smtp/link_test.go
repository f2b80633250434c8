package smtp

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"

	gosmtp "github.com/wneessen/go-mail/smtp"
)

// On a pipe nothing is buffered in between: what the relay has not read was
// not sent, which a socket would hide.
func TestAMessageThatBreaksOffBeforeItsDotIsKnownToBeHarmless(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		fmt.Fprint(far, "220 ready\r\n")
		for lines := bufio.NewScanner(far); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "DATA") {
				fmt.Fprint(far, "354 go ahead\r\n")
				break
			}
			fmt.Fprint(far, "250 fine\r\n")
		}
		far.Read(make([]byte, 1)) // the first byte of the message, and no more
	}()
	w := &wire{Conn: near, budget: maxReplies}
	client, err := gosmtp.NewClient(w, "relay.example")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{wire: w, client: client}
	at, _, err := l.transact("hello@clinic.example", "ann@example.com", []byte("Subject: short\r\n\r\nHello.\r\n"))
	if at != atContent || err == nil {
		t.Errorf("failed at %s with %v: before the dot nothing can have been accepted", at, err)
	}
	l.close()
}

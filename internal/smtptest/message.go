package smtptest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// Message is one accepted message, as it came and as its reader sees it.
type Message struct {
	From, To   string // envelope
	Raw        []byte // lines end in \n, leading dots undone
	Header     mail.Header
	Subject    string   // decoded
	Text, HTML string   // decoded; "" when there is no such part
	Parts      []string // media types of the leaves, in order
	Fault      error    // why Raw could not be read, nil normally

	TLS        bool
	User       string // who had signed in; "" without AUTH
	Connection int    // 1 for the first connection to the server
}

// ID is Message-ID without the angle brackets.
func (m Message) ID() string { return strings.Trim(m.Header.Get("Message-Id"), "<>") }

// read takes Raw apart.
func (m *Message) read() {
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		m.Fault = fmt.Errorf("reading the message: %w", err)
		return
	}
	m.Header = parsed.Header
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		m.Fault = fmt.Errorf("reading the subject: %w", err)
		return
	}
	m.Fault = m.part(parsed.Header.Get("Content-Type"), parsed.Header.Get("Content-Transfer-Encoding"), parsed.Body)
}

func (m *Message) part(contentType, encoding string, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("reading the content type: %w", err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return fmt.Errorf("reading a part: %w", err)
			}
			if err := m.part(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("reading a body of %s: %w", kind, err)
	}
	m.Parts = append(m.Parts, kind)
	switch kind {
	case "text/plain":
		m.Text = string(text)
	case "text/html":
		m.HTML = string(text)
	}
	return nil
}

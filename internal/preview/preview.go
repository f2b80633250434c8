// Package preview shows messages as their readers get them, written by the
// renderer that writes every message that is sent: in a terminal, and on a
// page of a development run.
package preview

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/joydevie/followup/templates"
)

// Message is one message in one language, written with its sample.
type Message struct {
	Name, Language, Class string
	templates.Rendered
	Data     templates.Data // the sample
	Calendar []byte         // the attached file; nil where there is none

	Segments int // of the SMS; 0 without one
	Encoding string
	Places   int // that the SMS takes
	Room     int // that its segments have
}

// Sample writes a message with its sample. It fails as Set.Render does.
func Sample(set *templates.Set, name, language string) (Message, error) {
	m := Message{Name: name, Language: language, Class: set.Class(name)}
	var err error
	if m.Data, err = set.Sample(name, language); err != nil {
		return m, err
	}
	if m.Rendered, err = set.Render(name, language, m.Data); err != nil {
		return m, err
	}
	if set.HasCalendar(name) {
		start := time.Date(2026, 12, 2, 17, 0, 0, 0, time.UTC) // as in the samples
		m.Calendar = templates.Appointment{
			UID: "sample@joydevie.example", Start: start, Written: start.AddDate(0, 0, -8), Sender: m.Data.Sender, Place: m.Data.Place,
			Cancelled: name == "cancelled",
		}.Calendar(language)
	}
	if m.SMS != "" {
		m.Segments, m.Encoding = templates.Segments(m.SMS)
		m.Places, m.Room = templates.Places(m.SMS), room(m.Segments, m.Encoding)
	}
	return m, nil
}

// room is how many places so many segments have (3GPP TS 23.040, 9.2.3.24.1:
// several lose seven of theirs to what joins them).
func room(segments int, encoding string) int {
	one, each := 160, 153
	if encoding == "UCS-2" {
		one, each = 70, 67
	}
	if segments == 1 {
		return one
	}
	return segments * each
}

// Counted says how the SMS is billed: "1 segment, GSM-7, 124 of 160 places".
func (m Message) Counted() string {
	if m.SMS == "" {
		return "no SMS"
	}
	many := "segments"
	if m.Segments == 1 {
		many = "segment"
	}
	return fmt.Sprintf("%d %s, %s, %d of %d places", m.Segments, many, m.Encoding, m.Places, m.Room)
}

// bubble is how wide the SMS stands in a terminal.
const bubble = 44

// Print shows the message in a terminal.
func (m Message) Print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s · %s · class %s · version %s\n\n", m.Name, m.Language, m.Class, m.Version)
	fmt.Fprintf(&b, "Subject    %s\nPreheader  %s\n", m.Subject, m.Preheader)
	if m.Calendar != nil {
		fmt.Fprintf(&b, "Attached   appointment.ics\n")
	}
	b.WriteString("\n" + m.Text)
	if m.SMS != "" {
		fmt.Fprintf(&b, "\nSMS: %s\n", m.Counted())
		PrintBubble(&b, "", m.SMS)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// PrintBubble draws a text as a phone shows it, each line behind the indent.
func PrintBubble(w io.Writer, indent, text string) {
	line := strings.Repeat("─", bubble+2)
	fmt.Fprintf(w, "%s╭%s╮\n", indent, line)
	for _, l := range wrap(text, bubble) {
		fmt.Fprintf(w, "%s│ %s%s │\n", indent, l, strings.Repeat(" ", bubble-utf8.RuneCountInString(l)))
	}
	fmt.Fprintf(w, "%s╰%s╯\n", indent, line)
}

// wrap breaks at spaces, and within a word that is longer than a line.
func wrap(text string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Fields(text) {
		last := &lines[len(lines)-1]
		if *last != "" && utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, "")
			last = &lines[len(lines)-1]
		}
		if *last != "" {
			*last += " "
		}
		for runes := []rune(word); ; {
			free := width - utf8.RuneCountInString(lines[len(lines)-1])
			if len(runes) <= free {
				lines[len(lines)-1] += string(runes)
				break
			}
			lines[len(lines)-1] += string(runes[:free])
			runes = runes[free:]
			lines = append(lines, "")
		}
	}
	return lines
}

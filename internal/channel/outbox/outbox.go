// Package outbox is a channel that writes to nobody: it keeps what it is given
// in memory, and shows each message as its reader would see it. It is for
// development alone.
package outbox

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/joydevie/followup/internal/channel"
)

// capacity bounds the memory: beyond it the oldest message goes.
const capacity = 5000

// Message is a message as /outbox.json shows it.
type Message struct {
	At       time.Time `json:"at"`
	Channel  string    `json:"channel"` // email or sms
	To       string    `json:"to"`      // bare address or E.164
	Subject  string    `json:"subject"` // "" for SMS
	Text     string    `json:"text"`
	HTML     string    `json:"html"` // "" for SMS
	Template string    `json:"template"`
	Language string    `json:"language"`
	Contact  string    `json:"contact"`
	Segments int       `json:"segments"` // 0 for email

	id       string // channel.Message.ID
	number   int    // 1 for the first message of this run
	encoding string // of the SMS, such as "GSM-7"
}

// ID is the one that the sender gave.
func (m Message) ID() string { return m.id }

// Number counts the messages of this run, from 1.
func (m Message) Number() int { return m.number }

// Encoding is that of an SMS, such as "GSM-7"; "" for email.
func (m Message) Encoding() string { return m.encoding }

// Config is what a Store needs. From, Speed and Zone may be left out.
type Config struct {
	Now      func() time.Time                                  // the clock that messages are stamped with
	Segments func(text string) (segments int, encoding string) // how an SMS is billed
	From     string                                            // the sender of an email, as its reader sees it
	Speed    float64                                           // how many times faster the clock runs; 0 is 1
	Zone     *time.Location                                    // in which times are shown; nil is UTC
	Keep     int                                               // how many messages it keeps; 0 is 5000
}

// Store holds messages, newest first. It may be used from many goroutines.
type Store struct {
	Config
	mu   sync.RWMutex
	all  []Message // oldest first
	last int       // number of the newest
}

// New gives an empty store.
func New(c Config) *Store {
	if c.Speed == 0 {
		c.Speed = 1
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.Keep == 0 {
		c.Keep = capacity
	}
	return &Store{Config: c}
}

// Sender gives a channel that puts what it sends into the store. Via is
// "email" or "sms".
func (s *Store) Sender(via string) channel.Sender { return sender{s, via} }

type sender struct {
	store *Store
	via   string
}

// Send accepts every message whose context is not done.
func (o sender) Send(ctx context.Context, m channel.Message) channel.Outcome {
	if err := ctx.Err(); err != nil {
		return channel.Outcome{State: channel.NotSent, Err: err}
	}
	kept := Message{
		At: o.store.Now(), Channel: o.via, To: m.To, Text: m.Text,
		Template: m.Template, Language: m.Language, Contact: m.Contact, id: m.ID,
	}
	if o.via == "sms" {
		kept.Segments, kept.encoding = o.store.Segments(m.Text)
	} else {
		kept.Subject, kept.HTML = m.Subject, m.HTML
	}
	return channel.Outcome{State: channel.Accepted, ID: fmt.Sprintf("outbox-%d", o.store.keep(kept))}
}

func (s *Store) keep(m Message) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	m.number = s.last
	if len(s.all) == s.Keep {
		s.all = append(s.all[:0], s.all[1:]...)
	}
	s.all = append(s.all, m)
	return m.number
}

// Messages gives all that is kept, newest first.
func (s *Store) Messages() []Message {
	newest, _ := s.newest(capacity, 0)
	return newest
}

// newest gives at most n messages that came after the one numbered after,
// newest first, and how many came in all.
func (s *Store) newest(n, after int) ([]Message, int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n = max(0, min(n, len(s.all), s.last-after))
	out := make([]Message, 0, n)
	for i := range n {
		out = append(out, s.all[len(s.all)-1-i])
	}
	return out, s.last
}

func (s *Store) message(number int) (Message, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i := number - (s.last - len(s.all)) - 1
	if i < 0 || i >= len(s.all) {
		return Message{}, false
	}
	return s.all[i], true
}

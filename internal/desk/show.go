package desk

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
)

// Card is all that staff may want to know of a person.
type Card struct {
	Brief
	Language  contact.Language `json:"language"`
	Preferred contact.Via      `json:"preferred,omitempty"`
	Agreed    []string         `json:"agreed"`         // to what, with the newest submission
	Blocked   []string         `json:"blocked"`        // what gets nothing, and why
	Best      *Hours           `json:"best,omitempty"` // when to call; nil when there is no number or no hour
	Planned   []Line           `json:"planned"`        // what may still go
	Timeline  []Moment         `json:"timeline"`       // what was, oldest first
}

// Moment is one thing that happened.
type Moment struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
	By   string    `json:"by,omitempty"`
	Said *string   `json:"said,omitempty"` // the person's words; nil for who looks at initials alone
}

// Show tells everything about a person, as read from the ledger; decisions not
// to send are on the timeline.
func (v *View) Show(ctx context.Context, p *ledger.Person, n int) (Card, error) {
	s := p.Submissions[n-1]
	c := Card{Brief: v.brief(p, n), Language: s.Language, Preferred: s.Preferred, Agreed: []string{}, Blocked: []string{}, Planned: []Line{}}
	for _, agreed := range []struct {
		to  contact.Via
		say string
	}{{contact.ViaEmail, "follow-ups by email"}, {contact.ViaSMS, "texts"}} {
		if s.Consent.Given(agreed.to) {
			c.Agreed = append(c.Agreed, agreed.say)
		}
		why, err := v.block(ctx, s, agreed.to)
		if err != nil {
			return c, err
		}
		if why != "" {
			c.Blocked = append(c.Blocked, string(agreed.to)+": "+why)
		}
	}
	if best, ok := v.bestHours(s); ok {
		c.Best = &best
	}
	told, err := v.addEvents(ctx, p, &c)
	if err != nil {
		return c, err
	}
	for _, line := range v.Why(p, 0) {
		switch {
		case line.State.Pending():
			c.Planned = append(c.Planned, line)
		case line.State != ledger.Cancelled || !told[line.Message]:
			c.Timeline = append(c.Timeline, Moment{At: line.At, Text: strings.TrimSuffix(line.Text, ".")})
		}
	}
	slices.SortStableFunc(c.Timeline, func(a, b Moment) int { return a.At.Compare(b.At) })
	return c, nil
}

// block says why an address gets nothing; "" when it may.
func (v *View) block(ctx context.Context, s contact.Submission, via contact.Via) (string, error) {
	address := string(s.Email)
	if via == contact.ViaSMS {
		address = string(s.Phone)
	}
	if address == "" {
		return "", nil
	}
	why, err := v.Ledger.Suppression(ctx, via, address)
	if err != nil || why != "" {
		return plain(string(why)), err
	}
	if via == contact.ViaSMS && !s.Phone.Textable() {
		return "not a number that may be texted", nil
	}
	return "", nil
}

// addEvents puts on the card what was written and done. It gives the messages,
// by name, of which it tells that they were taken back.
func (v *View) addEvents(ctx context.Context, p *ledger.Person, c *Card) (map[string]bool, error) {
	for i, s := range p.Submissions {
		text := "wrote, item " + v.Links.Item(p.ID, i+1)
		if s.Page != "" {
			text += ", from " + s.Page
		}
		said := string(s.Message)
		c.Timeline = append(c.Timeline, Moment{At: s.At.In(v.Zone), Text: text, Said: &said})
	}
	for k := range p.Replies {
		r, err := v.Ledger.Reply(ctx, p.ID, k+1)
		if errors.Is(err, ledger.ErrNone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		said := string(r.Text)
		c.Timeline = append(c.Timeline, Moment{At: r.At.In(v.Zone), Text: "sent reply " + strconv.Itoa(k+1), Said: &said})
	}
	events, err := v.Ledger.Timeline(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	told := map[string]bool{}
	for _, e := range events {
		if e.What == "cancelled" {
			told[ledger.Entry{N: e.N, Template: e.Message}.String()] = true // its Message has the way behind the template
		}
		by := e.By
		if by == byPerson {
			by = ""
		}
		moment := Moment{At: time.Unix(e.At, 0).In(v.Zone), Text: happened(e), By: by}
		if !e.When.IsZero() {
			moment.Text += ": " + v.Say(e.When)
		}
		if e.Text != "" {
			why := string(e.Text)
			moment.Said = &why
		}
		c.Timeline = append(c.Timeline, moment)
	}
	return told, nil
}

// Mask leaves the initials alone of whom the card is about.
func (c *Card) Mask() {
	c.Brief.Mask()
	for i := range c.Timeline {
		c.Timeline[i].Said = nil
	}
}

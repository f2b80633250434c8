package worker

import (
	"cmp"
	"context"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/tasks"
)

// The limits of the form. One person, one family and one office stay far below
// them; a program that posts for an hour meets every one. They are counted by
// real time, but for those of an address and a number, which go by the plan's.
const (
	fromBlockHour = 20 // forms from one /24 or /64
	fromBlockDay  = 60
	fromRegionDay = 5 // forms from one /16 or /48 until it no longer counts as quiet
	perTokenDay   = 3 // forms with one token: somebody goes back and writes again
	perPoolHour   = 60
	perPoolDay    = 300
	perAddressDay = 1 // confirmations
	perAddress30  = 3
	perNumberDay  = 1  // texts after a form
	textsHour     = 30 // to everybody
	textsDay      = 100
	inARow        = 4 // numbers of ten in a row, on one day
	notesHour     = 20
)

const (
	textsOffFor = time.Hour        // once the breaker has tripped
	gatherFor   = 10 * time.Minute // until one note tells of all that came in
)

// The names of what can be tripped.
const (
	tripTexts = "off:texts"
	tripMails = "off:mails"
)

// guarded is what the limits say about a submission.
type guarded struct {
	all, email, sms gate.Reason // why nothing goes to the person; nothing by email; no text. "": it may
	alarmed         bool        // staff must be told that texts or confirmations are off
	gathered        bool        // its note is told together with others
	opens           bool        // and it is the one whose note tells of them
}

func (g guarded) reason() gate.Reason { return cmp.Or(g.all, g.email, g.sms) }

// guard counts a submission under the limits of the form, by the id under which
// the ledger takes it in. It is asked again when a run died: what was counted
// before counts once.
//
// A reached limit stops what would go to the visitor. It never stops the way of
// the text to a person, though of many at once one note tells together.
func (w *Worker) guard(ctx context.Context, id string, t tasks.Submission, s contact.Submission) (g guarded, err error) {
	if !w.Guard {
		return guarded{}, nil
	}
	c := count{w, id, time.Now()}
	if g.all = gate.Reason(t.Guard); g.all == "" {
		g.all, err = c.source(ctx, t)
	}
	if err == nil && g.all == "" && s.Email != "" {
		g.email, err = c.address(ctx, s.Email)
	}
	if err == nil && g.all == "" && w.may(s, contact.ViaSMS) {
		g.sms, g.alarmed, err = c.number(ctx, s.Phone)
	}
	if err == nil && g.all == gate.ReasonFlood {
		g.alarmed, err = w.Ledger.Trip(ctx, tripMails, c.id, time.Hour)
	}
	if err == nil && g.all != "" {
		g.gathered, g.opens, err = c.note(ctx)
	}
	return g, err
}

// count counts one submission.
type count struct {
	*Worker
	id  string
	now time.Time
}

// limit is one that goes by real time and counts this submission.
func (c count) limit(of, whose string, most int, in time.Duration) ledger.Limit {
	return ledger.Limit{Of: of, Whose: whose, Member: c.id, Most: most, In: in, Now: c.now}
}

const aDay = 24 * time.Hour

// source looks at where a form comes from. The ceilings over all forms are kept
// for each kind of source apart: with our page's token or without, from a part of
// the network that was quiet today or not, with links or without. A program that
// uses one kind up leaves the others to people.
func (c count) source(ctx context.Context, t tasks.Submission) (gate.Reason, error) {
	pool, limits, why := "", []ledger.Limit(nil), []gate.Reason(nil)
	add := func(r gate.Reason, l ...ledger.Limit) {
		for _, each := range l {
			limits, why = append(limits, each), append(why, r)
		}
	}
	if t.Token != "" {
		pool = "page"
		add(gate.ReasonToken, c.limit("token", t.Token, perTokenDay, aDay))
	}
	if block, region, ok := networks(t.IP); ok {
		add(gate.ReasonNetwork, c.limit("block-hour", block, fromBlockHour, time.Hour), c.limit("block-day", block, fromBlockDay, aDay))
		busy, err := c.Ledger.Within(ctx, c.limit("region-day", region, fromRegionDay, aDay))
		if err != nil {
			return "", err
		}
		if busy < 0 {
			pool += "-quiet"
		}
	}
	if !hasLink(t.Name + " " + t.Message) {
		pool += "-plain"
	}
	add(gate.ReasonFlood, c.limit("pool-hour"+pool, "", perPoolHour, time.Hour), c.limit("pool-day"+pool, "", perPoolDay, aDay))
	return c.within(ctx, limits, why)
}

func (c count) within(ctx context.Context, limits []ledger.Limit, why []gate.Reason) (gate.Reason, error) {
	reached, err := c.Ledger.Within(ctx, limits...)
	if err != nil || reached < 0 {
		return "", err
	}
	return why[reached], nil
}

// address looks at how often an address had its confirmation.
func (c count) address(ctx context.Context, e contact.Email) (gate.Reason, error) {
	one := c.limit("address-day", e.Folded(), perAddressDay, aDay)
	many := c.limit("address-month", e.Folded(), perAddress30, 30*aDay)
	one.Now, many.Now = c.Worker.now(), c.Worker.now()
	return c.within(ctx, []ledger.Limit{one, many}, []gate.Reason{gate.ReasonAddress, gate.ReasonAddress})
}

// number looks at the texts after forms. Numbers in a row, and too many texts,
// trip a breaker: no form leads to a text for an hour, and staff are told once.
func (c count) number(ctx context.Context, p contact.Phone) (why gate.Reason, tripped bool, err error) {
	by, err := c.Ledger.Tripped(ctx, tripTexts)
	if err != nil || by != "" {
		return gate.ReasonTextsOff, by == c.id, err
	}
	one := c.limit("number-day", string(p), perNumberDay, aDay)
	one.Now = c.Worker.now()
	limits := []ledger.Limit{one}
	for i, row := range rows(p) {
		limits = append(limits, c.limit("row-"+strconv.Itoa(i), row, inARow, aDay))
	}
	limits = append(limits, c.limit("texts-hour", "", textsHour, time.Hour), c.limit("texts-day", "", textsDay, aDay))
	switch reached, err := c.Ledger.Within(ctx, limits...); {
	case err != nil || reached < 0:
		return "", false, err
	case reached == 0:
		return gate.ReasonNumber, false, nil
	}
	tripped, err = c.Ledger.Trip(ctx, tripTexts, c.id, textsOffFor)
	return gate.ReasonTextsOff, tripped, err
}

// note says whether the note about a stopped submission is told together with
// others, and whether it is the first of those.
func (c count) note(ctx context.Context) (gathered, opens bool, err error) {
	reached, err := c.Ledger.Within(ctx, c.limit("notes-hour", "", notesHour, time.Hour))
	if err != nil || reached < 0 {
		return false, false, err
	}
	opens, err = c.Ledger.Gather(ctx, c.id, gatherFor)
	return true, opens, err
}

// networks gives the neighbourhood that an address lies in, and the region
// around it.
func networks(ip string) (block, region string, ok bool) {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return "", "", false
	}
	near, far := 24, 16
	if addr.Is6() {
		near, far = 64, 48
	}
	a, err := addr.Prefix(near)
	b, err2 := addr.Prefix(far)
	return a.String(), b.String(), err == nil && err2 == nil
}

// rows gives the two rows of ten numbers that a number lies in, which overlap
// by half: five numbers in a row are in one of them.
func rows(p contact.Phone) [2]string {
	n, _ := strconv.ParseUint(strings.TrimPrefix(string(p), "+"), 10, 64)
	return [2]string{strconv.FormatUint(n/10, 10), strconv.FormatUint((n+5)/10, 10)}
}

// hasLink reports whether a text holds what a reader's program makes a link of.
func hasLink(text string) bool {
	text = strings.ToLower(text)
	for _, sign := range []string{"://", "www.", ".com/", "[url", "<a "} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

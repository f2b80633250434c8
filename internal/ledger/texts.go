package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
)

// The automated texts to a number lie under its keyed hash, for everybody who
// shares it: a line for each, with the time by the plan's clock and the
// message's id. Who is about to send adds a line if the list is still the one
// on which it decided, so of two workers one goes and the other decides again.
const (
	textsFor  = 61 * 24 * time.Hour // longer than any sequence runs
	textsMost = 200                 // far above every cap; only reminders come near
)

// ErrBlocked says that a number was blocked after the text to it was claimed.
var ErrBlocked = errors.New("ledger: its number has been blocked")

// replaceTexts sets the list if it still is what was read and, where KEYS[2]
// is given, nothing stands against the number: both in one instant, the last
// before the provider is called. A caller whose answer was lost asks again, and
// is given the list with its own line, which counts for nobody but others.
var replaceTexts = redis.NewScript(`
if KEYS[2] and redis.call('EXISTS', KEYS[2]) == 1 then return {2} end
local have = redis.call('GET', KEYS[1]) or ''
if have ~= ARGV[1] then return {0, have} end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
return {1}`)

// Reserve takes the message's place among the texts to its number, before its
// provider is called. A message that has a place keeps that one place. It
// returns ErrBlocked when the number has been blocked since the claim, and
// ErrRace when the list is no longer the one that was read; earlier is
// then how it stands now, to decide on anew.
func (l *Ledger) Reserve(ctx context.Context, p *Planned) (earlier []gate.Earlier, err error) {
	lines, err := p.others(p.texts, l.now())
	if err != nil {
		return nil, fmt.Errorf("reserve %s: %w", p.ID(), err)
	}
	lines = append(lines, strconv.FormatInt(l.now().Unix(), 10)+" "+p.ID())
	if err = l.replaceTexts(ctx, p, lines, l.suppression(p)); err == nil {
		return nil, nil
	}
	if errors.Is(err, ErrRace) {
		var unreadable error
		if earlier, unreadable = p.earlier(); unreadable != nil {
			err = unreadable // no list to decide on
		}
	}
	return earlier, fmt.Errorf("reserve %s: %w", p.ID(), err)
}

// Unreserve gives the place back: the provider has definitely not taken the
// message. Twice is once.
func (l *Ledger) Unreserve(ctx context.Context, p *Planned) error {
	for {
		lines, err := p.others(p.texts, l.now())
		if err == nil {
			err = l.replaceTexts(ctx, p, lines)
		}
		if err == nil {
			return nil
		}
		if !errors.Is(err, ErrRace) {
			return fmt.Errorf("give the place of %s back: %w", p.ID(), err)
		}
	}
}

func (l *Ledger) replaceTexts(ctx context.Context, p *Planned, lines []string, unless ...string) error {
	key, list := textsKey(l.addressHash(contact.ViaSMS, p.Submission)), strings.Join(lines, "\n")
	got, err := replaceTexts.Run(ctx, l.redis, append([]string{key}, unless...), p.texts, list, int(textsFor.Seconds())).Slice()
	if err != nil {
		return err
	}
	if got[0] == int64(2) {
		return ErrBlocked
	}
	if len(got) == 2 {
		p.texts, _ = got[1].(string)
		return ErrRace
	}
	p.texts = list
	return nil
}

// errTexts holds nothing of what was read.
var errTexts = errors.New("the list of texts to its number cannot be read")

// others lists the lines of the other messages that still count.
func (p *Planned) others(list string, now time.Time) ([]string, error) {
	var lines []string
	for line := range strings.SplitSeq(list, "\n") {
		if line == "" {
			continue
		}
		at, id, ok := strings.Cut(line, " ")
		seconds, err := strconv.ParseInt(at, 10, 64)
		if !ok || err != nil {
			return nil, errTexts
		}
		if id != p.ID() && now.Sub(time.Unix(seconds, 0)) < textsFor {
			lines = append(lines, line)
		}
	}
	return lines[max(0, len(lines)-textsMost):], nil
}

// earlier is what the gate counts.
func (p *Planned) earlier() ([]gate.Earlier, error) {
	lines, err := p.others(p.texts, time.Time{})
	if err != nil {
		return nil, err
	}
	sequence := string(p.Contact) + "." + strconv.Itoa(p.Entry.N) + "."
	var earlier []gate.Earlier
	for _, line := range lines {
		at, id, _ := strings.Cut(line, " ")
		seconds, _ := strconv.ParseInt(at, 10, 64)
		earlier = append(earlier, gate.Earlier{At: time.Unix(seconds, 0), Sequence: strings.HasPrefix(id, sequence)})
	}
	return earlier, nil
}

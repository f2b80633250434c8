package ledger

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
)

// People are found by the whole words of their names and by the short names of
// their submissions. Under one of 32 keys lies a list of records, each of three
// bytes of the word's keyed hash and the ten of an id: with Redis's own two 15
// bytes a word. A list is read as a whole, in pages, and what three bytes find
// is held against the person, so a record that is there twice, or for another
// word, does no harm.

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const (
	wordBytes  = 3
	recordPage = 4000 // some 60 KB
)

// The kinds of words.
const (
	kindName = "name"
	kindItem = "item"
)

// ItemOf gives what the short name of a submission is made from: the kind and
// the value of the keyed hash.
func ItemOf(id contact.ID, n int) (kind, value string) {
	return kindItem, string(id) + " " + strconv.Itoa(n)
}

// word is where a word lies, and how its records begin.
func (l *Ledger) word(kind, word string) (key, prefix string) {
	hash := l.keys.Hash(kind, word)
	raw, _ := base32Lower.DecodeString(hash[:8]) // of its own alphabet
	return wordKey(hash[:1]), string(raw[1 : 1+wordBytes])
}

// record is one word of a person.
type record struct{ key, value string }

// records gives what submission n of a person is found by.
func (l *Ledger) records(id contact.ID, n int, s contact.Submission) []record {
	raw, err := base32Lower.DecodeString(string(id))
	if err != nil || s.Email == "" && s.Phone == "" {
		return nil // no id of ours, or a submission of the house's own
	}
	add := func(all []record, kind, word string) []record {
		key, prefix := l.word(kind, word)
		return append(all, record{key, prefix + string(raw)})
	}
	all := add(nil, kindItem, l.keys.Short(ItemOf(id, n)))
	for _, word := range contact.Words(s.Name) {
		all = add(all, kindName, word)
	}
	return all
}

// ByName finds the people who have written under a name with all of these
// words, as contact.Words gives them: those who came last first, most of them
// at most, and how many there are. No word finds nobody.
func (l *Ledger) ByName(ctx context.Context, words []string, most int) ([]*Person, int, error) {
	var ids []contact.ID
	for i, word := range words {
		found, err := l.holders(ctx, kindName, word)
		if err != nil {
			return nil, 0, err
		}
		if i == 0 {
			ids = found
			continue
		}
		among := make(map[contact.ID]bool, len(found))
		for _, id := range found {
			among[id] = true
		}
		ids = slices.DeleteFunc(ids, func(id contact.ID) bool { return !among[id] })
	}
	return l.verified(ctx, ids, most, func(p *Person) bool {
		return slices.ContainsFunc(p.Submissions, func(s contact.Submission) bool {
			have := contact.Words(s.Name)
			return !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(have, w) })
		})
	})
}

// ByItem finds the people with a submission of that short name, in capitals.
// There may be several.
func (l *Ledger) ByItem(ctx context.Context, item string) ([]*Person, error) {
	ids, err := l.holders(ctx, kindItem, item)
	if err != nil {
		return nil, err
	}
	people, _, err := l.verified(ctx, ids, len(ids), func(p *Person) bool {
		for n := range p.Submissions {
			if l.keys.Short(ItemOf(p.ID, n+1)) == item {
				return true
			}
		}
		return false
	})
	return people, err
}

// verified reads the first of the people, and leaves out who does not match.
func (l *Ledger) verified(ctx context.Context, ids []contact.ID, most int, match func(*Person) bool) ([]*Person, int, error) {
	read, err := l.People(ctx, ids[:min(most, len(ids))])
	if err != nil {
		return nil, 0, err
	}
	matching := slices.DeleteFunc(read, func(p *Person) bool { return p == nil || !match(p) })
	return matching, len(ids) - min(most, len(ids)) + len(matching), nil
}

// holders gives the ids with the word, the newest first, each once.
func (l *Ledger) holders(ctx context.Context, kind, word string) ([]contact.ID, error) {
	key, prefix := l.word(kind, word)
	var ids []contact.ID
	seen := map[string]bool{}
	for from := int64(0); ; from += recordPage {
		page, err := l.redis.LRange(ctx, key, from, from+recordPage-1).Result()
		if err != nil {
			return nil, fmt.Errorf("look up a word: %w", err)
		}
		for _, record := range page {
			if raw := record[min(wordBytes, len(record)):]; record[:len(record)-len(raw)] == prefix && !seen[raw] {
				seen[raw] = true
				ids = append(ids, contact.ID(base32Lower.EncodeToString([]byte(raw))))
			}
		}
		if len(page) < recordPage {
			break
		}
	}
	slices.Reverse(ids)
	return ids, nil
}

// listWords lists what the newest submission brought that the person is not yet
// found by.
func (l *Ledger) listWords(ctx context.Context, pipe redis.Pipeliner, p *Person, n int, s contact.Submission) {
	var have []record
	for i, old := range p.Submissions {
		have = append(have, l.records(p.ID, i+1, old)...)
	}
	for _, r := range l.records(p.ID, n, s) {
		if !slices.Contains(have, r) {
			pipe.RPush(ctx, r.key, r.value)
		}
	}
}

// listMissingWords lists the words of a person that are not listed. It asks
// for each, which costs Redis the reading of a list.
func (l *Ledger) listMissingWords(ctx context.Context, p *Person) error {
	var all []record
	for i, s := range p.Submissions {
		for _, r := range l.records(p.ID, i+1, s) {
			if !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	asked := make([]*redis.IntCmd, len(all))
	_, err := l.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, r := range all {
			asked[i] = pipe.LPos(ctx, r.key, r.value, redis.LPosArgs{})
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	for i, r := range all {
		if errors.Is(asked[i].Err(), redis.Nil) {
			if err := l.redis.RPush(ctx, r.key, r.value).Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
)

// Proof is everything that there is about the consent to write to one address
// or number by one way.
type Proof struct {
	Via      contact.Via
	Address  string             // as it was asked for
	Evidence []Evidence         // oldest first
	Blocked  []gate.Suppression // what stands against it now, the strongest first
	People   []contact.ID       // who is stored with it, one of whom it leads to
}

// Proof reads it. Of a person who is stored, what was agreed to and sent is
// told from the submissions and the messages themselves, which do not change
// and do; of one who was removed, from what was left behind. The address need
// not be known: then all of it is empty.
func (l *Ledger) Proof(ctx context.Context, v contact.Via, address string) (Proof, error) {
	hash := l.hashOf(v, address)
	proof := Proof{Via: v, Address: address}
	reasons, err := l.suppressions(ctx, v, hash)
	if err != nil {
		return proof, err
	}
	proof.Blocked = reasons
	elements, err := l.redis.LRange(ctx, proofKey(hash), 0, -1).Result()
	if err != nil {
		return proof, fmt.Errorf("read evidence: %w", err)
	}
	var people []contact.ID
	left := map[removal][]Evidence{} // by those who were removed; of two runs of one removal the last counts
	for _, sealed := range elements {
		e, err := l.openEvidence(hash, sealed)
		switch {
		case err != nil:
			return proof, err
		case e.Also != "":
			people = append(people, e.Also)
		case e.Person != "":
			left[removal{e.Person, e.First}] = e.Items
		default:
			proof.Evidence = append(proof.Evidence, e.Evidence)
		}
	}
	id, err := l.Find(ctx, v, address)
	if err != nil && !errors.Is(err, ErrNone) {
		return proof, err
	}
	if err == nil {
		people = append(people, id)
	}
	slices.Sort(people)
	for _, id := range slices.Compact(people) {
		p, err := l.Person(ctx, id)
		if errors.Is(err, ErrNone) {
			continue
		}
		if err != nil {
			return proof, err
		}
		delete(left, removal{id, p.Submissions[0].ID}) // being removed at this moment
		if p.has(l, v, hash) {
			proof.People = append(proof.People, id)
			proof.Evidence = append(proof.Evidence, l.evidence(p, v, hash)...)
		}
	}
	for _, items := range left {
		proof.Evidence = append(proof.Evidence, items...)
	}
	slices.SortStableFunc(proof.Evidence, inOrder)
	return proof, l.quoteWords(ctx, v, proof.Evidence)
}

// suppressions are the reasons that stand against an address.
func (l *Ledger) suppressions(ctx context.Context, v contact.Via, hash string) ([]gate.Suppression, error) {
	reasons, err := l.redis.MGet(ctx, suppressionKey(v, hash)).Result()
	if err != nil {
		return nil, fmt.Errorf("read suppression: %w", err)
	}
	var all []gate.Suppression
	text, _ := reasons[0].(string)
	for why := range strings.FieldsSeq(text) {
		all = append(all, gate.Suppression(why))
	}
	return all, nil
}

// has reports whether a submission of the person gave that address.
func (p *Person) has(l *Ledger, v contact.Via, hash string) bool {
	return slices.ContainsFunc(p.Submissions, func(s contact.Submission) bool { return l.gave(s, v, hash) })
}

// gave reports whether the submission gave that address.
func (l *Ledger) gave(s contact.Submission, v contact.Via, hash string) bool {
	given := v == contact.ViaEmail && s.Email != "" || v == contact.ViaSMS && s.Phone != ""
	return given && l.addressHash(v, s) == hash
}

// evidence is what a stored person agreed to and was sent by one way to one
// address.
func (l *Ledger) evidence(p *Person, v contact.Via, hash string) []Evidence {
	var all []Evidence
	for _, s := range p.Submissions {
		if !s.Consent.Given(v) || !l.gave(s, v, hash) {
			continue
		}
		all = append(all, Evidence{At: s.At, What: Agreed, By: byPerson, Grant: &Grant{
			Submission: s.ID, Box: "consent_" + string(v), Wording: s.Consent.Wording, Hash: s.Consent.Hash, Page: s.Page, Zone: s.Zone,
			Language: string(s.Language), IP: s.Consent.IP, UserAgent: s.Consent.UserAgent,
		}})
	}
	for _, m := range p.Messages {
		if m.Via != v || !m.Row.State.Gone() || ToStaff(m.Entry.Template) || !l.gave(m.Submission, v, hash) {
			continue
		}
		all = append(all, Evidence{At: time.Unix(m.Row.At, 0).UTC(), What: Went, Message: &Message{
			Entry: m.Entry.String(), Words: m.Row.Words, State: m.Row.State, Code: m.Row.Code, Provider: m.Row.Provider,
		}})
	}
	slices.SortStableFunc(all, inOrder)
	return all
}

// inOrder sorts by time; what happened at the same one in the order in which it
// must have: messages know whole seconds only.
func inOrder(a, b Evidence) int {
	place := func(what string) int {
		switch what {
		case Agreed:
			return 0
		case Went:
			return 1
		case Erased:
			return 3
		default:
			return 2
		}
	}
	entry := func(e Evidence) string {
		if e.Message == nil {
			return ""
		}
		return e.Message.Entry
	}
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(place(a.What), place(b.What)), strings.Compare(entry(a), entry(b)))
}

// BoxWords are the words beside the two boxes of the form.
type BoxWords struct {
	Email string `json:"email"`
	SMS   string `json:"sms"`
}

// KeepWords keeps the words beside the boxes under their hash, for good: who
// has agreed to them must be able to read them when the clinic has long had
// another name.
func (l *Ledger) KeepWords(ctx context.Context, hash string, w BoxWords) error {
	text, err := json.Marshal(w)
	if err == nil {
		err = l.redis.HSetNX(ctx, keyWords, hash, text).Err()
	}
	if err != nil {
		return fmt.Errorf("keep the words of the form: %w", err)
	}
	return nil
}

// quoteWords writes the words that were shown into every grant.
func (l *Ledger) quoteWords(ctx context.Context, v contact.Via, all []Evidence) error {
	for _, e := range all {
		if e.Grant == nil || e.Grant.Hash == "" {
			continue
		}
		texts, err := l.redis.HMGet(ctx, keyWords, e.Grant.Hash).Result()
		if err != nil {
			return fmt.Errorf("read the words of the form: %w", err)
		}
		text, _ := texts[0].(string)
		if text == "" {
			continue // not on record: the reader is told
		}
		var words BoxWords
		if err := json.Unmarshal([]byte(text), &words); err != nil {
			return fmt.Errorf("read the words of the form: %w", err)
		}
		if e.Grant.Words = words.SMS; v == contact.ViaEmail {
			e.Grant.Words = words.Email
		}
	}
	return nil
}

package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
)

// Evidence is one thing that was agreed to, taken back or sent by one way, as
// it lies sealed under the keyed hash of the address or number: the burden of
// proof is ours (47 CFR 64.1200(a)(9) and (f)(9)).
type Evidence struct {
	At   time.Time `json:"at"`
	What string    `json:"what"` // Agreed, Went, a gate.Suppression, OptedIn, Lifted, Erased

	By   string `json:"by,omitempty"`   // "person", "recipient" of an email, "provider", or who of the staff
	Code string `json:"code,omitempty"` // the provider's code
	Note string `json:"note,omitempty"` // the reason that staff gave; with Lifted the block before it

	SID  string          `json:"sid,omitempty"` // a text: the provider's id of it
	Text contact.Private `json:"text,omitempty"`
	Rule string          `json:"rule,omitempty"` // that decided what it means
	Of   string          `json:"of,omitempty"`   // version of the rules

	Grant   *Grant   `json:"grant,omitempty"`   // with Agreed
	Message *Message `json:"message,omitempty"` // with Went
}

// What evidence is of, beside the suppressions.
const (
	Agreed  = "agreed"   // a box was ticked
	Went    = "went"     // a message went, or may have gone
	OptedIn = "opted_in" // a text took an opt-out away
	Lifted  = "lifted"   // staff took a block away
	Erased  = "erased"   // the person was removed; this evidence stays
)

// Grant is a box that was ticked.
type Grant struct {
	Submission string          `json:"submission"` // its id
	Box        string          `json:"box"`        // the field's name on the form
	Wording    string          `json:"wording,omitempty"`
	Hash       string          `json:"hash,omitempty"`
	Words      string          `json:"words,omitempty"` // beside the box, as shown; "" when they are not on record
	Page       string          `json:"page,omitempty"`
	Zone       string          `json:"zone,omitempty"`
	Language   string          `json:"language,omitempty"`
	IP         contact.Private `json:"ip,omitempty"`
	UserAgent  contact.Private `json:"ua,omitempty"`
}

// Message is a message that went by that way.
type Message struct {
	Entry    string `json:"entry"`
	Words    string `json:"words,omitempty"` // version of its words
	State    State  `json:"state"`
	Code     string `json:"code,omitempty"`
	Provider string `json:"provider,omitempty"`
}

// line is an element of the list of evidence: one thing, or what was left of a
// person, or where more is to be found.
type line struct {
	Evidence
	Person contact.ID `json:"person,omitempty"` // all that this person leaves
	First  string     `json:"first,omitempty"`  // with Person: the id of its first submission, see removal
	Items  []Evidence `json:"items,omitempty"`
	Also   contact.ID `json:"also,omitempty"` // a person who gave it too, and whom it does not lead to
}

// removal is one that left evidence. Who writes at the moment in which somebody
// is removed may get the ID anew, so the ID alone does not tell two apart.
type removal struct {
	person contact.ID
	first  string
}

// Keep is how long outlives a person what must.
type Keep struct {
	Proof        time.Duration // evidence, after its newest entry
	Suppressions time.Duration // a block, after it was set
}

const year = 366 * 24 * time.Hour

// defaultKeep: consent may be called in question for four years after the last
// message (28 U.S.C. 1658), and a wish not to be called holds for five
// (47 CFR 64.1200(d)(6)); both with a margin.
var defaultKeep = Keep{Proof: 6 * year, Suppressions: 10 * year}

// Keeping gives the same ledger with other periods; what is zero stays as it
// is. What was written before keeps the period that held then.
func (l *Ledger) Keeping(k Keep) *Ledger {
	other := *l
	if k.Proof > 0 {
		other.keep.Proof = k.Proof
	}
	if k.Suppressions > 0 {
		other.keep.Suppressions = k.Suppressions
	}
	return &other
}

// standing are the scripts' functions over the reasons that stand against an
// address, the strongest first: what a person asked for outweighs what a
// provider reports, and to lift one lifts no other.
const standing = `
local rank = {unsubscribed = 1, dead_address = 2, opted_out = 3, wrong_number = 4}
local function block(key, why, ttl)
  local reasons, put = {}, false
  for have in (redis.call('GET', key) or ''):gmatch('%S+') do
    if have == why then return false end
    if not put and (rank[have] or 9) < (rank[why] or 9) then reasons[#reasons + 1], put = why, true end
    reasons[#reasons + 1] = have
  end
  if not put then reasons[#reasons + 1] = why end
  redis.call('SET', key, table.concat(reasons, ' '), 'EX', ttl)
  return true
end
local function lift(key, why)
  local reasons, found = {}, false
  for have in (redis.call('GET', key) or ''):gmatch('%S+') do
    if have == why then found = true else reasons[#reasons + 1] = have end
  end
  if not found then return false end
  if #reasons == 0 then redis.call('DEL', key) else redis.call('SET', key, table.concat(reasons, ' '), 'KEEPTTL') end
  return true
end
local function keep(key, evidence, ttl)
  redis.call('RPUSH', key, evidence)
  redis.call('EXPIRE', key, ttl)
end
`

// suppress adds a reason unless it stands, with its evidence, in one step.
var suppress = redis.NewScript(standing + `
if not block(KEYS[1], ARGV[1], ARGV[3]) then return 0 end
keep(KEYS[2], ARGV[2], ARGV[4])
return 1`)

// unsuppress takes a reason away if it stands, with its evidence.
var unsuppress = redis.NewScript(standing + `
if not lift(KEYS[1], ARGV[1]) then return 0 end
keep(KEYS[2], ARGV[2], ARGV[3])
return 1`)

// strongest is the reason that counts of those that stand.
func strongest(reasons string) gate.Suppression {
	first, _, _ := strings.Cut(reasons, " ")
	return gate.Suppression(first)
}

// block sets a reason against an address, and reports whether it is new.
func (l *Ledger) block(ctx context.Context, v contact.Via, hash string, e Evidence) (bool, error) {
	sealed, err := l.sealEvidence(hash, line{Evidence: e})
	if err != nil {
		return false, err
	}
	return suppress.Run(ctx, l.redis, []string{suppressionKey(v, hash), proofKey(hash)},
		e.What, sealed, seconds(l.keep.Suppressions), seconds(l.keep.Proof)).Bool()
}

// Lift takes the strongest reason away that stands against an address or a
// number, and says which; weaker ones stay, and are lifted one by one. by and
// why are kept as evidence and must not be empty. It returns ErrNone when
// nothing stands. What was cancelled stays so. It returns ErrRace when somebody
// else lifted it.
func (l *Ledger) Lift(ctx context.Context, v contact.Via, address, by, why string) (gate.Suppression, error) {
	if by == "" || why == "" {
		return "", errors.New("lift a block: who lifts it and why must be given")
	}
	lifted, err := l.Suppression(ctx, v, address)
	if err != nil {
		return "", err
	}
	if lifted == "" {
		return "", ErrNone
	}
	hash := l.hashOf(v, address)
	sealed, err := l.sealEvidence(hash, line{Evidence: Evidence{At: l.now(), What: Lifted, By: by, Code: string(lifted), Note: why}})
	if err != nil {
		return "", err
	}
	done, err := unsuppress.Run(ctx, l.redis, []string{suppressionKey(v, hash), proofKey(hash)}, string(lifted), sealed, seconds(l.keep.Proof)).Bool()
	if err != nil {
		return "", fmt.Errorf("lift a block: %w", err)
	}
	if !done {
		return "", ErrRace
	}
	id, err := l.Find(ctx, v, address)
	if err == nil {
		err = l.Record(ctx, id, Event{What: Lifted, By: by, Code: string(lifted)})
	}
	if errors.Is(err, ErrNone) {
		err = nil
	}
	return lifted, err
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

func (l *Ledger) sealEvidence(hash string, e line) ([]byte, error) {
	plain, err := json.Marshal(e)
	if err != nil {
		return nil, errors.New("evidence cannot be written")
	}
	return l.keys.Seal(plain, "proof "+hash), nil
}

func (l *Ledger) openEvidence(hash, sealed string) (line, error) {
	var e line
	plain, err := l.keys.Open([]byte(sealed), "proof "+hash)
	if err != nil {
		return e, fmt.Errorf("read evidence: %w", err)
	}
	if err := json.Unmarshal(plain, &e); err != nil {
		return e, errors.New("read evidence: not the JSON that was sealed")
	}
	return e, nil
}

// leave adds an element to the evidence of an address.
func (l *Ledger) leave(ctx context.Context, hash string, e line) error {
	sealed, err := l.sealEvidence(hash, e)
	if err != nil {
		return err
	}
	_, err = l.redis.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.RPush(ctx, proofKey(hash), sealed)
		pipe.Expire(ctx, proofKey(hash), l.keep.Proof)
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep evidence: %w", err)
	}
	return nil
}

package desk

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/hours"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/seal"
)

// View is what staff see. It changes nothing, but that it takes out of a tray
// what waits no longer. Every field is required.
type View struct {
	Ledger  *ledger.Ledger
	Links   Links
	Zone    *time.Location // of the clinic: in it all times are said
	Office  hours.Office
	Windows hours.Windows // in which somebody may be called
	Now     func() time.Time
}

// Brief is a person in a line.
type Brief struct {
	ID       contact.ID `json:"contact"`
	Item     string     `json:"item"` // the short name of the submission meant
	Initials string     `json:"initials"`
	Wrote    time.Time  `json:"wrote"`
	Stands   string     `json:"stands"`        // where it stands, in words of staff
	Who      *Who       `json:"who,omitempty"` // nil for who looks at initials alone
}

// Who names a person.
type Who struct {
	Name  contact.Private `json:"name,omitempty"`
	Email contact.Email   `json:"email,omitempty"`
	Phone contact.Phone   `json:"phone,omitempty"`
}

// Mask leaves the initials alone of whom the line is about.
func (b *Brief) Mask() { b.Who = nil }

// brief says who the person of a submission is, and where that stands.
func (v *View) brief(p *ledger.Person, n int) Brief {
	s := p.Submissions[n-1]
	return Brief{
		ID: p.ID, Item: v.Links.Item(p.ID, n), Initials: contact.Initials(s.Name), Wrote: s.At.In(v.Zone), Stands: stands(p, n),
		Who: &Who{s.Name, s.Email, s.Phone},
	}
}

// ErrNobody is returned where nobody is found.
var ErrNobody = errors.New("nobody is found by that; give an item such as 7F3K, an id, an address, a number, or whole words of the name")

// Many is returned where one person is meant and several are found.
type Many struct {
	People []Brief // the first of them
	Total  int
}

func (m *Many) Error() string {
	items := map[string]int{}
	for _, b := range m.People {
		items[b.Item]++
	}
	var some []string
	for _, b := range m.People[:min(len(m.People), 5)] {
		name := b.Item
		if items[name] > 1 {
			name = string(b.ID)
		}
		some = append(some, b.Initials+" "+name)
	}
	more := ""
	if m.Total > len(some) {
		more = ", …"
	}
	return fmt.Sprintf("that is %d people (%s%s); name one by what stands behind the initials, by address or by number", m.Total, strings.Join(some, ", "), more)
}

// hit is a person and the submission meant.
type hit struct {
	*ledger.Person
	n int
}

var (
	isID   = regexp.MustCompile(`^[a-z2-7]{16}$`)
	isItem = regexp.MustCompile(`^[` + seal.ShortLetters + `]{4}$`)
)

// Find finds people by what staff have: an id, an item, an email address, a
// telephone number in any form, or whole words of a name without regard to case
// and accents. It gives the first most of them and how many there are; nobody
// is no error.
func (v *View) Find(ctx context.Context, text string, most int) ([]Brief, int, error) {
	hits, total, err := v.search(ctx, text, most)
	found := make([]Brief, 0, len(hits))
	for _, h := range hits {
		found = append(found, v.brief(h.Person, h.n))
	}
	return found, total, err
}

// One finds the one person whom staff mean, and the submission: that of the
// item, else the newest. It returns ErrNobody and *Many.
func (v *View) One(ctx context.Context, text string) (*ledger.Person, int, error) {
	hits, total, err := v.search(ctx, text, 20)
	switch {
	case err != nil:
		return nil, 0, err
	case total == 0:
		return nil, 0, ErrNobody
	case total > 1:
		many := &Many{Total: total}
		for _, h := range hits {
			many.People = append(many.People, v.brief(h.Person, h.n))
		}
		return nil, 0, many
	}
	return hits[0].Person, hits[0].n, nil
}

// Address reads an email address, or a telephone number in any form, as Find
// does; false for whatever else names a person. Nobody need be known by it.
func Address(text string) (ledger.Reach, bool) {
	text = strings.TrimSpace(text)
	if isID.MatchString(text) {
		return ledger.Reach{}, false
	}
	if email, err := contact.ParseEmail(text); err == nil {
		return ledger.Reach{Via: contact.ViaEmail, Address: string(email)}, true
	}
	phone, err := contact.ParsePhone(text)
	return ledger.Reach{Via: contact.ViaSMS, Address: string(phone)}, err == nil
}

func (v *View) search(ctx context.Context, text string, most int) (hits []hit, total int, err error) {
	text = strings.TrimSpace(text)
	if isID.MatchString(text) {
		return v.byID(ctx, contact.ID(text), nil)
	}
	if at, ok := Address(text); ok {
		id, err := v.Ledger.Find(ctx, at.Via, at.Address)
		return v.byID(ctx, id, err)
	}
	if item := strings.ToUpper(text); isItem.MatchString(item) {
		people, err := v.Ledger.ByItem(ctx, item)
		if err != nil {
			return nil, 0, err
		}
		for _, p := range people {
			for n := range p.Submissions {
				if v.Links.Item(p.ID, n+1) == item {
					hits = append(hits, hit{p, n + 1})
				}
			}
		}
	}
	total = len(hits)
	people, named, err := v.Ledger.ByName(ctx, contact.Words(contact.Private(text)), most)
	for _, p := range people {
		hits = append(hits, hit{p, len(p.Submissions)})
	}
	return hits, total + named, err
}

// byID reads the person whom an index leads to.
func (v *View) byID(ctx context.Context, id contact.ID, err error) ([]hit, int, error) {
	var p *ledger.Person
	if err == nil {
		p, err = v.Ledger.Person(ctx, id)
	}
	if errors.Is(err, ledger.ErrNone) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	return []hit{{p, len(p.Submissions)}}, 1, nil
}

// Say is how every surface writes a moment to staff: with its weekday, by the
// clinic's clock, and with the year where it is another one.
func (v *View) Say(t time.Time) string {
	t = t.In(v.Zone)
	if t.Year() != v.Now().In(v.Zone).Year() {
		return t.Format("Mon 2 Jan 2006 15:04 MST")
	}
	return t.Format("Mon 2 Jan 15:04 MST")
}

package desk

import (
	"context"
	"fmt"
	"strconv"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/seal"
)

// Links makes and reads the links that only their reader may use: those in the
// note to staff and the one that unsubscribes. A link carries opaque ids and a
// keyed hash; it can be neither guessed nor altered.
type Links struct {
	Keys      *seal.Keys
	PublicURL string // without a slash at the end
}

// The purposes keep one kind of link from being used as another.
const (
	forNote        = "note"
	forUnsubscribe = "unsubscribe"
)

// Note is the link by which staff do an action for submission n.
func (l Links) Note(id contact.ID, n int, action string) string {
	return l.PublicURL + "/n/" + l.Keys.Sign(forNote, string(id), strconv.Itoa(n), action)
}

// ReplyNote is the link by which staff do an action for submission n after
// having read reply k.
func (l Links) ReplyNote(id contact.ID, n, k int, action string) string {
	return l.PublicURL + "/n/" + l.Keys.Sign(forNote, string(id), strconv.Itoa(n), action, strconv.Itoa(k))
}

// Unsubscribe is the link that ends the follow-ups to submission n.
func (l Links) Unsubscribe(id contact.ID, n int) string {
	return l.PublicURL + "/u/" + l.Keys.Sign(forUnsubscribe, string(id), strconv.Itoa(n))
}

// Item is the short name of a submission, for people to say aloud. It names, it
// does not identify.
func (l Links) Item(id contact.ID, n int) string { return l.Keys.Short(ledger.ItemOf(id, n)) }

// Target is what a link is about.
type Target struct {
	Contact contact.ID
	N       int
	Action  string // with a note's link
	Reply   int    // with the link of a note about a reply
}

// ParseNote reads the token of a note's link; seal.ErrToken when it is not ours.
func (l Links) ParseNote(token string) (Target, error) { return l.parse(forNote, token, 3, 4) }

// ParseUnsubscribe reads the token of an unsubscribe link; seal.ErrToken when
// it is not ours.
func (l Links) ParseUnsubscribe(token string) (Target, error) {
	return l.parse(forUnsubscribe, token, 2, 2)
}

func (l Links) parse(purpose, token string, least, most int) (Target, error) {
	f, err := l.Keys.Verify(purpose, token)
	if err != nil {
		return Target{}, err
	}
	if len(f) < least || len(f) > most {
		return Target{}, seal.ErrToken
	}
	n, err := strconv.Atoi(f[1])
	if err != nil {
		return Target{}, seal.ErrToken
	}
	t := Target{Contact: contact.ID(f[0]), N: n}
	if len(f) > 2 {
		t.Action = f[2]
	}
	if len(f) > 3 {
		if t.Reply, err = strconv.Atoi(f[3]); err != nil {
			return Target{}, seal.ErrToken
		}
	}
	return t, nil
}

// Act does what a note's link asks for.
func (d *Desk) Act(ctx context.Context, t Target, by string) error {
	if t.Reply > 0 {
		return d.actOnReply(ctx, t, by)
	}
	var err error
	switch t.Action {
	case "read":
		err = d.Read(ctx, t.Contact, t.N, by)
	case "answered":
		_, err = d.Answered(ctx, t.Contact, t.N, By{Name: by})
	case "booked":
		_, err = d.Booked(ctx, t.Contact, t.N, By{Name: by})
	case "stop":
		_, err = d.Stop(ctx, t.Contact, t.N, By{Name: by})
	default:
		err = fmt.Errorf("note link: no action %q", t.Action)
	}
	return err
}

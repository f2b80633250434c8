package intake

import (
	"strconv"
	"strings"
	"time"

	"github.com/joydevie/followup/internal/seal"
)

// Guard tells forms that people filled in from those of programs, by what the
// form itself shows. Its word stops what would go to the visitor, and nothing
// else: the submission is taken in, and a person reads it.
type Guard struct {
	Keys *seal.Keys
	Now  func() time.Time // real time
}

// What it may say; the codes of reasons in the ledger.
const (
	GuardToken = "form_token" // a token that we did not give, or one too old
	GuardYoung = "form_young" // filled in faster than a person can
	GuardTrap  = "form_trap"  // the field that people do not see was filled in
)

// minFill is less than anybody needs to fill the form in, a browser's help
// included; a token lives for somebody who comes back to the page days later.
const (
	minFill  = 3 * time.Second
	tokenFor = 7 * 24 * time.Hour
)

const forForm = "form"

// Token makes the token of a form that is shown now. A form that is shown again
// keeps the token that it came with, before, as long as it is good.
func (g *Guard) Token(before string) string {
	if _, ok := g.shown(before); ok {
		return before
	}
	return g.Keys.Sign(forForm, strconv.FormatInt(g.Now().UnixMilli(), 36), seal.NewID())
}

// shown reads when the form was first shown, from a token that is good.
func (g *Guard) shown(token string) (time.Time, bool) {
	fields, err := g.Keys.Verify(forForm, token)
	if err != nil || len(fields) != 2 {
		return time.Time{}, false
	}
	ms, err := strconv.ParseInt(fields[0], 36, 64)
	at := time.UnixMilli(ms)
	age := g.Now().Sub(at)
	// Two servers' clocks may differ by a little.
	return at, err == nil && age < tokenFor && age > -minFill
}

// judge says why a program is taken to have sent the form, "" when none is, and
// gives the token if it is good. A form without a token is another site's own.
func (g *Guard) judge(f Form) (why, token string) {
	if strings.TrimSpace(f.Trap) != "" {
		return GuardTrap, ""
	}
	if f.Token == "" {
		return "", ""
	}
	at, ok := g.shown(f.Token)
	switch {
	case !ok:
		return GuardToken, ""
	case g.Now().Sub(at) < minFill:
		return GuardYoung, ""
	default:
		return "", f.Token
	}
}

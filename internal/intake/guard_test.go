package intake_test

import (
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/seal"
)

func TestTheFormTellsAPersonFromAProgram(t *testing.T) {
	t.Parallel()
	w := setup(t)
	now := night
	w.Guard = &intake.Guard{Keys: w.Keys, Now: func() time.Time { return now }}
	shown := w.Guard.Token("")
	for _, c := range []struct {
		name        string
		after       time.Duration
		token, trap string
		want        string
	}{
		{"somebody who types", time.Minute, shown, "", ""},
		{"somebody who takes a night over it", 14 * time.Hour, shown, "", ""},
		{"somebody whose browser fills it in", 3 * time.Second, shown, "", ""},
		{"the form of the clinic's own site", 0, "", "", ""},
		{"a program", 2 * time.Second, shown, "", intake.GuardYoung},
		{"a program at once", 0, shown, "", intake.GuardYoung},
		{"a token of somebody else's", time.Minute, "abc.def.ghi", "", intake.GuardToken},
		{"a token of nothing", time.Minute, "x", "", intake.GuardToken},
		{"a token that was changed", time.Minute, "1" + shown, "", intake.GuardToken},
		{"a link of ours as a token", time.Minute, w.Keys.Sign("note", "a", "b"), "", intake.GuardToken},
		{"a token of weeks ago", 8 * 24 * time.Hour, shown, "", intake.GuardToken},
		{"a token from the future", -time.Hour, shown, "", intake.GuardToken},
		{"the field that nobody sees", time.Minute, shown, "https://spam.example", intake.GuardTrap},
		{"the same without a token", 0, "", "x", intake.GuardTrap},
		{"the same with white space alone", time.Minute, shown, "  ", ""},
	} {
		now = night.Add(c.after)
		before := len(w.got)
		r, err := w.Submit(t.Context(), intake.Form{Email: "ann@example.com", Token: c.token, Trap: c.trap}, intake.Origin{})
		if err != nil || !r.Email || len(w.got) != before+1 {
			t.Fatalf("%s: not taken in, or answered otherwise: %+v, %v", c.name, r, err)
		}
		got := w.got[before]
		if got.Guard != c.want || (got.Token != "") != (c.want == "" && c.token != "") {
			t.Errorf("%s: %q with token %q, want %q", c.name, got.Guard, got.Token, c.want)
		}
	}
}

func TestAFormShownAgainKeepsItsToken(t *testing.T) {
	t.Parallel()
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	now := night
	g := &intake.Guard{Keys: keys, Now: func() time.Time { return now }}
	shown := g.Token("")
	now = now.Add(time.Hour)
	if again := g.Token(shown); again != shown {
		t.Error("who mends a field at once would be taken for a program")
	}
	for _, bad := range []string{"", "x", strings.ToUpper(shown)} {
		if fresh := g.Token(bad); fresh == shown || fresh == bad {
			t.Errorf("%q is kept", bad)
		}
	}
	if one, other := g.Token(""), g.Token(""); one == other {
		t.Error("two pages have one token")
	}
}

func TestWithoutAGuardNobodyIsAProgram(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if _, err := w.Submit(t.Context(), intake.Form{Email: "ann@example.com", Token: "x", Trap: "y"}, intake.Origin{}); err != nil || w.got[0].Guard != "" || w.got[0].Token != "" {
		t.Errorf("%+v, %v", w.got, err)
	}
}

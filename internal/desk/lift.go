package desk

import (
	"context"
	"errors"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// Lift takes one block away that stands against the person's newest address of
// a way, and gives what stands after it, "" for nothing. Only the reason that
// is named goes: asked twice it takes no other. What was cancelled stays so.
// Who lifts it must say why, which is kept as evidence. It returns a *Wrong, and
// ErrNone for nobody.
func (d *Desk) Lift(ctx context.Context, id contact.ID, v contact.Via, block gate.Suppression, by By) (gate.Suppression, error) {
	if by.Why == "" {
		return "", &Wrong{"why", "missing", "say how the person asked for it"}
	}
	p, err := d.Ledger.Person(ctx, id)
	if err != nil {
		return "", err
	}
	address := given(p, v)
	if address == "" {
		return "", &Wrong{"via", "the person gave no address for it", "choose the other way"}
	}
	stands, err := d.Ledger.Suppression(ctx, v, address)
	if err != nil || stands != block {
		return stands, err
	}
	_, err = d.Ledger.Lift(ctx, v, address, by.Name, string(by.Why))
	if err != nil && !errors.Is(err, ledger.ErrRace) && !errors.Is(err, ledger.ErrNone) { // somebody else lifted it
		return stands, err
	}
	d.Log.InfoContext(ctx, "block lifted", "contact", id, "channel", v, "by", by.Name, "why", block)
	return d.Ledger.Suppression(ctx, v, address)
}

// given is the newest address of a way, may it be used or not.
func given(p *ledger.Person, v contact.Via) string {
	for i := len(p.Submissions) - 1; i >= 0; i-- {
		address := string(p.Submissions[i].Email)
		if v == contact.ViaSMS {
			address = string(p.Submissions[i].Phone)
		}
		if address != "" {
			return address
		}
	}
	return ""
}

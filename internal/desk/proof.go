package desk

import (
	"context"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
)

// Proofs reads the evidence for every address and number that a person gave,
// each with everybody's who gave it. It returns ledger.ErrNone for nobody.
func (d *Desk) Proofs(ctx context.Context, id contact.ID) ([]ledger.Proof, error) {
	p, err := d.Ledger.Person(ctx, id)
	if err != nil {
		return nil, err
	}
	all := d.Ledger.Addresses(p)
	for i, a := range all {
		if all[i], err = d.Ledger.Proof(ctx, a.Via, a.Address); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// evidence is what proves a revocation that staff wrote down.
func (b By) evidence(why gate.Suppression) ledger.Evidence {
	return ledger.Evidence{What: string(why), By: b.Name, Note: string(b.Why)}
}

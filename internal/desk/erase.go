package desk

import (
	"context"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
)

// Erase removes a person now and says what went and what stays: the evidence
// and the blocks, under keyed hashes. What is planned is cancelled; an alarm
// that is set rings for nothing. It returns ledger.ErrNone for nobody.
func (d *Desk) Erase(ctx context.Context, id contact.ID, by By) (ledger.Erasure, error) {
	e, err := d.Ledger.Erase(ctx, id, by.Name)
	if err != nil {
		return e, err
	}
	d.Log.InfoContext(ctx, "person erased", "contact", id, "by", by.Name)
	return e, nil
}

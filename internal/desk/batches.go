package desk

import (
	"context"
	"time"

	"github.com/joydevie/followup/internal/ledger"
)

// BatchCard is a batch as staff see it.
type BatchCard struct {
	ID       string      `json:"batch"`
	Template string      `json:"template"`
	Stage    string      `json:"stage"` // planning, waiting, going, aborted or done
	By       string      `json:"by"`
	Aborter  string      `json:"aborted_by,omitempty"`
	Made     time.Time   `json:"made"`
	Start    time.Time   `json:"start,omitzero"`
	Pace     int         `json:"pace,omitempty"`
	Rows     int         `json:"rows"`
	Tally    *Tally      `json:"tally,omitempty"` // nil where there were too many rows to count
	Lines    []BatchLine `json:"lines,omitempty"`
}

// BatchLine is a row of a batch.
type BatchLine struct {
	Line     int    `json:"line"` // of the list
	Brief           // its ID is "" for somebody who is no longer stored
	Messages []Line `json:"messages"`
}

// countMost is up to how many rows of all batches a list of them counts where
// they stand: what a screen may wait for.
const countMost = 400

// Batches lists the newest batches, most at most, and says how many there are.
// Where they stand is counted for the newest of them, as far as that is quick.
func (v *View) Batches(ctx context.Context, most int) ([]BatchCard, int64, error) {
	batches, total, err := v.Ledger.Batches(ctx, most)
	if err != nil {
		return nil, 0, err
	}
	counts, err := v.Ledger.CountRows(ctx, batches)
	if err != nil {
		return nil, 0, err
	}
	cards, left := make([]BatchCard, 0, len(batches)), countMost
	for i, b := range batches {
		var t *Tally
		if left -= counts[i]; left >= 0 {
			counted, err := tally(ctx, v.Ledger, b)
			if err != nil {
				return nil, 0, err
			}
			t = &counted
		}
		cards = append(cards, v.card(b, counts[i], t))
	}
	return cards, total, nil
}

// Batch shows one with all its rows. It returns ErrNone when there is none.
func (v *View) Batch(ctx context.Context, id string) (BatchCard, error) {
	b, err := v.Ledger.Batch(ctx, id)
	if err != nil {
		return BatchCard{}, err
	}
	var t Tally
	lines := []BatchLine{}
	err = eachRow(ctx, v.Ledger, b, func(rows []row) error {
		for _, r := range rows {
			t.add(r)
			l := BatchLine{Line: r.Line, Messages: []Line{}}
			if len(r.messages) > 0 {
				l.Brief = v.brief(r.person, r.messages[0].Entry.N)
				l.Messages = v.Lines(r.person, r.messages)
			}
			lines = append(lines, l)
		}
		return nil
	})
	if err == nil && t.Open == 0 && b.Stage != ledger.Planning && b.Ended == 0 {
		err = v.Ledger.SetEnded(ctx, b)
	}
	card := v.card(b, t.Rows, &t)
	card.Lines = lines
	return card, err
}

func (v *View) card(b *ledger.Batch, rows int, t *Tally) BatchCard {
	c := BatchCard{
		ID: b.ID, Template: b.Template, Stage: string(b.Stage), By: b.By, Aborter: b.Aborter, Made: time.Unix(b.Made, 0).In(v.Zone), Pace: b.Pace,
		Rows: rows, Tally: t,
	}
	if b.Start > 0 {
		c.Start = time.Unix(b.Start, 0).In(v.Zone)
	}
	if b.Stage == ledger.Going {
		switch {
		case t != nil && t.Open == 0 || t == nil && b.Ended > 0:
			c.Stage = "done"
		case v.Now().Before(c.Start):
			c.Stage = "waiting"
		}
	}
	return c
}

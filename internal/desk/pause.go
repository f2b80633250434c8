package desk

import (
	"context"
	"slices"
	"time"

	"github.com/joydevie/followup/internal/contact"
)

// Pause keeps everything by a channel back until that moment, and until Resume
// at the latest: what is due waits, and what becomes too late by then does not
// go. A second pause takes the place of the first. It returns a *Wrong.
func (d *Desk) Pause(ctx context.Context, v contact.Via, until time.Time, by By) error {
	if err := checkChannel(v); err != nil {
		return err
	}
	left := time.Until(d.Alarm.Plan.Real(until))
	if !until.After(d.now()) || left <= 0 {
		return &Wrong{"until", "it lies in the past", "name a time that is to come"}
	}
	if err := d.Ledger.PauseBy(ctx, v, left, by.event("paused")); err != nil {
		return err
	}
	d.Log.WarnContext(ctx, "channel paused", "channel", v, "by", by.Name)
	return nil
}

// Resume ends a pause, whoever made it. What waited goes within some minutes.
// Twice is once.
func (d *Desk) Resume(ctx context.Context, v contact.Via, by By) error {
	if err := checkChannel(v); err != nil {
		return err
	}
	if err := d.Ledger.Resume(ctx, v); err != nil {
		return err
	}
	d.Log.WarnContext(ctx, "channel resumed", "channel", v, "by", by.Name)
	return nil
}

func checkChannel(v contact.Via) error {
	if !slices.Contains(ways, v) {
		return &Wrong{"channel", "there is no such channel", "choose email or sms"}
	}
	return nil
}

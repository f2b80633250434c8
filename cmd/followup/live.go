package main

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// live says, for the first line of the log, whether the people who write get
// messages, or staff alone.
func (h *house) live(ctx context.Context, rdb redis.UniversalClient) string {
	if !h.trial {
		return "yes: FOLLOWUP_TEST=1"
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	switch live, err := h.ledger(rdb).Live(ctx); {
	case err != nil:
		return "not known: redis does not answer"
	case live.At == 0:
		return "no: on trial, only staff get messages until `followup go-live`"
	default:
		return "yes: since " + time.Unix(live.At, 0).UTC().Format(time.RFC3339) + " by " + live.By
	}
}

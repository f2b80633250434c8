package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"
	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/dial"
	"github.com/joydevie/followup/internal/ledger"
)

// frontDesk is where a command of staff works: the house as the service has it,
// over the same Redis, while the service runs or not.
type frontDesk struct {
	*house
	redis  redis.UniversalClient
	ledger *ledger.Ledger
	desk   *desk.Desk
	by     string // who acts
}

// staff opens the front desk. It needs fewer settings than the service: Redis, the
// key set, the clinic and the public URL. Close it.
func (sys system) staff(ctx context.Context, c *cli.Command) (*frontDesk, error) {
	by, err := sys.by(c)
	if err != nil {
		return nil, err
	}
	settings, err := config.Load(sys.env, config.Staff)
	faults, _ := errors.AsType[config.Faults](err)
	log := slog.New(slog.NewTextHandler(sys.stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	h, more := furnished(settings, faults, log)
	if err := errors.Join(err, more); err != nil {
		return nil, err
	}
	dial.Quiet()
	rdb, err := dial.Redis(settings.RedisURL.Reveal(), dial.Bounded().Replicated(settings.RedisWait))
	if err == nil {
		asking, cancel := context.WithTimeout(ctx, redisAnswers)
		err = rdb.Ping(asking).Err()
		cancel()
	}
	if err != nil {
		if rdb != nil {
			_ = rdb.Close()
		}
		h.close()
		return nil, fmt.Errorf("FOLLOWUP_REDIS_URL: redis does not answer: %w", err)
	}
	book := h.ledger(rdb)
	return &frontDesk{h, rdb, book, h.desk(rdb), by}, nil
}

// redisAnswers is how long somebody who has typed a command waits to hear that
// Redis is away.
const redisAnswers = 5 * time.Second

// close ends the connections.
func (c *frontDesk) close() {
	_ = c.redis.Close()
	c.house.close()
}

// byFlag names who acts, for every command.
func byFlag() cli.Flag {
	return &cli.StringFlag{Name: "by", Usage: "who acts, as the timeline will show it (default: the login name)"}
}

// mostBy is more than a login name has.
const mostBy = 40

// by is who acts: what --by says, else the login name, else "cli".
func (sys system) by(c *cli.Command) (string, error) {
	by := c.String("by")
	if by == "" {
		by = cmp.Or(setting(sys.env, "LOGNAME"), setting(sys.env, "USER"), "cli")
	}
	if utf8.RuneCountInString(by) > mostBy || !utf8.ValidString(by) || strings.ContainsFunc(by, unicode.IsControl) {
		return "", fmt.Errorf("--by: takes a name of at most %d letters on one line; %w", mostBy, errUsage)
	}
	return by, nil
}

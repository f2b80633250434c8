package intake

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/joydevie/followup/internal/metrics"
	"github.com/joydevie/followup/tasks"
)

// Spool makes submissions durable while Redis cannot: it keeps the sealed task
// in a folder and queues it, in the order of arrival, when Redis is back. While
// anything waits there, what arrives goes behind it, so that the order holds
// and nobody waits for a Redis that is known to be away. Safe for use by many
// goroutines; several processes may share a folder.
type Spool struct {
	Metrics *metrics.Metrics // set before the first Commit; nil: nothing is counted

	folder  string
	enqueue Enqueue
	sealer  tasks.Sealer
	log     *slog.Logger

	// Heed does what an opt-out asks for, which KeepOptOut was given. It may be
	// asked again for one that is done. It is required before Drain runs where
	// opt-outs are kept.
	Heed func(ctx context.Context, wish []byte) error

	mu     sync.Mutex
	last   int64           // the number of the newest file of this process
	own    map[string]bool // files of this process that wait; true once written
	others int             // files that the last look found beside these
	aside  int             // files that could not be read
	wishes int             // opt-outs that the last look found
}

const (
	// enqueuePatience bounds the wait for Redis: with a disk's milliseconds on
	// top, a visitor waits for less than two seconds.
	enqueuePatience = 1200 * time.Millisecond

	// drainEvery is how often the folder is looked at, and a Redis that was away
	// is asked again.
	drainEvery = 500 * time.Millisecond

	// spoolLimit is how many submissions may wait. At some 2 KiB each that is
	// 40 MiB: a flood must not fill the disk that everything else needs.
	spoolLimit = 20_000
)

// The errors of a spool that takes nothing more.
var (
	ErrSpoolFull     = errors.New("spool: full")
	errSpoolReserve  = fmt.Errorf("spool: more than %d submissions wait", spoolLimit*8/10)
	errSpoolUnopened = errors.New("spool: submissions that cannot be read were set aside; is a key missing from the key set?")
)

// OpenSpool opens the folder, making it when it is missing, and counts what an
// earlier process left there. Drain must run for anything to leave it.
func OpenSpool(folder string, enqueue Enqueue, s tasks.Sealer, log *slog.Logger) (*Spool, error) {
	spool := &Spool{folder: folder, enqueue: enqueue, sealer: s, log: log, own: map[string]bool{}}
	if err := makeFolder(folder); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	if err := readmit(folder); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	if _, err := spool.look(); err != nil {
		return nil, err
	}
	return spool, nil
}

// Commit makes a submission durable, in Redis or on disk: it implements
// Enqueue. An error means that it is, as far as we know, in neither.
func (s *Spool) Commit(ctx context.Context, t tasks.Submission) error {
	where, err := s.commit(ctx, t)
	switch {
	case err != nil:
		s.Metrics.Refused()
	case !t.Canary(): // nobody wrote
		s.Metrics.Submitted(where)
	}
	return err
}

func (s *Spool) commit(ctx context.Context, t tasks.Submission) (where string, err error) {
	var away error
	if s.empty() {
		if away = s.queue(ctx, t); away == nil {
			return "redis", nil
		}
	}
	full := s.keep(ctx, t, away)
	if full == nil {
		return "spool", nil
	}
	if away == nil { // the disk is at fault and Redis may be back: order matters less than keeping it
		if away = s.queue(ctx, t); away == nil {
			return "redis", nil
		}
	}
	return "", errors.Join(away, full)
}

// queue hands the submission to Redis within enqueuePatience.
func (s *Spool) queue(ctx context.Context, t tasks.Submission) error {
	ctx, cancel := context.WithTimeout(ctx, enqueuePatience)
	defer cancel()
	return s.enqueue(ctx, t)
}

// keep writes the submission to disk; why Redis was left out goes to the log,
// once an outage.
func (s *Spool) keep(ctx context.Context, t tasks.Submission, away error) error {
	sealed, err := tasks.Submitted.Encode(t, s.sealer)
	if err != nil {
		return err
	}
	name, first, err := s.reserve(waitingSuffix)
	if err != nil {
		return err
	}
	if first && away != nil {
		s.log.WarnContext(ctx, "redis is away; submissions go to the spool", "err", away)
	}
	return s.put(ctx, name, sealed)
}

func (s *Spool) put(ctx context.Context, name string, sealed []byte) error {
	return within(ctx, func() error {
		err := write(s.folder, name, sealed)
		s.wrote(name, err)
		return err
	})
}

// reserve gives the next file its name: a number that grows, so that names sort
// in the order of arrival, and a random part, since other processes count too.
// From here on the spool is not empty.
func (s *Spool) reserve(suffix string) (name string, first bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if suffix == waitingSuffix && len(s.own)+s.others >= spoolLimit {
		return "", false, ErrSpoolFull
	}
	s.last = max(s.last+1, time.Now().UnixNano())
	name = fmt.Sprintf("%019d-%s%s", s.last, rand.Text()[:8], suffix)
	first = len(s.own)+s.others == 0
	s.own[name] = false
	return name, first, nil
}

func (s *Spool) wrote(name string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own[name] = true; err != nil {
		delete(s.own, name)
	}
}

// Depth says how many submissions wait, and how many were set aside since they
// cannot be read.
func (s *Spool) Depth() (waiting, aside int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.own) + s.others, s.aside
}

func (s *Spool) empty() bool {
	waiting, _ := s.Depth()
	return waiting == 0
}

// Check says how many submissions wait, and what would keep the spool from
// taking more, now or soon: it tries to write as much as the largest form has.
func (s *Spool) Check(ctx context.Context) (waiting int, err error) {
	if waiting, _ = s.Depth(); waiting > spoolLimit*8/10 {
		return waiting, errSpoolReserve
	}
	err = within(ctx, func() error {
		name := "probe-" + rand.Text()[:8]
		defer func() { _ = os.Remove(filepath.Join(s.folder, name)) }()
		return write(s.folder, name, make([]byte, 64<<10))
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.aside > 0 {
		err = errSpoolUnopened
	}
	return waiting, err
}

// within bounds the wait for a disk: a system call cannot be called off, so one
// that hangs keeps its goroutine until the disk answers.
func within(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("spool: the disk does not answer: %w", ctx.Err())
	}
}

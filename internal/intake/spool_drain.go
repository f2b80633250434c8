package intake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/joydevie/followup/tasks"
)

// Drain does what the opt-outs that wait ask for, and then queues the
// submissions, oldest first, whenever Redis takes it, until ctx is done. Of
// several processes on one folder one drains at a time. A crash between queueing
// and removing queues a submission again under the same id, which counts once.
func (s *Spool) Drain(ctx context.Context) error {
	tick := time.NewTicker(drainEvery)
	defer tick.Stop()
	for failing := false; ; {
		switch n, err := s.pass(ctx); {
		case err != nil && ctx.Err() == nil && !failing:
			failing = true
			s.log.ErrorContext(ctx, "spool", "err", err)
		case err == nil:
			failing = false
			if n > 0 {
				s.log.InfoContext(ctx, "spool drained", "count", n)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// pass drains as much as Redis takes now, and says how much that was.
func (s *Spool) pass(ctx context.Context) (drained int, err error) {
	lock, err := os.OpenFile(filepath.Join(s.folder, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return 0, fmt.Errorf("spool: %w", err)
	}
	defer lock.Close() // and with it the lock goes, as it does when the process dies
	alone, err := tryLock(lock)
	if err != nil {
		return 0, fmt.Errorf("spool: %w", err)
	}
	for {
		names, err := s.look()
		if err != nil || len(names) == 0 || !alone {
			return drained, err
		}
		wishes, submissions := optOutsFirst(names)
		heeded, failed := s.heed(ctx, wishes)
		drained += heeded
		for _, name := range submissions {
			queued, err := s.drain(ctx, name)
			if err != nil {
				return drained, err
			}
			if !queued {
				return drained, nil // Redis is still away
			}
			drained++
		}
		if failed != nil {
			return drained, failed
		}
	}
}

// drain queues one submission and takes its file away.
func (s *Spool) drain(ctx context.Context, name string) (queued bool, err error) {
	path := filepath.Join(s.folder, name)
	sealed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) { // its writer took it back
		s.forget(name)
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("spool: %w", err)
	}
	t, err := tasks.Submitted.Decode(sealed, s.sealer)
	if err != nil {
		return true, s.setAside(ctx, name, err)
	}
	if s.queue(ctx, t) != nil {
		return false, nil //nolint:nilerr // that Redis is still away is no error here
	}
	if err := remove(path); err != nil {
		return false, err
	}
	s.forget(name)
	return true, nil
}

// setAside keeps what cannot be read from standing in the way of all others, and
// from being lost.
func (s *Spool) setAside(ctx context.Context, name string, why error) error {
	s.log.ErrorContext(ctx, "spooled file cannot be read; set aside", "id", name, "err", why)
	path := filepath.Join(s.folder, name)
	if err := os.Rename(path, path+asideSuffix); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	s.forget(name)
	return nil
}

func (s *Spool) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ours := s.own[name]; ours {
		delete(s.own, name)
	} else if s.others > 0 {
		s.others--
	}
}

// look lists what waits, in order, and counts it.
func (s *Spool) look() (names []string, err error) {
	before := s.written()
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	tidy(s.folder, entries)
	aside, wishes := 0, 0
	for _, e := range entries {
		if strings.HasSuffix(strings.TrimSuffix(e.Name(), asideSuffix), optOutSuffix) {
			wishes++ // one that cannot be read may be anybody's
		}
		switch {
		case strings.HasSuffix(e.Name(), waitingSuffix), strings.HasSuffix(e.Name(), optOutSuffix):
			names = append(names, e.Name())
		case strings.HasSuffix(e.Name(), asideSuffix):
			aside++
		}
	}
	slices.Sort(names)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range before { // drained by another process
		if _, here := slices.BinarySearch(names, name); !here {
			delete(s.own, name)
		}
	}
	s.others, s.aside, s.wishes = 0, aside, wishes
	for _, name := range names {
		if _, ours := s.own[name]; !ours {
			s.others++
		}
	}
	return names, nil
}

// written lists the files of this process that are on disk.
func (s *Spool) written() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, done := range s.own {
		if done {
			names = append(names, name)
		}
	}
	return names
}

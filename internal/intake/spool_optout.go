package intake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// aboutOptOut is the place that a kept opt-out is sealed for.
const aboutOptOut = "spool:optout"

// KeepOptOut makes an opt-out durable that Redis could not take. It is done, by
// Heed, before anything else leaves the spool, and there is always room for it.
func (s *Spool) KeepOptOut(ctx context.Context, wish []byte) error {
	name, _, err := s.reserve(optOutSuffix)
	if err != nil {
		return err
	}
	return s.put(ctx, name, s.sealer.Seal(wish, aboutOptOut))
}

// Unheeded counts the opt-outs that are not yet in force. While there are any,
// nothing may be sent. It counts those of other processes as the last look at
// the folder found them, half a second ago.
func (s *Spool) Unheeded() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := 0
	for name := range s.own {
		if strings.HasSuffix(name, optOutSuffix) {
			own++
		}
	}
	return max(own, s.wishes)
}

// heed does what these opt-outs ask for, until one fails: Redis is away, or the
// rest would fail too.
func (s *Spool) heed(ctx context.Context, names []string) (done int, err error) {
	for _, name := range names {
		path := filepath.Join(s.folder, name)
		sealed, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) { // its writer took it back
			s.forget(name)
			continue
		}
		if err != nil {
			return done, fmt.Errorf("spool: %w", err)
		}
		wish, err := s.sealer.Open(sealed, aboutOptOut)
		if err != nil {
			if err := s.setAside(ctx, name, err); err != nil {
				return done, err
			}
			continue
		}
		heeding, cancel := context.WithTimeout(ctx, enqueuePatience)
		err = s.Heed(heeding, wish)
		cancel()
		if err != nil {
			return done, fmt.Errorf("spool: an opt-out is not yet in force, so nothing is sent: %w", err)
		}
		if err := remove(path); err != nil {
			return done, err
		}
		s.forget(name)
		done++
	}
	if len(names) > 0 {
		_, err = s.look() // and with it count what is left
	}
	return done, err
}

// optOutsFirst parts the names, each part in the order of arrival.
func optOutsFirst(names []string) (wishes, submissions []string) {
	for _, name := range names {
		if strings.HasSuffix(name, optOutSuffix) {
			wishes = append(wishes, name)
		} else {
			submissions = append(submissions, name)
		}
	}
	return wishes, submissions
}

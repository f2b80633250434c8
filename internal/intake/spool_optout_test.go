package intake_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/seal"
)

// heeded has the spool do opt-outs on the same queue as submissions, so that
// their order shows.
func (s *spooled) heeded() {
	s.Heed = func(_ context.Context, wish []byte) error {
		s.queue.mu.Lock()
		defer s.queue.mu.Unlock()
		if s.queue.away {
			return errAway
		}
		s.queue.got = append(s.queue.got, "wish "+string(wish))
		return nil
	}
}

func TestOptOutsLeaveTheSpoolBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	s := newSpool(t)
	s.heeded()
	s.queue.set(true, false)
	for i := range 3 {
		if err := s.Commit(t.Context(), submission(i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, wish := range []string{"canary one", "canary two"} {
		if err := s.KeepOptOut(t.Context(), []byte(wish)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range s.files(t, ".optout") {
		if content, _ := os.ReadFile(filepath.Join(s.folder, name)); len(content) == 0 || strings.Contains(string(content), "canary") {
			t.Errorf("%s lies in the clear", name)
		}
	}
	if n := s.Unheeded(); n != 2 {
		t.Errorf("%d are not in force", n)
	}
	// Their process dies, and another one drains.
	next := openSpool(t, s.folder, s.keys, s.queue)
	next.heeded()
	if n := next.Unheeded(); n != 2 {
		t.Errorf("after a restart %d are not in force", n)
	}
	s.queue.set(false, false)
	next.drain(t, func() bool { return len(s.queue.ids()) == 5 && next.Unheeded() == 0 })
	if got := s.queue.ids(); !slices.Equal(got, []string{"wish canary one", "wish canary two", "id-000", "id-001", "id-002"}) {
		t.Errorf("in the order %q", got)
	}
	if left := append(s.files(t, ".optout"), s.files(t, ".task")...); len(left) != 0 {
		t.Errorf("%q stay in the spool", left)
	}
}

func TestAnOptOutThatCannotBeReadHoldsEverythingUntilItsKeyIsBack(t *testing.T) {
	t.Parallel()
	s := newSpool(t)
	if err := s.KeepOptOut(t.Context(), []byte("wish")); err != nil {
		t.Fatal(err)
	}
	other, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	keyless := openSpool(t, s.folder, other, s.queue)
	keyless.heeded()
	if err := keyless.Commit(t.Context(), submission(1)); err != nil { // behind it
		t.Fatal(err)
	}
	keyless.drain(t, func() bool { return len(s.queue.ids()) == 1 })
	if keyless.Unheeded() != 1 {
		t.Error("it counts as in force")
	}
	if _, err := keyless.Check(t.Context()); err == nil {
		t.Error("nobody is told")
	}
	again := openSpool(t, s.folder, s.keys, s.queue)
	again.heeded()
	again.drain(t, func() bool { return again.Unheeded() == 0 })
	if got := s.queue.ids(); !slices.Contains(got, "wish wish") {
		t.Errorf("%q", got)
	}
}

func TestOneOptOutThatFailsHoldsNoSubmissionBack(t *testing.T) {
	t.Parallel()
	s := newSpool(t)
	s.Heed = func(context.Context, []byte) error { return errAway }
	if err := s.KeepOptOut(t.Context(), []byte("wish")); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), submission(1)); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	s.drain(t, func() bool { return len(s.queue.ids()) == 1 })
	if s.Unheeded() != 1 || !strings.Contains(s.log.String(), "not yet in force") {
		t.Errorf("%d after %s; log %q", s.Unheeded(), time.Since(start), s.log)
	}
}

package intake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/tasks"
)

// queue is a Redis that is away when the test says so.
type queue struct {
	mu   sync.Mutex
	away bool
	hang bool
	got  []string
}

var errAway = errors.New("redis is away")

func (q *queue) enqueue(ctx context.Context, s tasks.Submission) error {
	q.mu.Lock()
	hang := q.hang
	q.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.away {
		return errAway
	}
	q.got = append(q.got, s.ID)
	return nil
}

func (q *queue) set(away, hang bool) { q.mu.Lock(); q.away, q.hang = away, hang; q.mu.Unlock() }
func (q *queue) ids() []string       { q.mu.Lock(); defer q.mu.Unlock(); return slices.Clone(q.got) }

type spooled struct {
	*intake.Spool
	folder string
	keys   *seal.Keys
	queue  *queue
	log    *bytes.Buffer
}

func openSpool(t *testing.T, folder string, keys *seal.Keys, q *queue) *spooled {
	t.Helper()
	log := &bytes.Buffer{}
	s, err := intake.OpenSpool(folder, q.enqueue, keys, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return &spooled{s, folder, keys, q, log}
}

func newSpool(t *testing.T) *spooled {
	t.Helper()
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	return openSpool(t, filepath.Join(t.TempDir(), "spool"), keys, &queue{})
}

// drain runs Drain until ok holds.
func (s *spooled) drain(t *testing.T, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Drain(ctx) }()
	until(t, ok)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func until(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	for tick := time.NewTicker(5 * time.Millisecond); !ok(); {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatal("waited for 20 s")
		}
	}
}

func (s *spooled) files(t *testing.T, suffix string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			names = append(names, e.Name())
		}
	}
	return names
}

func submission(i int) tasks.Submission {
	return tasks.Submission{ID: fmt.Sprintf("id-%03d", i), Name: "Canaria", Email: "canaria@example.com", Message: "zebra"}
}

func ids(n int) (want []string) {
	for i := range n {
		want = append(want, submission(i).ID)
	}
	return want
}

func TestWhatRedisCannotTakeIsKeptSealedAndQueuedInOrder(t *testing.T) {
	t.Parallel()
	s := newSpool(t)
	s.queue.set(true, false)
	for i := range 50 {
		if err := s.Commit(t.Context(), submission(i)); err != nil {
			t.Fatal(err)
		}
	}
	names := s.files(t, ".task")
	if len(names) != 50 || len(s.queue.ids()) != 0 {
		t.Fatalf("%d files, queued %v", len(names), s.queue.ids())
	}
	for _, name := range names {
		path := filepath.Join(s.folder, name)
		content, err := os.ReadFile(path)
		info, _ := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 || bytes.Contains(content, []byte("anaria")) || bytes.Contains(content, []byte("zebra")) || strings.Contains(name, "id-") {
			t.Errorf("%s, mode %v, holds %q, %v", name, info.Mode(), content, err)
		}
	}
	if info, _ := os.Stat(s.folder); info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is open to others: %v", info.Mode())
	}
	s.queue.set(false, false)
	s.drain(t, func() bool { return len(s.queue.ids()) == 50 && len(s.files(t, ".task")) == 0 })
	if got := s.queue.ids(); !slices.Equal(got, ids(50)) {
		t.Errorf("queued as %v", got)
	}
	if strings.Count(s.log.String(), "go to the spool") != 1 || strings.Contains(s.log.String(), "anaria") {
		t.Errorf("log: %s", s.log)
	}
}

func TestWhileAnythingWaitsNewSubmissionsGoBehindItWithoutAskingRedis(t *testing.T) {
	t.Parallel()
	s := newSpool(t)
	s.queue.set(true, false)
	_ = s.Commit(t.Context(), submission(0))
	s.queue.set(false, false) // back, but nobody has drained yet
	_ = s.Commit(t.Context(), submission(1))
	if got := s.queue.ids(); len(got) != 0 {
		t.Errorf("%v overtook the one that waits", got)
	}
	s.drain(t, func() bool { return len(s.queue.ids()) == 2 })
	if err := s.Commit(t.Context(), submission(2)); err != nil || !slices.Equal(s.queue.ids(), ids(3)) || len(s.files(t, ".task")) != 0 {
		t.Errorf("after the drain: %v, %v", err, s.queue.ids())
	}
}

func TestARedisThatHangsIsWaitedForOnce(t *testing.T) {
	t.Parallel()
	s := newSpool(t)
	s.queue.set(false, true)
	for i, most := range []time.Duration{5 * time.Second, 800 * time.Millisecond} {
		start := time.Now()
		if err := s.Commit(t.Context(), submission(i)); err != nil || time.Since(start) > most {
			t.Errorf("submission %d took %s: %v", i, time.Since(start), err)
		}
	}
}

func TestANewProcessDrainsWhatTheLastOneLeft(t *testing.T) {
	t.Parallel()
	first := newSpool(t)
	first.queue.set(true, false)
	for i := range 3 {
		_ = first.Commit(t.Context(), submission(i))
	}
	second := openSpool(t, first.folder, first.keys, &queue{})
	_ = second.Commit(t.Context(), submission(3)) // behind what was left
	second.drain(t, func() bool { return len(second.queue.ids()) == 4 })
	if got := second.queue.ids(); !slices.Equal(got, ids(4)) {
		t.Errorf("queued as %v", got)
	}
}

func TestTwoProcessesOnOneFolderDrainEachFileOnce(t *testing.T) {
	t.Parallel()
	a := newSpool(t)
	a.queue.set(true, false)
	for i := range 200 {
		_ = a.Commit(t.Context(), submission(i))
	}
	b := openSpool(t, a.folder, a.keys, a.queue)
	a.queue.set(false, false)
	ctx, cancel := context.WithCancel(t.Context())
	var both sync.WaitGroup
	for _, s := range []*spooled{a, b} {
		both.Go(func() { _ = s.Drain(ctx) })
	}
	until(t, func() bool { return len(a.files(t, ".task")) == 0 })
	// Each notices that nothing waits any more, whoever drained it.
	until(t, func() bool {
		x, _ := a.Check(t.Context())
		y, _ := b.Check(t.Context())
		return x == 0 && y == 0
	})
	cancel()
	both.Wait()
	if got := a.queue.ids(); !slices.Equal(got, ids(200)) {
		t.Errorf("%d were queued, in order: %v", len(got), slices.IsSorted(got))
	}
}

func TestWithoutRedisAndWithoutADiskNothingWasTakenInAndReadinessSaidSo(t *testing.T) {
	t.Parallel()
	s := newSpool(t)
	if waiting, err := s.Check(t.Context()); waiting != 0 || err != nil {
		t.Errorf("at first: %d, %v", waiting, err)
	}
	// A folder that is gone: even root cannot write there.
	if err := os.RemoveAll(s.folder); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Check(t.Context()); err == nil {
		t.Error("a spool that cannot be written passes")
	}
	s.queue.set(true, false)
	if err := s.Commit(t.Context(), submission(0)); !errors.Is(err, errAway) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	s.queue.set(false, false)
	if err := s.Commit(t.Context(), submission(1)); err != nil {
		t.Errorf("Redis is back and the submission is refused: %v", err)
	}
}

func TestADiskThatFailsWhileOthersWaitLeavesRedis(t *testing.T) {
	t.Parallel()
	s := newSpool(t)
	s.queue.set(true, false)
	_ = s.Commit(t.Context(), submission(0))
	s.queue.set(false, false)
	if err := os.RemoveAll(s.folder); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), submission(1)); err != nil || !slices.Equal(s.queue.ids(), []string{"id-001"}) {
		t.Errorf("%v, queued %v", err, s.queue.ids())
	}
}

func TestWhatCannotBeReadIsSetAsideAndTriedAgainByTheNextProcess(t *testing.T) {
	t.Parallel()
	s := newSpool(t)
	s.queue.set(true, false)
	_ = s.Commit(t.Context(), submission(0))
	other, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	blind := openSpool(t, s.folder, other, &queue{})
	blind.drain(t, func() bool { return len(s.files(t, ".unreadable")) == 1 })
	if err := blind.Commit(t.Context(), submission(1)); err != nil || !slices.Equal(blind.queue.ids(), []string{"id-001"}) {
		t.Errorf("one bad file stands in the way: %v", err)
	}
	blind.drain(t, func() bool { _, err := blind.Check(t.Context()); return err != nil })
	mended := openSpool(t, s.folder, s.keys, &queue{})
	mended.drain(t, func() bool { return slices.Equal(mended.queue.ids(), []string{"id-000"}) })
}

func TestAWriterThatDiedLeavesNothingHalf(t *testing.T) {
	t.Parallel()
	s := newSpool(t)
	part := filepath.Join(s.folder, "0000000000000000001-AAAAAAAA.task.part")
	if err := os.WriteFile(part, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-2 * time.Minute)
	if err := os.Chtimes(part, old, old); err != nil {
		t.Fatal(err)
	}
	s.drain(t, func() bool { return len(s.files(t, ".part")) == 0 })
	if len(s.queue.ids()) != 0 {
		t.Error("half a submission was queued")
	}
}

package ledger_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/ledger"
)

func TestAFreshRedisIsOnTrialUntilSomebodyGoesLive(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var starts sync.WaitGroup // several processes at once
	for range 20 {
		starts.Go(func() {
			if _, err := w.Mark(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	starts.Wait()
	if live, err := w.Live(t.Context()); err != nil || live != (ledger.Live{}) {
		t.Fatalf("live already: %+v, %v", live, err)
	}
	first, err := w.GoLive(t.Context(), "ann")
	if err != nil || first.By != "ann" || first.At == 0 {
		t.Errorf("%+v, %v", first, err)
	}
	if again, err := w.GoLive(t.Context(), "bob"); err != nil || again != first {
		t.Errorf("the second time: %+v, %v", again, err)
	}
}

func TestAnInstallationFromBeforeTrialsGoesOnSending(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.redis.Set(t.Context(), "f:mark", "MARKOFANOLDVERSION", 0)
	mark, err := w.Mark(t.Context())
	if err != nil || mark != "MARKOFANOLDVERSION" {
		t.Fatal(mark, err)
	}
	if live, err := w.Live(t.Context()); err != nil || live.By != "upgrade" {
		t.Errorf("%+v, %v", live, err)
	}
	if got := w.redis.Get(t.Context(), "f:schema").Val(); got != strconv.Itoa(ledger.Schema) {
		t.Errorf("schema %q", got)
	}
}

func TestANewerLedgerIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, newer := range []string{strconv.Itoa(ledger.Schema + 1), "10", "of tomorrow"} {
		w := setup(t)
		w.redis.Set(t.Context(), "f:schema", newer, 0)
		if _, err := w.Mark(t.Context()); !errors.Is(err, ledger.ErrNewer) {
			t.Errorf("%s: %v", newer, err)
		}
		if err := w.Known(t.Context()); !errors.Is(err, ledger.ErrNewer) {
			t.Errorf("%s is known: %v", newer, err)
		}
		if n := w.redis.DBSize(t.Context()).Val(); n != 1 {
			t.Errorf("%s: %d keys", newer, n)
		}
	}
}

// A newer version that starts at the same moment wins, whichever step of the
// older one it comes before.
func TestANewerLedgerThatComesMeanwhileIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := setupQuick(t)
	for _, newer := range []string{strconv.Itoa(ledger.Schema + 1), "of tomorrow"} {
		for step := 1; ; step++ {
			w.redis.FlushAll(t.Context())
			before, came := at(step, func() error { return w.redis.Set(t.Context(), "f:schema", newer, 0).Err() })
			_, err := w.stepwise(t, before).Mark(t.Context())
			if !came() {
				break
			}
			if have := w.redis.Get(t.Context(), "f:schema").Val(); have != newer {
				t.Errorf("written before step %d, %s became %s", step, newer, have)
			}
			if after := step > schemaSteps; after != (err == nil) {
				t.Errorf("%s came before step %d: %v", newer, step, err)
			}
		}
	}
}

// schemaSteps is how many steps it takes to claim the schema; the mark comes after.
const schemaSteps = 3

func TestAnUpgradeKeepsTheOlderProgramAway(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.redis.MSet(t.Context(), "f:schema", "1", "f:mark", "MARKOFANOLDVERSION")
	if _, err := w.Mark(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.redis.Get(t.Context(), "f:schema").Val(); got != strconv.Itoa(ledger.Schema) {
		t.Errorf("schema %q: an older program would start beside this one", got)
	}
	if live, err := w.Live(t.Context()); err != nil || live != (ledger.Live{}) {
		t.Errorf("the upgrade ended the trial: %+v, %v", live, err)
	}
}

func TestEverybodyWhoIsAwaitedIsFound(t *testing.T) {
	t.Parallel()
	w := setup(t)
	pipe := w.redis.Pipeline()
	for i := range 1234 {
		pipe.ZAdd(t.Context(), "f:due", redis.Z{Score: float64(i), Member: "p" + strconv.Itoa(i)})
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen := map[contact.ID]bool{}
	if err := w.Awaited(t.Context(), func(id contact.ID) error { seen[id] = true; return nil }); err != nil || len(seen) != 1234 {
		t.Errorf("%d, %v", len(seen), err)
	}
	enough := errors.New("enough")
	if err := w.Awaited(t.Context(), func(contact.ID) error { return enough }); !errors.Is(err, enough) {
		t.Error(err)
	}
}

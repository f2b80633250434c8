package ledger_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
)

// late holds the script of a claim back until what is read beside it has come
// back from other nodes, and does something then.
type late struct {
	mu   sync.Mutex
	do   func() // once; nil when there is nothing to do
	read chan struct{}
}

func (l *late) arm(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.do, l.read = do, make(chan struct{}, 8)
}

func (l *late) take(cmds []redis.Cmder) (do func(), read chan struct{}, script bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if script = cmds[0].Name() == "evalsha"; script {
		do, l.do = l.do, nil
	}
	return do, l.read, script
}

func (l *late) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (l *late) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (l *late) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		do, read, script := l.take(cmds)
		if do != nil {
			select {
			case <-read:
			case <-time.After(100 * time.Millisecond): // nothing is read before the claim
			}
			do()
		}
		err := next(ctx, cmds)
		if !script && read != nil {
			select {
			case read <- struct{}{}:
			default:
			}
		}
		return err
	}
}

// On a Cluster the parts of a pipeline go to their nodes side by side: what may
// keep a message back must all the same be read after the claim.
func TestAClaimOnAClusterSeesWhatWasThereBeforeIt(t *testing.T) {
	t.Parallel()
	_, nodes := redistest.StartNodes(t, 3, 0)
	var addrs []string
	for _, n := range nodes {
		addrs = append(addrs, "127.0.0.1:"+n.Port)
	}
	hook := &late{}
	hooked := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, NewClient: func(o *redis.Options) *redis.Client {
		c := redis.NewClient(o)
		c.AddHook(hook)
		return c
	}})
	plain := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	t.Cleanup(func() { _, _ = hooked.Close(), plain.Close() })
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return noon }
	w, claims := world{Ledger: ledger.New(plain, keys, now)}, ledger.New(hooked, keys, now)
	for i := range 8 { // some addresses lie on another node than the person
		s := ann(fmt.Sprint(i))
		s.Email, s.Phone = contact.Email(fmt.Sprintf("ann%d@example.com", i)), ""
		a := w.admit(t, s, "confirmation")
		p := w.message(t, a.Contact, "1.confirmation")
		hook.arm(func() {
			if err := w.Block(t.Context(), contact.ViaEmail, string(s.Email), gate.Dead, "provider", "550"); err != nil {
				t.Error(err)
			}
		})
		if m, err := claims.Claim(t.Context(), p, "try", noon); err != nil || m.Suppressed != gate.Dead {
			t.Errorf("address %d was blocked before the claim, which saw %q, %v", i, m.Suppressed, err)
		}
	}
}

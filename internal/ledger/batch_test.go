package ledger_test

import (
	"errors"
	"testing"
	"time"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/internal/redistest"
	"github.com/joydevie/followup/internal/seal"
)

// On a Redis Cluster, which refuses what does not lie in one slot.
func TestABatchIsBegunOnceConfirmedAndAborted(t *testing.T) {
	t.Parallel()
	_, rdb := redistest.StartCluster(t)
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	ctx, book := t.Context(), ledger.New(rdb, keys, time.Now)
	hash := book.HashList("reminder", "ann@example.com\n")
	if _, err := book.Batched(ctx, hash); !errors.Is(err, ledger.ErrNone) {
		t.Errorf("before: %v", err)
	}
	ours, err := book.NewBatch(ctx, ledger.Batch{ID: "ours", List: hash, Made: 1_800_000_000}, false)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := book.NewBatch(ctx, ledger.Batch{ID: "theirs", List: hash, Made: 1_800_000_001}, false)
	if err != nil || theirs.ID != "ours" {
		t.Errorf("a second at once is %+v, %v", theirs, err)
	}
	if all, total, err := book.Batches(ctx, 9); err != nil || total != 1 || len(all) != 1 || all[0].Stage != ledger.Planning {
		t.Errorf("%d of %d, %v", len(all), total, err)
	}
	rows := []ledger.BatchRow{{Line: 3, Contact: "b", Alone: 1}, {Line: 2, Contact: "a", Alone: 4}}
	for range 2 {
		if err := book.AddRows(ctx, ours, rows); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := book.Rows(ctx, ours, 0, 9); err != nil || len(got) != 2 || got[0] != rows[1] || got[1] != rows[0] {
		t.Errorf("rows %v, %v", got, err)
	}
	start := time.Now().Truncate(time.Second)
	if err := book.Confirm(ctx, ours, start); err != nil || ours.Stage != ledger.Going || ours.Start != start.Unix() {
		t.Errorf("confirmed %+v, %v", ours, err)
	}
	if err := book.Confirm(ctx, theirs, start.Add(time.Hour)); err != nil || theirs.Start != start.Unix() {
		t.Errorf("confirmed twice, the start is %d, %v", theirs.Start, err)
	}
	for _, by := range []string{"ann", "bea"} {
		if err := book.Abort(ctx, ours, by); err != nil || ours.Stage != ledger.Aborted || ours.Aborter != "ann" {
			t.Errorf("aborted by %s: %+v, %v", by, ours, err)
		}
	}
	if err := book.Confirm(ctx, ours, start); err != nil || ours.Stage != ledger.Aborted {
		t.Errorf("confirmed after the abort it is %s, %v", ours.Stage, err)
	}
	if b, err := book.NewBatch(ctx, ledger.Batch{ID: "again", List: hash, Made: 1_800_000_002}, true); err != nil || b.ID != "again" {
		t.Errorf("again: %+v, %v", b, err)
	}
	if b, err := book.Batched(ctx, hash); err != nil || b.ID != "again" {
		t.Errorf("the list's batch is %+v, %v", b, err)
	}
	for _, key := range []string{"f:batch:{ours}", "f:batch:{ours}:rows", "f:list:" + hash} {
		if left := rdb.TTL(ctx, key).Val(); left <= 0 || left > 366*24*time.Hour {
			t.Errorf("%s is kept for %s", key, left)
		}
	}

	a, err := book.Admit(ctx, contact.Submission{ID: "s", At: time.Now(), Email: "ann@example.com", Phone: "+13035550142", Language: contact.English}, ledger.Once{},
		func(*ledger.Person) ledger.Plan { return ledger.Plan{} })
	if err == nil {
		err = book.Suppress(ctx, a.Contact, 1, contact.ViaSMS, gate.OptedOut, "person")
	}
	if err != nil {
		t.Fatal(err)
	}
	all := []ledger.Reach{{Via: contact.ViaEmail, Address: "Ann@example.com"}, {Via: contact.ViaSMS, Address: "+13035550142"}, {Via: contact.ViaEmail, Address: "nobody@example.com"}}
	if ids, err := book.Led(ctx, all); err != nil || ids[0] != a.Contact || ids[1] != a.Contact || ids[2] != "" {
		t.Errorf("they lead to %v, %v", ids, err)
	}
	if why, err := book.Suppressions(ctx, all); err != nil || why[all[0]] != "" || why[all[1]] != gate.OptedOut || len(why) != 3 {
		t.Errorf("against them stands %v, %v", why, err)
	}
}

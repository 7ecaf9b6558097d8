package journal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/journal/disk"
	"github.com/sseactor/sseactor/transport/journal/memory"
)

// boxEvents is how many records a box holds.
const boxEvents = 1000

func bounds() journal.Bounds {
	b := journal.DefaultBounds()
	b.Records, b.Bytes = boxEvents, 16<<20
	return b
}

// newStore is one in memory.
func newStore(t testing.TB) journal.Store {
	t.Helper()
	store, err := memory.New(bounds(), time.Now)
	require.NoError(t, err)
	return store
}

// onEachStore runs a test with each.
func onEachStore(t *testing.T, test func(t *testing.T, newStore func(t testing.TB) journal.Store)) {
	t.Run("memory", func(t *testing.T) { test(t, newStore) })
	t.Run("disk", func(t *testing.T) {
		test(t, func(t testing.TB) journal.Store {
			store, err := disk.Open(disk.Options{Dir: t.TempDir(), Bounds: bounds(), Now: time.Now})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, store.Close()) })
			return store
		})
	})
}

var errDisk = errors.New("the disk is on fire")

// watched counts what is read, and fails when it is told to.
type watched struct {
	journal.Store
	reads, records    int
	cursors, advances int
	damaged           bool // each page
	failing           int  // the call, from now on, that fails; 0: none
}

func (w *watched) fail(call int) { w.failing = call }

func (w *watched) fault() error {
	if w.failing > 0 {
		if w.failing--; w.failing == 0 {
			return errDisk
		}
	}
	return nil
}

func (w *watched) ReadAfter(ctx context.Context, box journal.Box, after, through sse.Sequence, limit journal.Limit) (journal.Page, error) {
	if err := w.fault(); err != nil {
		return journal.Page{}, err
	}
	page, err := w.Store.ReadAfter(ctx, box, after, through, limit)
	w.reads++
	page.Damaged = w.damaged
	w.records += len(page.Records)
	return page, err
}

func (w *watched) Cursors(ctx context.Context, box journal.Box) (journal.Cursors, error) {
	if err := w.fault(); err != nil {
		return journal.Cursors{}, err
	}
	w.cursors++
	return w.Store.Cursors(ctx, box)
}

func (w *watched) Advance(ctx context.Context, positions []journal.Position, now time.Time) error {
	if err := w.fault(); err != nil {
		return err
	}
	w.advances++
	return w.Store.Advance(ctx, positions, now)
}

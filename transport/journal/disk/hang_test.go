package disk

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// hanging is a disk whose syncs begin and do not end, from hang on until resume.
type hanging struct {
	*errorfs.FS
	on     atomic.Bool
	begun  chan struct{} // has room for one: a sync hangs
	gate   chan struct{}
	resume func()
}

func newHanging(t *testing.T) *hanging {
	h := &hanging{begun: make(chan struct{}, 1), gate: make(chan struct{})}
	h.resume = sync.OnceFunc(func() { close(h.gate) })
	t.Cleanup(h.resume)
	h.FS = errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo:
			if h.on.Load() {
				select {
				case h.begun <- struct{}{}:
				default:
				}
				<-h.gate
			}
		}
		return nil
	}))
	return h
}

func TestWhileASyncHangsOnlyWritesWaitAndNoLongerThanTheyWant(t *testing.T) {
	files := newHanging(t)
	l := newLedger(t, nil)
	options := l.store.options
	options.Dir, options.fs, options.patience = t.TempDir(), files, time.Millisecond
	l.store = openTest(t, options)
	s := l.store
	ann := []journal.Position{{Box: box, Device: "phone", ID: id(1)}}
	require.NoError(t, l.append(3, 10))
	require.NoError(t, s.Advance(t.Context(), ann, l.clock()))

	files.on.Store(true)
	appended := make(chan error, 1)
	go func() {
		appended <- s.Append(context.Background(), []journal.Record{{ID: id(10), Event: sse.Event{Data: noise(10, 10)}, Boxes: []journal.Box{box}}})
	}()
	<-files.begun
	short, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	var callers sync.WaitGroup
	for n := range 2 * queuedJobs { // more than may wait
		callers.Go(func() {
			position := journal.Position{Box: journal.Box{Kind: journal.User, Name: fmt.Sprint(n)}, ID: id(1)}
			assert.ErrorIs(t, s.Advance(short, []journal.Position{position}, l.clock()), context.DeadlineExceeded)
		})
	}
	callers.Wait()
	_, err := s.Trim(short, l.clock())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, s.Clear(short), context.DeadlineExceeded)
	require.ErrorIs(t, s.Reach(id(20)), context.DeadlineExceeded, "it has no context, and a bound of its own")
	require.ErrorIs(t, s.Sync(), context.DeadlineExceeded)

	l.check("reads do not wait")
	cursors, err := s.Cursors(t.Context(), box)
	require.NoError(t, err)
	assert.Equal(t, map[string]sse.Sequence{"phone": id(1)}, cursors.Devices)
	assert.Equal(t, id(20), s.Newest())

	require.ErrorContains(t, s.Close(), "the disk does not answer")
	require.ErrorIs(t, s.Advance(t.Context(), ann, l.clock()), errClosed)
	files.on.Store(false)
	files.resume()
	require.NoError(t, <-appended, "what had begun is finished")
	require.NoError(t, s.shut())

	l.kept = append(l.kept, id(10))
	options.patience = 0
	l.store = openTest(t, options)
	l.check("after a restart")
	cursors, err = l.store.Cursors(t.Context(), journal.Box{Kind: journal.User, Name: "1"})
	require.NoError(t, err)
	assert.Empty(t, cursors.Devices, "what was given up is not done later")
}

// A store that is closed must not touch what belongs to another process by then.
func TestAClosedStoreLeavesTheDirectoryAlone(t *testing.T) {
	l := newLedger(t, nil)
	require.NoError(t, l.append(3, 10))
	closed, options := l.store, l.store.options
	require.NoError(t, closed.Close())
	l.store = openTest(t, options)
	before := copyOf(t, options.Dir)
	position := []journal.Position{{Box: box, Device: "phone", ID: id(1)}}
	require.ErrorIs(t, closed.Advance(t.Context(), position, l.clock()), errClosed)
	require.ErrorIs(t, closed.Append(t.Context(), nil), errClosed)
	assert.Nil(t, closed.db)
	assert.Equal(t, directory(t, before), directory(t, options.Dir))
	require.NoError(t, l.append(3, 10))
	require.NoError(t, l.store.Close())
	require.ErrorIs(t, closed.Advance(t.Context(), position, l.clock()), errClosed, "nor when it is free")
	l.store = openTest(t, options)
	l.check("it is whole")
}

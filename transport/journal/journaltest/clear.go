package journaltest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// tries is an Append without records.
func tries(t *testing.T, s Subject) {
	r := open(t, s, func(b *journal.Bounds) { b.Total = s.Total; b.Records, b.Bytes = 1<<20, 1<<30 })
	try := func() error { return r.Append(context.Background(), nil) }
	require.NoError(t, try(), "of an empty store")
	n := 0
	one := func() error {
		record := r.record(n+1, ann)
		record.Event.Data = noise(n, 1000)
		err := r.Append(context.Background(), []journal.Record{record})
		if err == nil {
			n++
		}
		return err
	}
	for range int(s.Total) / 4 / 1000 {
		require.NoError(t, one())
		require.NoError(t, try(), "it takes records")
	}
	for full := false; !full; {
		if err := one(); err != nil {
			require.ErrorIs(t, err, journal.ErrFull)
			err = try()
			if full = err != nil; full { // else it has made room behind the scenes
				require.ErrorIs(t, err, journal.ErrFull)
			}
		}
		require.Less(t, n, 100_000)
	}
	assert.Equal(t, id(n), r.Newest(), "a try is no record")
	assert.Len(t, r.ids(ann), n)
	require.NoError(t, r.Clear(context.Background()))
	require.Eventually(t, func() bool { return try() == nil }, 30*time.Second, time.Millisecond, "it may make room behind the scenes")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	assert.ErrorIs(t, r.Append(ctx, nil), context.Canceled)
}

func cleared(t *testing.T, s Subject) {
	r := open(t, s, func(b *journal.Bounds) { b.Records = 3 })
	r.fill(1, 5, ann, news, all)
	own := r.record(6, ann)
	own.Event.ID = must(sse.ParseID("own"))
	r.append(own)
	r.advance(ann, "phone", id(4))
	require.NoError(t, r.Reach(id(10)))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, r.Clear(ctx), context.Canceled)
	assert.Equal(t, numbered(4, 6), r.ids(ann))

	require.NoError(t, r.Clear(context.Background()))
	check := func() {
		for _, box := range []journal.Box{ann, news, all} {
			assert.Empty(t, r.ids(box))
			assert.Equal(t, journal.Cursors{}, r.cursors(box), "nobody has read, nothing is lost")
		}
		found, err := r.Find(context.Background(), ann, "own")
		require.NoError(t, err)
		assert.Zero(t, found)
		r.usage(0, 0)
		assert.Equal(t, id(10), r.Newest(), "ids go on")
		trimmed, err := r.Trim(context.Background(), r.Now().Add(24*time.Hour))
		require.NoError(t, err)
		assert.Equal(t, journal.Trimmed{}, trimmed, "nothing is left to remove")
	}
	check()
	if s.Reopen != nil {
		r.Store = s.Reopen(t, r.Store)
		check()
	}
	r.fill(11, 14, ann)
	assert.Equal(t, numbered(12, 14), r.ids(ann), "how full it is is known")
	r.usage(3, 1)
	require.NoError(t, r.Clear(context.Background()))
	require.NoError(t, r.Clear(context.Background()), "again")
}

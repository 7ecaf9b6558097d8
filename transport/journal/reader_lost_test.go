package journal_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// Whatever a box has thrown away before the reader had it is said, if there still is
// something newer or it is the reader's own.
func TestWhatWasThrownAwayIsSaid(t *testing.T) { onEachStore(t, whatWasThrownAwayIsSaid) }

func whatWasThrownAwayIsSaid(t *testing.T, newStore func(testing.TB) journal.Store) {
	for _, box := range []journal.Box{alice, kiosk, news, everybody} {
		t.Run(fmt.Sprint(box.Kind), func(t *testing.T) {
			store := newStore(t)
			var records []journal.Record
			for n := range uint64(boxEvents + 5) {
				records = append(records, record(10+n, box))
			}
			require.NoError(t, store.Append(t.Context(), records[:boxEvents]))
			require.NoError(t, store.Append(t.Context(), records[boxEvents:])) // 10 to 14 are pushed out
			for last, want := range map[uint64]bool{9: true, 13: true, 14: false, 15: false} {
				ids, lost := readAll(t, store, reader, at(last))
				assert.Equal(t, want, lost, "after %d", last)
				assert.Equal(t, max(15, last+1), ids[0])
			}
		})
	}
}

// A slow client's mailbox goes on filling up: what is pushed out before it is read is a gap
// that nobody has spoken of.
func TestWhatIsPushedOutBetweenPagesEndsThem(t *testing.T) {
	for _, box := range []journal.Box{alice, news} {
		t.Run(box.Kind.String(), func(t *testing.T) {
			store := newStore(t)
			next := uint64(1)
			fill := func(n int) {
				for range n {
					put(t, store, next, box)
					next++
				}
			}
			fill(boxEvents)
			r := journal.NewReader(store, reader, store.Newest())
			require.NoError(t, r.Begin(t.Context(), at(0), time.Now()))
			page, more, err := r.Next(t.Context())
			require.NoError(t, err)
			require.True(t, more)
			fill(len(page)) // what it has read already
			page, more, err = r.Next(t.Context())
			require.NoError(t, err)
			require.True(t, more)
			assert.Equal(t, at(journal.PageRecords+1), page[0].ID)
			fill(len(page) + 1)
			_, _, err = r.Next(t.Context())
			require.ErrorIs(t, err, journal.ErrGone)
			assert.False(t, r.Lost(), "it was told what was so then")

			again := journal.NewReader(store, reader, store.Newest())
			require.NoError(t, again.Begin(t.Context(), page[len(page)-1].ID, time.Now()))
			page, _, err = again.Next(t.Context())
			require.NoError(t, err)
			assert.True(t, again.Lost())
			assert.Equal(t, at(2*journal.PageRecords+2), page[0].ID)
		})
	}
}

// What can't be read is as good as lost, and said so.
func TestDamagedRecordsAreLost(t *testing.T) {
	store := &watched{Store: newStore(t)}
	for n := range uint64(boxEvents) {
		put(t, store, n+1, alice)
	}
	begin := func() *journal.Reader {
		r := journal.NewReader(store, reader, store.Newest())
		require.NoError(t, r.Begin(t.Context(), sse.Sequence{}, time.Now()))
		return r
	}
	store.damaged = true
	r := begin()
	page, more, err := r.Next(t.Context())
	require.NoError(t, err)
	assert.Len(t, page, journal.PageRecords)
	assert.True(t, more)
	assert.True(t, r.Lost())

	store.damaged = false
	r = begin()
	_, _, err = r.Next(t.Context())
	require.NoError(t, err)
	assert.False(t, r.Lost())
	store.damaged = true
	_, _, err = r.Next(t.Context())
	assert.ErrorIs(t, err, journal.ErrGone)
}

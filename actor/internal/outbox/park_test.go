package outbox_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/internal/outbox"
)

// The poller may tell of room at any time. Edges are told once: one that is
// missed leaves the client silent for ever.
func TestWritable(t *testing.T) {
	t.Run("wakes a parked client, once", func(t *testing.T) {
		b := parkedBox(t, 0)
		assert.True(t, b.Writable())
		assert.False(t, b.Writable(), "it has an owner now")
	})
	t.Run("is no news to an idle one", func(t *testing.T) {
		b := idleBox(t)
		assert.False(t, b.Writable())
		assert.False(t, b.Stuck())
		f := frame("x")
		require.Equal(t, outbox.Handed, b.offer(f))
		b.pipe.room = 0
		assert.Equal(t, outbox.Parked, b.flush(f), "room of long ago is not room now")
	})
	t.Run("is no news to a closed one", func(t *testing.T) {
		b := idleBox(t)
		require.True(t, b.Hangup())
		require.Equal(t, outbox.Closed, b.flush(nil))
		assert.False(t, b.Writable())
	})
	t.Run("between a full write and parking makes the owner try again", func(t *testing.T) {
		b := idleBox(t)
		f := frame("x")
		require.Equal(t, outbox.Handed, b.offer(f))
		b.pipe.room = 3
		b.pipe.during = func() { // the second write is the one that finds room
			b.pipe.during = func() { b.pipe.room = -1 }
			assert.False(t, b.Writable())
		}
		assert.Equal(t, outbox.Idle, b.flush(f))
		assert.Equal(t, joined(f), string(b.pipe.got))
	})
	t.Run("once while busy lets the owner try once, not for ever", func(t *testing.T) {
		b := idleBox(t)
		f := frame("x")
		require.Equal(t, outbox.Handed, b.offer(f))
		b.pipe.room = 0
		assert.False(t, b.Writable())
		assert.Equal(t, outbox.Parked, b.flush(f))
		assert.Len(t, b.pipe.writes, 2)
	})
}

func TestStalledIsWhoTakesNothingNow(t *testing.T) {
	assert.False(t, idleBox(t).Stalled())
	b := busyBox(t)
	assert.False(t, b.Stalled(), "its owner is at it")
	b.Aside()
	assert.True(t, b.Stalled(), "and waits for the peer")
	b = parkedBox(t, 0)
	assert.True(t, b.Stalled())
	require.True(t, b.Writable())
	assert.False(t, b.Stalled())
}

// What another goroutine asks while the owner writes is seen before it parks or
// goes idle.
func TestDuringAWrite(t *testing.T) {
	f, later := frame("x"), frame("later")
	tests := []struct {
		name   string
		room   int
		during func(t *testing.T, b *box)
		want   outbox.Outcome
		got    string
	}{
		{"a frame that is offered is written in the same flush", -1,
			func(t *testing.T, b *box) { assert.Equal(t, outbox.Queued, b.offer(later)) },
			outbox.Idle, joined(f, later)},
		{"a frame that is offered while the connection fills waits", 0,
			func(t *testing.T, b *box) { assert.Equal(t, outbox.Queued, b.offer(later)) },
			outbox.Parked, ""},
		{"a kill closes instead of going idle", -1,
			func(t *testing.T, b *box) { assertHand(t, false, true)(b.Kill()) },
			outbox.Closed, joined(f)},
		{"a kill closes instead of parking", 2,
			func(t *testing.T, b *box) { assertHand(t, false, true)(b.Kill()) },
			outbox.Closed, joined(f)[:2]},
		{"a hangup closes instead of parking", 2,
			func(t *testing.T, b *box) { assert.False(t, b.Hangup()) },
			outbox.Closed, joined(f)[:2]},
		{"an end is carried out instead of going idle", -1,
			func(t *testing.T, b *box) { assertHand(t, false, true)(b.End(farewell, false)) },
			outbox.Closed, joined(f, farewell)},
		{"an end does not keep it from parking", 2,
			func(t *testing.T, b *box) { assertHand(t, false, true)(b.End(farewell, false)) },
			outbox.Parked, joined(f)[:2]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := idleBox(t)
			require.Equal(t, outbox.Handed, b.offer(f))
			b.pipe.room = tt.room
			b.pipe.during = func() { tt.during(t, b) }
			assert.Equal(t, tt.want, b.flush(f))
			assert.Equal(t, tt.got, string(b.pipe.got))
			if tt.want == outbox.Closed {
				assert.Equal(t, 1, b.pipe.closed)
			}
		})
	}
}

// assertHand checks the two results of End and Kill.
func assertHand(t testing.TB, wantHand, wantOK bool) func(hand, ok bool) {
	return func(hand, ok bool) {
		t.Helper()
		assert.Equal(t, wantHand, hand, "hand")
		assert.Equal(t, wantOK, ok, "ok")
	}
}

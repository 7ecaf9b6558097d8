package outbox_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/internal/outbox"
	"github.com/sseactor/sseactor/actor/sse"
)

// busyBox is owned by a shared writer that has not begun.
func busyBox(t testing.TB) *box {
	t.Helper()
	b := idleBox(t)
	require.Equal(t, outbox.Handed, b.offer(frame("first")))
	return b
}

// What is offered to a busy outbox, and up to where it is taken. The frame that
// travels with the hand-over is not counted.
func TestLimits(t *testing.T) {
	low, normal, high := sse.Low, sse.Normal, sse.High
	tests := []struct {
		name   string
		limits outbox.Limits
		offers []*sse.Frame
		taken  int // so many are queued, and each after them is Full
	}{
		{"normal events up to the number of frames", outbox.Limits{Frames: 4, Bytes: 1000},
			[]*sse.Frame{sized(50, normal), sized(50, normal), sized(50, normal), sized(50, normal), sized(50, normal)}, 4},
		{"high events find it full no later", outbox.Limits{Frames: 4, Bytes: 1000},
			[]*sse.Frame{sized(50, high), sized(50, high), sized(50, high), sized(50, high), sized(50, high)}, 4},
		{"low events up to half the frames", outbox.Limits{Frames: 4, Bytes: 1000},
			[]*sse.Frame{sized(50, low), sized(50, low), sized(50, low)}, 2},
		{"normal events up to the bytes", outbox.Limits{Frames: 100, Bytes: 200},
			[]*sse.Frame{sized(50, normal), sized(50, normal), sized(100, normal), sized(20, normal)}, 3},
		{"low events up to half the bytes", outbox.Limits{Frames: 100, Bytes: 200},
			[]*sse.Frame{sized(50, low), sized(50, low), sized(20, low)}, 2},
		{"a low event counts what normal ones have filled", outbox.Limits{Frames: 100, Bytes: 200},
			[]*sse.Frame{sized(50, normal), sized(40, normal), sized(20, low)}, 2},
		{"a single event is taken even if it is larger", outbox.Limits{Frames: 100, Bytes: 200},
			[]*sse.Frame{sized(500, normal), sized(20, normal)}, 1},
		{"so is a single low one", outbox.Limits{Frames: 100, Bytes: 200},
			[]*sse.Frame{sized(500, low), sized(20, low)}, 1},
		{"control frames are as high ones", outbox.Limits{Frames: 1, Bytes: 200},
			[]*sse.Frame{sse.NewComment("a"), sse.NewComment("b")}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := busyBox(t)
			b.limits = tt.limits
			var size int
			for i, f := range tt.offers {
				v := b.offer(f)
				if i < tt.taken {
					size += f.Len()
					assert.Contains(t, []outbox.Verdict{outbox.Queued, outbox.Behind}, v, "offer %d", i)
				} else {
					assert.Equal(t, outbox.Full, v, "offer %d", i)
				}
			}
			n, bytes := b.Waiting()
			assert.Equal(t, tt.taken, n)
			assert.Equal(t, size, bytes)
		})
	}
}

func TestARefusedFrameDoesNotBarASmallerOne(t *testing.T) {
	b := busyBox(t)
	b.limits = outbox.Limits{Frames: 10, Bytes: 100}
	require.Equal(t, outbox.Behind, b.offer(sized(60, sse.Normal)))
	require.Equal(t, outbox.Full, b.offer(sized(60, sse.Normal)))
	require.Equal(t, outbox.Behind, b.offer(sized(40, sse.Normal)))
}

func TestRoomComesBackAsFramesAreWritten(t *testing.T) {
	b := parkedBox(t, 0)
	b.limits = outbox.Limits{Frames: 2, Bytes: 1000}
	one, two, three := frame("one"), frame("two"), frame("three")
	require.Equal(t, outbox.Queued, b.offer(one))
	require.Equal(t, outbox.Queued, b.offer(two))
	require.Equal(t, outbox.Full, b.offer(three))

	b.pipe.room = frame("parked").Len() + one.Len() + 1
	require.True(t, b.Writable())
	require.Equal(t, outbox.Parked, b.flush(nil))
	n, bytes := b.Waiting()
	require.Zero(t, n, "a frame of which a byte is out no longer waits")
	require.Zero(t, bytes)
	require.Equal(t, outbox.Queued, b.offer(three))
}

// Behind says that a shared writer does not come round, while there is room left.
func TestBehind(t *testing.T) {
	fill := func(b *box, n, size int) (verdicts []outbox.Verdict) {
		for range n {
			verdicts = append(verdicts, b.offer(sized(size, sse.Normal)))
		}
		return verdicts
	}
	firstBehind := func(verdicts []outbox.Verdict) int {
		for i, v := range verdicts {
			if v == outbox.Behind {
				return i
			}
		}
		return -1
	}
	t.Run("from the 65th frame on", func(t *testing.T) {
		assert.Equal(t, 64, firstBehind(fill(busyBox(t), 100, 20)))
	})
	t.Run("from a quarter of the frames on, if that is less", func(t *testing.T) {
		b := busyBox(t)
		b.limits.Frames = 20
		assert.Equal(t, 5, firstBehind(fill(b, 20, 20)))
	})
	t.Run("from a quarter of the bytes on, long before large events fill it", func(t *testing.T) {
		b := busyBox(t)
		b.limits.Bytes = 1000
		verdicts := fill(b, 10, 100)
		assert.Equal(t, 2, firstBehind(verdicts))
		assert.NotContains(t, verdicts, outbox.Full)
	})
	t.Run("for each frame from there on", func(t *testing.T) {
		verdicts := fill(busyBox(t), 70, 20)
		assert.Equal(t, outbox.Behind, verdicts[69])
	})
	t.Run("never for a parked client, which is slow by itself", func(t *testing.T) {
		assert.Equal(t, -1, firstBehind(fill(parkedBox(t, 0), 100, 20)))
	})
	t.Run("for a new stream too, whose owner has not come to write", func(t *testing.T) {
		assert.Equal(t, 64, firstBehind(fill(newBox(), 100, 20)))
	})
	t.Run("never for an owner who waits for the peer", func(t *testing.T) {
		b := busyBox(t)
		b.Aside()
		assert.Equal(t, -1, firstBehind(fill(b, 100, 20)))
	})
	t.Run("again once the one aside has gone idle", func(t *testing.T) {
		b := busyBox(t)
		b.Aside()
		require.Equal(t, outbox.Idle, b.flush(frame("first")))
		require.Equal(t, outbox.Handed, b.offer(frame("second")))
		assert.Equal(t, 64, firstBehind(fill(b, 100, 20)))
	})
	t.Run("again once the one aside has parked and a writer was woken", func(t *testing.T) {
		b := busyBox(t)
		b.Aside()
		b.pipe.room = 0
		require.Equal(t, outbox.Parked, b.flush(frame("first")))
		require.True(t, b.Writable())
		assert.Equal(t, 64, firstBehind(fill(b, 100, 20)))
	})
}

package outbox_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/internal/outbox"
	"github.com/sseactor/sseactor/actor/sse"
)

func TestFramesLeaveInTheirOrder(t *testing.T) {
	for _, n := range []int{1, 2, 8, 9, 40, 41, 168, 169, 700} { // around the segments' ends
		b := idleBox(t)
		all := numbered(n)
		require.Equal(t, outbox.Handed, b.offer(all[0]))
		for _, f := range all[1:] {
			require.Contains(t, []outbox.Verdict{outbox.Queued, outbox.Behind}, b.offer(f))
		}
		require.Equal(t, outbox.Idle, b.flush(all[0]))
		require.Equal(t, joined(all...), string(b.pipe.got), "%d frames", n)
		require.EqualValues(t, n, b.written.Frames)
		require.EqualValues(t, len(b.pipe.got), b.written.Bytes)
	}
}

// A new stream's frames wait behind the head that its first Flush writes.
func TestFramesOfANewStreamFollowItsHead(t *testing.T) {
	b := newBox()
	head, event := sse.NewRaw([]byte("head\r\n\r\n")), frame("event")
	assert.Equal(t, outbox.Queued, b.offer(event))
	assert.Equal(t, outbox.Idle, b.flush(head))
	assert.Equal(t, joined(head, event), string(b.pipe.got))
	assert.EqualValues(t, 1, b.written.Frames, "the head is no event")
}

// The queue is used again and again, each time from idle.
func TestManySpellsOfWork(t *testing.T) {
	b := idleBox(t)
	var want []*sse.Frame
	for spell := range 100 {
		all := numbered(1 + spell*7%60)
		for _, f := range all {
			b.offer(f)
		}
		require.Equal(t, outbox.Idle, b.flush(all[0]))
		if spell%3 == 0 {
			b.Shrink()
		}
		want = append(want, all...)
	}
	require.Equal(t, joined(want...), string(b.pipe.got))
}

// The connection takes k bytes and then no more, for each k: nothing is lost,
// written twice or out of its place, whatever the writer's buffer holds.
func TestShortWritesAtEveryByte(t *testing.T) {
	all := []*sse.Frame{frame("one"), frame("the second of them"), priority("", sse.Low), sse.NewComment("c"), frame("five")}
	want := joined(all...)
	for _, scratch := range [][]byte{nil, make([]byte, 0, 40), make([]byte, 0, 1000)} {
		for k := range len(want) {
			b := idleBox(t)
			b.pipe.room = k
			for _, f := range all {
				b.offer(f)
			}
			require.Equal(t, outbox.Parked, b.Flush(all[0], scratch, 0, rounds, &b.written))
			require.Equal(t, want[:k], string(b.pipe.got))
			require.True(t, b.Stuck())
			b.pipe.room = -1
			require.True(t, b.Writable())
			require.Equal(t, outbox.Idle, b.Flush(nil, scratch, 0, rounds, &b.written))
			require.Equal(t, want, string(b.pipe.got), "after %d bytes, with a buffer of %d", k, cap(scratch))
			require.EqualValues(t, 4, b.written.Frames)
			require.EqualValues(t, len(want), b.written.Bytes)
			require.False(t, b.Stuck())
		}
	}
}

func TestOneByteAtATime(t *testing.T) {
	b := idleBox(t)
	all := numbered(20)
	for _, f := range all {
		b.offer(f)
	}
	b.pipe.room = 1
	outcome := b.flush(all[0])
	for outcome == outbox.Parked {
		b.pipe.room = 1
		require.True(t, b.Writable())
		outcome = b.flush(nil)
	}
	require.Equal(t, outbox.Idle, outcome)
	require.Equal(t, joined(all...), string(b.pipe.got))
	require.EqualValues(t, 20, b.written.Frames)
}

// What waits leaves in few writes; what is alone is not copied.
func TestCoalescing(t *testing.T) {
	small := func(n int) []*sse.Frame {
		all := make([]*sse.Frame, n)
		for i := range all {
			all[i] = sized(50, sse.Normal)
		}
		return all
	}
	large := sized(500, sse.Normal)
	tests := []struct {
		name   string
		frames []*sse.Frame
		writes []int // their sizes, with a buffer of 400 bytes
	}{
		{"a frame that is alone", small(1), []int{50}},
		{"as many as fit into the buffer at once", small(10), []int{400, 100}},
		{"a frame larger than the buffer goes alone", []*sse.Frame{large, large}, []int{500, 500}},
		{"small frames before a large one, then the large one, then the rest",
			[]*sse.Frame{small(1)[0], small(1)[0], large, small(1)[0]}, []int{100, 500, 50}},
		{"a first frame of half the buffer is not copied", []*sse.Frame{sized(200, sse.Normal), small(1)[0]}, []int{200, 50}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := idleBox(t)
			for _, f := range tt.frames {
				b.offer(f)
			}
			scratch := make([]byte, 0, 400)
			require.Equal(t, outbox.Idle, b.Flush(tt.frames[0], scratch, 0, rounds, &b.written))
			var sizes []int
			for _, w := range b.pipe.writes {
				sizes = append(sizes, len(w))
			}
			assert.Equal(t, tt.writes, sizes)
			assert.EqualValues(t, len(tt.writes), b.written.Writes)
			assert.Equal(t, joined(tt.frames...), string(b.pipe.got))
		})
	}
}

func TestALoneFrameIsWrittenFromWhereItIs(t *testing.T) {
	b := idleBox(t)
	f := frame("alone")
	b.offer(f)
	b.flush(f)
	require.Len(t, b.pipe.writes, 1)
	assert.Same(t, &f.Bytes()[0], &b.pipe.writes[0][0])
}

// A writer serves others after so many writes, and stays the owner meanwhile.
func TestBudget(t *testing.T) {
	b := idleBox(t)
	all := []*sse.Frame{frame("1"), frame("2"), frame("3"), frame("4"), frame("5")}
	for _, f := range all {
		b.offer(f)
	}
	first := all[0]
	for _, want := range []outbox.Outcome{outbox.More, outbox.More, outbox.Idle} {
		before := len(b.pipe.writes)
		require.Equal(t, want, b.Flush(first, nil, 0, 2, &b.written)) // no buffer: a write for each
		require.LessOrEqual(t, len(b.pipe.writes)-before, 2)
		require.Equal(t, want == outbox.More, b.Stuck())
		first = nil
	}
	require.Equal(t, joined(all...), string(b.pipe.got))
}

func TestLastWriteIsTheTickOfTheLastBytes(t *testing.T) {
	b := newBox()
	b.Init(b.pipe, 7)
	require.EqualValues(t, 7, b.LastWrite())
	require.Equal(t, outbox.Idle, b.Flush(nil, nil, 8, rounds, &b.written))
	require.EqualValues(t, 7, b.LastWrite(), "nothing was written")
	f := frame("x")
	b.offer(f)
	b.pipe.room = 3
	require.Equal(t, outbox.Parked, b.Flush(f, nil, 9, rounds, &b.written))
	require.EqualValues(t, 9, b.LastWrite(), "three bytes were")
	require.True(t, b.Writable())
	require.Equal(t, outbox.Parked, b.Flush(nil, nil, 10, rounds, &b.written))
	require.EqualValues(t, 9, b.LastWrite(), "none was")
}

func TestAFailedWriteEndsTheStream(t *testing.T) {
	broken := errors.New("broken")
	for _, taken := range []int{0, 3, -1} {
		b := idleBox(t)
		f := frame("x")
		b.offer(f)
		b.pipe.room, b.pipe.err = taken, broken
		assert.Equal(t, outbox.Closed, b.flush(f))
		assert.ErrorIs(t, b.written.Err, broken)
		assert.Equal(t, 1, b.pipe.closed)
		assert.Equal(t, outbox.Gone, b.offer(f))
		left, _ := b.Undelivered()
		if taken < 0 {
			assert.EqualValues(t, 1, b.written.Frames)
			assert.Zero(t, left, "it was written whole before the error")
		} else {
			assert.Zero(t, b.written.Frames)
			assert.Equal(t, 1, left)
		}
	}
}

// Err is that of this Closed, not of one before.
func TestWrittenErrIsNotCarriedOver(t *testing.T) {
	written := outbox.Written{Err: errors.New("another stream's")}
	b := idleBox(t)
	hand, _ := b.Kill()
	require.True(t, hand)
	require.Equal(t, outbox.Closed, b.Flush(nil, nil, 0, rounds, &written))
	assert.NoError(t, written.Err)
}

func TestBlocksIsTheSinks(t *testing.T) {
	for _, blocks := range []bool{false, true} {
		var b outbox.Outbox
		b.Init(&pipe{blocks: blocks}, 0)
		assert.Equal(t, blocks, b.Blocks())
	}
}

package outbox_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/internal/outbox"
	"github.com/sseactor/sseactor/actor/sse"
)

// situation is a state that an outbox can be in when it is asked to end.
type situation struct {
	name    string
	make    func(t *testing.T) *box
	first   *sse.Frame // that its owner is to be called with
	idle    bool
	parked  bool
	written string // before the end
	current string // the rest of what is being written
	waits   string // behind it
}

var firstFrame, secondFrame, thirdFrame = frame("first"), frame("second"), frame("third")

func situations() []situation {
	parked := joined(frame("parked"))
	return []situation{
		{name: "idle", make: func(t *testing.T) *box { return idleBox(t) }, idle: true},
		{name: "new, its head not yet written",
			make: func(t *testing.T) *box {
				b := newBox()
				b.offer(secondFrame)
				return b
			},
			first: firstFrame, current: joined(firstFrame), waits: joined(secondFrame)},
		{name: "handed to a writer",
			make: func(t *testing.T) *box {
				b := idleBox(t)
				require.Equal(t, outbox.Handed, b.offer(firstFrame))
				b.offer(secondFrame)
				b.offer(thirdFrame)
				return b
			},
			first: firstFrame, current: joined(firstFrame), waits: joined(secondFrame, thirdFrame)},
		{name: "parked before the first byte of a frame",
			make: func(t *testing.T) *box {
				b := parkedBox(t, 0)
				b.offer(secondFrame)
				return b
			},
			parked: true, current: parked, waits: joined(secondFrame)},
		{name: "parked in the middle of a frame",
			make: func(t *testing.T) *box {
				b := parkedBox(t, 5)
				b.offer(secondFrame)
				return b
			},
			parked: true, written: parked[:5], current: parked[5:], waits: joined(secondFrame)},
		{name: "its writer's budget used up in the middle of the queue",
			make: func(t *testing.T) *box {
				b := idleBox(t)
				b.offer(firstFrame)
				b.offer(secondFrame)
				b.offer(thirdFrame)
				require.Equal(t, outbox.More, b.Flush(firstFrame, nil, 0, 1, &b.written))
				return b
			},
			written: joined(firstFrame), current: joined(secondFrame), waits: joined(thirdFrame)},
	}
}

func TestEnd(t *testing.T) {
	for _, s := range situations() {
		for _, discard := range []bool{false, true} {
			for _, last := range []*sse.Frame{farewell, nil} {
				title := s.name
				want := s.written + s.current
				if discard {
					title += ", discarding what waits"
				} else {
					want += s.waits
				}
				if last == nil {
					title += ", without a farewell"
				} else {
					want += joined(last)
				}
				t.Run(title, func(t *testing.T) {
					b := s.make(t)
					assertHand(t, s.idle, true)(b.End(last, discard))
					assertHand(t, false, false)(b.End(last, false)) // it is ending already
					assert.Equal(t, outbox.Gone, b.offer(frame("too late")))
					b.pipe.room = -1
					if s.parked {
						assert.Equal(t, s.written, string(b.pipe.got), "an end does not wake it")
						require.True(t, b.Writable())
					}
					require.Equal(t, outbox.Closed, b.flush(s.first))
					assert.Equal(t, want, string(b.pipe.got))
					assert.Equal(t, 1, b.pipe.closed)
					assert.NoError(t, b.written.Err)
					assert.False(t, b.Stuck())
					assertHand(t, false, false)(b.End(last, false))
				})
			}
		}
	}
}

// "close without another byte".
func TestKill(t *testing.T) {
	for _, s := range situations() {
		t.Run(s.name, func(t *testing.T) {
			b := s.make(t)
			assertHand(t, s.idle || s.parked, true)(b.Kill())
			assertHand(t, false, true)(b.Kill()) // it has an owner who will see it
			assert.False(t, b.Hangup())
			assert.False(t, b.Writable())
			assert.Equal(t, outbox.Gone, b.offer(frame("too late")))
			b.pipe.room = -1
			require.Equal(t, outbox.Closed, b.flush(s.first))
			assert.Equal(t, s.written, string(b.pipe.got))
			assert.Equal(t, 1, b.pipe.closed)
			assertHand(t, false, false)(b.Kill())
		})
	}
}

func TestHangup(t *testing.T) {
	for _, s := range situations() {
		t.Run(s.name, func(t *testing.T) {
			b := s.make(t)
			assert.Equal(t, s.idle || s.parked, b.Hangup())
			assert.False(t, b.Hangup(), "one owner is enough")
			assertHand(t, false, true)(b.Kill())
			assertHand(t, false, false)(b.End(farewell, false))
			require.Equal(t, outbox.Closed, b.flush(s.first))
			assert.Equal(t, s.written, string(b.pipe.got))
			assert.Equal(t, 1, b.pipe.closed)
			assert.False(t, b.Hangup(), "nobody closes twice")
		})
	}
}

// An ended stream that does not read is killed in the end.
func TestKillAfterEnd(t *testing.T) {
	for _, s := range situations() {
		t.Run(s.name, func(t *testing.T) {
			b := s.make(t)
			b.End(farewell, false)
			assertHand(t, s.parked, true)(b.Kill())
			require.Equal(t, outbox.Closed, b.flush(s.first))
			assert.Equal(t, s.written, string(b.pipe.got))
			assert.Equal(t, 1, b.pipe.closed)
		})
	}
}

// A discarding end finishes a frame of which bytes are out, even one from the
// middle of a coalesced write: half a frame would spoil the farewell.
func TestADiscardingEndFinishesTheFrameUnderWay(t *testing.T) {
	all := numbered(5)
	whole := joined(all...)
	for k := range len(whole) {
		b := idleBox(t)
		b.pipe.room = k
		for _, f := range all {
			b.offer(f)
		}
		require.Equal(t, outbox.Parked, b.flush(all[0]))
		b.End(farewell, true)
		b.pipe.room = -1
		require.True(t, b.Writable())
		require.Equal(t, outbox.Closed, b.flush(nil))

		end := 0 // of the frame that the k-th byte belongs to
		for i, f := range all {
			if end < k || i == 0 {
				end += f.Len()
			}
		}
		require.Equal(t, whole[:end]+joined(farewell), string(b.pipe.got), "cut after %d bytes", k)
	}
}

// The farewell itself may not fit.
func TestAFarewellInPieces(t *testing.T) {
	want := joined(farewell)
	for k := range len(want) {
		b := idleBox(t)
		assertHand(t, true, true)(b.End(farewell, false))
		b.pipe.room = k
		require.Equal(t, outbox.Parked, b.flush(nil))
		b.pipe.room = -1
		require.True(t, b.Writable())
		require.Equal(t, outbox.Closed, b.flush(nil))
		require.Equal(t, want, string(b.pipe.got))
		require.Zero(t, b.written.Frames, "a farewell is no event")
	}
}

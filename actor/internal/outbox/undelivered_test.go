package outbox_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/internal/outbox"
	"github.com/sseactor/sseactor/actor/sse"
)

// Of ten events and two control frames, k bytes get out before the stream ends:
// what was taken is what was written whole and what was not.
func TestUndeliveredIsExact(t *testing.T) {
	all := append(numbered(10), sse.NewComment("one"), sse.NewComment("two"))
	all[2], all[10] = all[10], all[2] // a control frame in the middle
	whole := joined(all...)
	ends := []struct {
		name     string
		end      func(b *box) // of a parked box, which it makes busy
		discards bool
	}{
		{"killed", func(b *box) { b.Kill() }, false},
		{"hung up", func(b *box) { b.Hangup() }, false},
		{"ended, then killed", func(b *box) { b.End(farewell, false); b.Kill() }, false},
		{"ended discarding, then killed before the owner saw it", func(b *box) { b.End(farewell, true); b.Kill() }, false},
		{"ended discarding, and a reader that takes the rest", func(b *box) { b.End(farewell, true); b.pipe.room = -1; b.Writable() }, true},
		{"ended, and a reader that takes the rest", func(b *box) { b.End(farewell, false); b.pipe.room = -1; b.Writable() }, false},
	}
	for _, e := range ends {
		t.Run(e.name, func(t *testing.T) {
			for k := range len(whole) {
				b := idleBox(t)
				b.pipe.room = k
				for _, f := range all {
					b.offer(f)
				}
				require.Equal(t, outbox.Parked, b.flush(all[0]))
				e.end(b)
				require.Equal(t, outbox.Closed, b.flush(nil))
				left, discarded := b.Undelivered()
				require.EqualValues(t, 10, b.written.Frames+uint64(left), "taken = written + left, cut after %d bytes", k)
				if e.discards {
					require.Equal(t, left, discarded)
				} else {
					require.Zero(t, discarded)
				}
			}
		})
	}
}

func TestUndeliveredCountsAFrameThatNeverLeftTheHand(t *testing.T) {
	b := idleBox(t)
	f := frame("x")
	require.Equal(t, outbox.Handed, b.offer(f))
	b.Kill()
	require.Equal(t, outbox.Closed, b.flush(f))
	left, discarded := b.Undelivered()
	assert.Equal(t, 1, left)
	assert.Zero(t, discarded)
}

func TestUndeliveredIsZeroAfterAPeacefulEnd(t *testing.T) {
	b := idleBox(t)
	b.End(farewell, false)
	require.Equal(t, outbox.Closed, b.flush(nil))
	left, discarded := b.Undelivered()
	assert.Zero(t, left)
	assert.Zero(t, discarded)
}

package outbox_test

import (
	"runtime"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/internal/outbox"
	"github.com/sseactor/sseactor/actor/sse"
)

// counter is a sink that takes everything and keeps nothing.
type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) { c.n += len(p); return len(p), nil }
func (c *counter) Blocks() bool                { return false }
func (c *counter) Interrupt()                  {}
func (c *counter) Close()                      {}

// The way of nearly every event: to an idle client, with the hand-over.
func TestAnEventToAnIdleClientAllocatesNothing(t *testing.T) {
	var (
		o       outbox.Outbox
		sink    counter
		written outbox.Written
	)
	limits := outbox.Limits{Frames: 8, Bytes: 1000}
	scratch := make([]byte, 0, 1000)
	o.Init(&sink, 0)
	o.Flush(nil, scratch, 0, rounds, &written)
	f := frame("x")
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		if o.Offer(f, limits) != outbox.Handed || o.Flush(f, scratch, 1, rounds, &written) != outbox.Idle {
			panic("not idle")
		}
	}))
	assert.Equal(t, 1001*f.Len(), sink.n)
}

// Nor does a short spell of work, once the client has had one.
func TestAShortSpellOfWorkAllocatesNothing(t *testing.T) {
	var (
		o       outbox.Outbox
		sink    counter
		written outbox.Written
	)
	limits := outbox.Limits{Frames: 100, Bytes: 10000}
	scratch := make([]byte, 0, 1000)
	o.Init(&sink, 0)
	o.Flush(nil, scratch, 0, rounds, &written)
	f := frame("x")
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		for range 9 { // one with the hand-over, and a first segment
			o.Offer(f, limits)
		}
		o.Flush(f, scratch, 1, rounds, &written)
	}))
}

// Neither a queue that has been written nor a shrunken one keeps events alive.
func TestWrittenFramesAreLetGo(t *testing.T) {
	for _, shrink := range []bool{false, true} {
		b := idleBox(t)
		b.pipe.writes = nil
		var kept []weak.Pointer[sse.Frame]
		func() {
			all := numbered(50)
			for _, f := range all {
				kept = append(kept, weak.Make(f))
				b.offer(f)
			}
			require.Equal(t, outbox.Idle, b.flush(all[0]))
		}()
		if shrink {
			b.Shrink()
		}
		b.pipe.writes, b.pipe.got = nil, nil
		runtime.GC()
		for i, p := range kept {
			require.Nil(t, p.Value(), "frame %d of 50", i)
		}
		runtime.KeepAlive(b)
	}
}

func TestShrinkLeavesABusyQueueAlone(t *testing.T) {
	b := parkedBox(t, 0)
	b.offer(frame("waits"))
	b.Shrink()
	b.pipe.room = -1
	require.True(t, b.Writable())
	require.Equal(t, outbox.Idle, b.flush(nil))
	assert.Equal(t, joined(frame("parked"), frame("waits")), string(b.pipe.got))
}

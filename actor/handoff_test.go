package actor

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// A batch that is kept for the next time keeps nobody's record or event alive.
func TestAFinishedBatchIsEmpty(t *testing.T) {
	w := newWorld(t, Options{})
	w.joinMany("c", 10, Info{})
	w.say("x", Target{})
	w.write()
	spare := <-w.writers.spare
	assert.Empty(t, spare.Entries)
	for _, e := range spare.Entries[:cap(spare.Entries)] {
		assert.Zero(t, e)
	}
}

// Batches are used again: a hub at work makes no more of them.
func TestBatchesAreRecycled(t *testing.T) {
	w := newWorld(t, Options{})
	w.joinMany("c", 2*batchSize, Info{})
	seen := make(map[*Batch]bool)
	for range 100 {
		w.say("x", Target{})
		w.take()
		for _, b := range w.batches {
			seen[b] = true
		}
		w.write()
	}
	assert.LessOrEqual(t, len(seen), cap(w.writers.spare))
}

// The memory of a busy spell is given back with the next heartbeat.
func TestAQuietClientsQueueIsGivenBack(t *testing.T) {
	const clients = 2000
	w := newWorld(t, Options{OutboxFrames: 1000})
	w.joinMany("c", clients, Info{})
	for _, p := range w.order {
		p.room = 0
	}
	frame := event("x", sse.Normal)
	for range 200 { // beyond the first segments of a queue
		w.send(frame, Target{})
		w.finishWork()
		frame = event("x", sse.Normal)
	}
	for _, p := range w.order {
		w.read(p, -1)
		p.got.Reset()
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for range 600 { // a minute, in which each client gets a heartbeat
		w.advanceTick()
		w.write()
		for _, p := range w.order {
			p.got.Reset()
		}
	}
	require.GreaterOrEqual(t, w.stats.Heartbeats, uint64(clients))
	assert.Less(t, heap()+clients*512, before, "at least half a KiB for each")
}

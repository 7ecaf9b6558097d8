package outbox_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/internal/outbox"
	"github.com/sseactor/sseactor/actor/sse"
)

// "One word, so that 'nothing waits, I go idle' is a single compare-and-swap that
// fails if a frame arrived meanwhile": a second frame is offered at every moment
// of the first one's flush, and above all when its owner is about to go idle.
// A frame that nobody writes, since its owner has looked already, would wait for
// ever.
func TestAFrameIsNotLostAsTheOwnerGoesIdle(t *testing.T) {
	const tries = 50_000
	var (
		o      outbox.Outbox
		sink   counter
		handed atomic.Pointer[sse.Frame]
		over   atomic.Bool
		writer sync.WaitGroup
	)
	limits := outbox.Limits{Frames: 10, Bytes: 1000}
	o.Init(&sink, 0)
	o.Flush(nil, nil, 0, rounds, new(outbox.Written))
	writer.Go(func() { // it does not sleep, to be as fast as the hub
		var written outbox.Written
		for !over.Load() {
			if f := handed.Swap(nil); f != nil {
				o.Flush(f, nil, 0, rounds, &written)
			} else {
				runtime.Gosched()
			}
		}
	})
	hub := func(f *sse.Frame) {
		if o.Offer(f, limits) == outbox.Handed {
			handed.Store(f)
		}
	}
	idle := func() {
		for o.Stuck() {
			runtime.Gosched()
		}
	}
	f := frame("x")
	for i := range tries {
		hub(f)
		for handed.Load() != nil { // until the writer has begun
		}
		for range i % 100 { // and then a little more each time
			over.Load()
		}
		hub(f)
		idle()
		n, _ := o.Waiting()
		require.Zero(t, n, "try %d: a frame waits for nobody", i)
	}
	over.Store(true)
	writer.Wait()
	require.Equal(t, 2*tries*f.Len(), sink.n)
}

package stream

import (
	"runtime"
	"sync"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

const (
	// scratchSize is how much of a busy client's queue leaves in one write.
	scratchSize = 64 << 10
	// fairRounds is how many writes a client gets before others have their turn.
	fairRounds = 4
)

// write is one stream writer. It ends when the hub has stopped and all that it
// handed over is done.
func (e *Engine) write(total *counter) {
	w := writer{engine: e, total: total, scratch: make([]byte, 0, scratchSize)}
	batches := e.hub.Batches()
	for batches != nil || len(w.again) > 0 {
		if len(w.again) > 0 {
			// Clients with more to write take turns with new batches.
			select {
			case b, ok := <-batches:
				if !ok {
					batches = nil
				} else {
					w.batch(b)
				}
			case c := <-e.woken:
				w.serve(c, nil)
			default:
			}
			w.rest()
			continue
		}
		select {
		case b, ok := <-batches:
			if !ok {
				batches = nil
				continue
			}
			w.batch(b)
		case c := <-e.woken:
			w.serve(c, nil)
		}
		w.publish()
	}
	w.publish()
}

// writer is one stream writer's own state.
type writer struct {
	engine  *Engine
	total   *counter
	written actor.Written
	scratch []byte
	again   []*actor.Client // that used up their rounds
}

func (w *writer) batch(b *actor.Batch) {
	for _, entry := range b.Entries {
		if entry.Interrupt {
			// Closing a connection may take a moment (a TLS one says good-bye).
			w.engine.aside.Go(entry.Client.Interrupt)
			continue
		}
		w.serve(entry.Client, entry.Frame)
	}
	w.engine.hub.Finish(b)
	// A writer that always has work would keep its processor for 10 ms; the hub
	// and the publishers need it sooner.
	runtime.Gosched()
}

func (w *writer) rest() {
	turn := w.again
	w.again = nil
	for _, c := range turn {
		w.serve(c, nil)
	}
	w.publish()
	runtime.Gosched()
}

// serve flushes one client, and says what follows from the outcome.
func (w *writer) serve(c *actor.Client, first *sse.Frame) {
	if c.Blocks() {
		w.engine.aside.Go(func() { w.engine.finish(c, first) })
		return
	}
	switch c.Flush(first, w.scratch, w.engine.hub.Now(), fairRounds, &w.written) {
	case actor.More:
		w.again = append(w.again, c)
	case actor.Closed:
		w.engine.closed(c, w.written.Err)
	}
}

// publish makes the writer's counts visible, and tells a hub that waits, once for
// many writes.
func (w *writer) publish() {
	w.total.frames.Store(w.written.Frames)
	w.total.bytes.Store(w.written.Bytes)
	w.total.writes.Store(w.written.Writes)
	w.engine.hub.Progress()
}

// scratches are the buffers of flushes outside of the writers.
var scratches = sync.Pool{New: func() any { return new([scratchSize]byte) }}

// finish flushes a client to the end of what waits, outside of the writers: for
// the first bytes of a stream, for closing, and for sinks that block.
func (e *Engine) finish(c *actor.Client, first *sse.Frame) {
	var written actor.Written
	scratch := scratches.Get().(*[scratchSize]byte)
	outcome := c.Flush(first, scratch[:0], e.hub.Now(), fairRounds, &written)
	for outcome == actor.More {
		outcome = c.Flush(nil, scratch[:0], e.hub.Now(), fairRounds, &written)
	}
	scratches.Put(scratch)
	e.count(&written)
	e.hub.Progress()
	if outcome == actor.Closed {
		e.closed(c, written.Err)
	}
}

// count adds to the counter that is not one writer's.
func (e *Engine) count(written *actor.Written) {
	others := &e.counters[len(e.counters)-1]
	others.frames.Add(written.Frames)
	others.bytes.Add(written.Bytes)
	others.writes.Add(written.Writes)
}

// deadline is when a blocked write on the portable path gives up.
func (e *Engine) deadline() time.Time { return time.Now().Add(e.opts.WriteTimeout) }

package actor

import (
	"sync/atomic"

	"github.com/sseactor/sseactor/actor/sse"
)

// Entry is one client to be flushed. Frame, if there is one, goes first.
type Entry struct {
	Client *Client
	Frame  *sse.Frame
	// Interrupt asks for Client.Interrupt instead of a Flush: the receiver of the
	// entry does not own the client, whose owner is to close it.
	Interrupt bool
}

// Batch is work for one stream writer. The writer becomes the owner of each
// entry's client, and returns the batch with Hub.Finish.
type Batch struct{ Entries []Entry }

// batchSize amortises the channel operation and the writer's wake-up over many
// clients; a batch this long takes a writer well under a millisecond.
const batchSize = 128

// batchesPerWriter is how many batches may wait in the channel for each writer.
// It is what a targeted send has before it while a broadcast is swept, so it is
// small; the sweep goes on as fast as writers take batches.
const batchesPerWriter = 4

// maxFilledKept is how much of the memory of a burst is kept for the next.
const maxFilledKept = 64

// handoff moves clients to the writers. A client is in at most one batch to be
// flushed, since the hub hands it over only when it is idle, and to be interrupted
// once for each time it is killed, so what waits here is bounded by the number of
// clients.
//
// Not safe for concurrent use, but for the fields it shares with Finish; the hub
// goroutine owns it.
type handoff struct {
	out    chan *Batch
	filled []*Batch // from first on: full, waiting for room in out
	first  int
	open   *Batch // being filled
	handed uint64 // batches begun so far

	// Shared with the writers.
	finished atomic.Uint64
	spare    chan *Batch   // finished batches, to be filled again
	waiting  atomic.Bool   // the hub wants to know of the next progress
	lull     chan struct{} // tells it
}

func newHandoff(writers int) *handoff {
	return &handoff{
		out:   make(chan *Batch, batchesPerWriter*writers),
		spare: make(chan *Batch, 2*batchesPerWriter*writers),
		lull:  make(chan struct{}, 1),
	}
}

// hand queues c, which the caller has made busy, for a writer.
func (h *handoff) hand(c *Client, first *sse.Frame) { h.add(Entry{Client: c, Frame: first}) }

// interrupt asks a writer to wake c's owner.
func (h *handoff) interrupt(c *Client) { h.add(Entry{Client: c, Interrupt: true}) }

func (h *handoff) add(e Entry) {
	if h.open == nil {
		select {
		case h.open = <-h.spare:
		default:
			h.open = &Batch{Entries: make([]Entry, 0, batchSize)}
		}
		h.handed++
	}
	h.open.Entries = append(h.open.Entries, e)
	if len(h.open.Entries) == batchSize {
		if h.first > len(h.filled)/2 { // or a hub that is never done would keep all it ever handed over
			rest := copy(h.filled, h.filled[h.first:])
			clear(h.filled[rest:])
			h.filled, h.first = h.filled[:rest], 0
		}
		h.filled = append(h.filled, h.open)
		h.open = nil
		h.offer()
	}
}

// offer gives the writers what they take without waiting.
func (h *handoff) offer() {
	for b := h.next(); b != nil; b = h.next() {
		select {
		case h.out <- b:
			h.sent()
		default:
			return
		}
	}
}

// next is the batch to send next, nil if there is none.
func (h *handoff) next() *Batch {
	if h.congested() {
		return h.filled[h.first]
	}
	return h.open
}

// sent says that next has been sent.
func (h *handoff) sent() {
	if !h.congested() {
		h.open = nil
		return
	}
	h.filled[h.first] = nil
	if h.first++; h.first == len(h.filled) {
		// Used again: a sweep fills and empties it for each batch.
		h.filled, h.first = h.filled[:0], 0
		if cap(h.filled) > maxFilledKept {
			h.filled = nil
		}
	}
}

// channel is out, or nil while there is nothing to send: for the hub's select.
func (h *handoff) channel() chan<- *Batch {
	if h.next() == nil {
		return nil
	}
	return h.out
}

// congested reports whether the writers have all the work they should have.
func (h *handoff) congested() bool { return h.first < len(h.filled) }

// caughtUp reports whether the first n batches are finished.
func (h *handoff) caughtUp(n uint64) bool { return h.finished.Load() >= n }

// finish takes a batch back from a writer. Any goroutine.
func (h *handoff) finish(b *Batch) {
	clear(b.Entries)
	b.Entries = b.Entries[:0]
	select {
	case h.spare <- b:
	default: // enough spares: this one is garbage
	}
	h.finished.Add(1)
	h.progress()
}

// progress wakes a hub that waits. Any goroutine.
func (h *handoff) progress() {
	if h.waiting.Load() {
		select {
		case h.lull <- struct{}{}:
		default: // it is told already
		}
	}
}

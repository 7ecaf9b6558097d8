// Package outbox holds the frames that wait for one client, and the state
// machine that decides who may touch the client's connection.
//
// Two sides meet here without a lock. The hub's goroutine is the only producer
// (Offer, End, Kill). Everything else is done by the owner: whoever moved the
// state from idle or parked to busy, until it moves it back. An idle outbox
// belongs to the hub alone, so a frame for it can travel with the hand-off and
// costs no memory here.
//
//	         hub: Offer, End, Kill              owner: Flush, all written
//	idle ───────────────────────────────► busy ───────────────────────────► idle
//	                                     ▲    │ owner: Flush, would block
//	 poller: Writable, Hangup; hub: Kill │    ▼
//	                                     parked
//
// From busy the owner may also close; closed is final.
package outbox

import (
	"math"
	"sync/atomic"

	"github.com/sseactor/sseactor/actor/sse"
)

// Sink is where an outbox is emptied into. Only the outbox's owner calls it, but for
// Interrupt.
type Sink interface {
	// Write writes as much of p as is possible now. Fewer bytes than len(p) and
	// no error mean that it would block; the sink's poller then calls Writable
	// once there is room. Any error ends the stream.
	Write(p []byte) (int, error)
	// Blocks reports whether Write waits instead of writing less. It is asked
	// once; such a sink must not be flushed by a writer that others wait for.
	Blocks() bool
	// Interrupt makes a Write that waits, and each later one, fail. Only a sink
	// that blocks is asked, by any goroutine, at any time.
	Interrupt()
	// Close releases the connection. It is called once, last.
	Close()
}

// word packs the whole state into one atomic: the lowest bits say who owns the
// outbox and what is asked of the owner, then the frames waiting in the queue,
// then their bytes. One word, so that "nothing waits, I go idle" is a single
// compare-and-swap that fails if a frame or a flag arrived meanwhile.
const (
	stateIdle   uint64 = 0
	stateBusy   uint64 = 1
	stateParked uint64 = 2
	stateClosed uint64 = 3
	stateMask   uint64 = 3

	flagEnding  uint64 = 1 << 2 // write what waits, then the farewell, then close
	flagDiscard uint64 = 1 << 3 // with ending: drop what waits first
	flagKill    uint64 = 1 << 4 // close now
	flagReady   uint64 = 1 << 5 // the connection became writable while busy
	flagAside   uint64 = 1 << 6 // the owner waits for the peer, aside from other clients

	frameShift = 8
	frameBits  = 20
	frameUnit  = uint64(1) << frameShift
	byteShift  = frameShift + frameBits
	// MaxFrames and MaxBytes are what the word can count.
	MaxFrames = 1<<frameBits - 1
	MaxBytes  = (1<<(64-byteShift) - 1) & math.MaxInt // an int may have 32 bits
)

func frames(w uint64) int { return int(w >> frameShift & MaxFrames) }
func bytes(w uint64) int  { return int(w >> byteShift) }
func state(w uint64) uint64 {
	return w & stateMask
}

// Limits bound an outbox. What happens beyond them is the hub's decision.
type Limits struct {
	Frames int // at most MaxFrames
	Bytes  int // a single frame is taken even if it is larger
}

// Outbox is the frames that wait for one client. The zero Outbox is not ready;
// use Init. It must not be copied.
type Outbox struct {
	word atomic.Uint64
	sink Sink

	// What waits; nil while nothing ever did, as for most clients most of the time.
	// The hub sets it before the word counts a frame or has flagEnding, and only
	// then does the owner read it.
	queue *queue

	// The owner's.
	current *sse.Frame // being written
	offset  uint32     // how much of current is written
	blocks  bool       // Sink.Blocks; does not change
	// The tick of the last successful write, and the order of the last publisher's event
	// that was written whole; read by the hub. One word, as each store costs.
	progress atomic.Uint64
}

// Init makes o ready, owned by the caller: a new stream's frames wait until the
// goroutine that accepted it has written the response head and calls Flush.
func (o *Outbox) Init(sink Sink, tick uint32) {
	o.sink, o.blocks = sink, sink.Blocks()
	o.progress.Store(uint64(tick) << 32)
	o.word.Store(stateBusy)
}

// Verdict says what became of an offered frame.
type Verdict uint8

const (
	// Handed means that the outbox was idle: the caller must hand it to a
	// writer together with the frame.
	Handed Verdict = iota
	// Queued means that the owner will write the frame.
	Queued
	// Behind is Queued, and says that the owner is behind with much.
	Behind
	// Full means that the frame was not taken.
	Full
	// Gone means that the stream has ended or is ending.
	Gone
)

// behindAt is how many frames wait in a healthy client's outbox before the hub
// should let the writers catch up, if that is less than a quarter of what may.
// Fewer would cost coalescing, more memory.
const behindAt = 64

// Offer gives f to the client. A low frame finds the outbox full from half its
// limits on. Hub only.
func (o *Outbox) Offer(f *sse.Frame, limits Limits) Verdict {
	pushed := false
	for {
		w := o.word.Load()
		if state(w) == stateClosed || w&(flagEnding|flagKill) != 0 {
			return Gone
		}
		if state(w) == stateIdle {
			if !o.word.CompareAndSwap(w, stateBusy) {
				continue
			}
			o.queue.rewind() // takes back what was pushed but never counted
			return Handed
		}
		if !pushed {
			if !fits(w, f, limits) {
				return Full
			}
			o.waiting().push(f)
			pushed = true
		}
		// Counting must fail if the owner has gone idle since: the frame would
		// wait for somebody who has already looked.
		if !o.word.CompareAndSwap(w, w+frameUnit+uint64(f.Len())<<byteShift) {
			continue
		}
		if behind(w, f.Len(), limits) {
			return Behind
		}
		return Queued
	}
}

// Fits reports whether Offer would take f behind another frame of so many bytes,
// or the stream has ended, so that Offer will say so. Hub only.
func (o *Outbox) Fits(f *sse.Frame, before int, limits Limits) bool {
	w := o.word.Load()
	if state(w) == stateClosed || w&(flagEnding|flagKill) != 0 {
		return true
	}
	return fits(w+frameUnit+uint64(before)<<byteShift, f, limits)
}

// Behind reports whether the last Offer's Behind still holds. Any goroutine.
func (o *Outbox) Behind(limits Limits) bool { return behind(o.word.Load(), 0, limits) }

func fits(w uint64, f *sse.Frame, limits Limits) bool {
	maxFrames, maxBytes := limits.Frames, limits.Bytes
	if f.Priority() == sse.Low {
		maxFrames, maxBytes = maxFrames/2, maxBytes/2
	}
	n := frames(w)
	return n < maxFrames && (n == 0 || bytes(w)+f.Len() <= maxBytes)
}

// behind reports whether much waits although the peer holds nobody up: a parked
// client is slow by itself, and an owner aside waits for its peer. It goes by bytes
// as well, since large events fill an outbox when few wait.
func behind(w uint64, more int, limits Limits) bool {
	return w&(stateMask|flagAside) == stateBusy &&
		(frames(w) >= min(behindAt, limits.Frames/4) || bytes(w)+more >= limits.Bytes/4)
}

// End asks the owner to write what waits (or, with discard, to drop it), then
// the farewell, which may be nil, and to close. It reports whether the caller
// must hand the outbox to a writer, and false as its second result if the
// stream has ended or is ending already. Hub only.
func (o *Outbox) End(farewell *sse.Frame, discard bool) (hand, ok bool) {
	w := o.word.Load()
	if state(w) == stateClosed || w&(flagEnding|flagKill) != 0 {
		return false, false
	}
	if farewell != nil {
		o.waiting().farewell = farewell
	}
	flags := flagEnding
	if discard {
		flags |= flagDiscard
	}
	return o.raise(flags, stateIdle)
}

// Kill asks the owner to close without another byte. It reports whether the
// caller must hand the outbox to a writer, and false as its second result if
// it is closed. Hub only.
func (o *Outbox) Kill() (hand, ok bool) {
	return o.raise(flagKill, stateIdle, stateParked)
}

// Hangup is Kill for the poller, when the peer has gone. If it reports true the
// caller has become the owner and must call Flush, which closes.
func (o *Outbox) Hangup() (owner bool) {
	owner, _ = o.raise(flagKill, stateIdle, stateParked)
	return owner
}

// raise sets flags, and takes the outbox if it is in one of the given states.
func (o *Outbox) raise(flags uint64, take ...uint64) (taken, ok bool) {
	for {
		w := o.word.Load()
		if state(w) == stateClosed {
			return false, false
		}
		next := w | flags
		taken = false
		for _, s := range take {
			if state(w) == s {
				next, taken = next&^stateMask|stateBusy, true
			}
		}
		if o.word.CompareAndSwap(w, next) {
			return taken, true
		}
	}
}

// Writable tells the outbox that its connection can be written to again. If it
// reports true the caller has become the owner of a parked outbox and must see
// that Flush is called. Poller only.
func (o *Outbox) Writable() (owner bool) {
	for {
		w := o.word.Load()
		switch state(w) {
		case stateParked:
			if o.word.CompareAndSwap(w, w&^stateMask|stateBusy) {
				return true
			}
		case stateBusy:
			// The owner may be about to park: it has seen the connection full,
			// and must not miss that it no longer is.
			if o.word.CompareAndSwap(w, w|flagReady) {
				return false
			}
		default:
			return false
		}
	}
}

// Interrupt is Sink.Interrupt. Any goroutine.
func (o *Outbox) Interrupt() { o.sink.Interrupt() }

// Blocks is Sink.Blocks. Any goroutine.
func (o *Outbox) Blocks() bool { return o.blocks }

// Aside says that the owner, whose Sink blocks, has waited for the peer for long:
// the hub must not wait for it too. It holds until the outbox is idle; without an
// owner nothing happens. Any goroutine.
func (o *Outbox) Aside() {
	for {
		w := o.word.Load()
		if state(w) != stateBusy || o.word.CompareAndSwap(w, w|flagAside) {
			return
		}
	}
}

// Waiting is what the queue holds now. Any goroutine.
func (o *Outbox) Waiting() (queuedFrames, queuedBytes int) {
	w := o.word.Load()
	return frames(w), bytes(w)
}

// Stuck reports whether something is under way that has not been written:
// false for an idle outbox. Any goroutine.
func (o *Outbox) Stuck() bool {
	s := state(o.word.Load())
	return s == stateBusy || s == stateParked
}

// Stalled reports whether the connection takes nothing at the moment. Any goroutine.
func (o *Outbox) Stalled() bool {
	w := o.word.Load()
	return state(w) == stateParked || w&flagAside != 0
}

// LastWrite is the tick of the last successful write. Any goroutine.
func (o *Outbox) LastWrite() uint32 { return uint32(o.progress.Load() >> 32) }

// LastOrder is the order of the last publisher's event that was written whole; zero:
// none was, or a journal's. Any goroutine.
func (o *Outbox) LastOrder() uint32 { return uint32(o.progress.Load()) }

// Undelivered is, after the outbox has closed, how many publishers' events it
// took and did not write, and how many of these a discarding End dropped. Hub
// only.
func (o *Outbox) Undelivered() (left, discarded int) {
	if o.current != nil && !o.current.Control() {
		left++
	}
	if n := frames(o.word.Load()); n > 0 {
		waiting := o.queue.ahead()
		for range n {
			if !waiting.next().Control() {
				left++
			}
		}
	}
	if o.queue != nil {
		discarded = int(o.queue.discarded)
	}
	return left + discarded, discarded
}

// Shrink gives back the memory of an idle, empty queue. Hub only.
func (o *Outbox) Shrink() {
	if state(o.word.Load()) == stateIdle {
		o.queue = nil
	}
}

package outbox

import "github.com/sseactor/sseactor/actor/sse"

// Outcome says how a Flush ended, and with it who owns the outbox now.
type Outcome uint8

const (
	// Idle means that all is written; the outbox belongs to the hub again.
	Idle Outcome = iota
	// Parked means that the connection takes no more; the poller wakes it.
	Parked
	// More means that the budget is used up; the caller still owns the outbox
	// and must call Flush again, after it has served others.
	More
	// Closed means that the stream has ended and the sink is closed.
	Closed
)

// Written counts what Flushes wrote. One for each writer; not shared.
type Written struct {
	Frames uint64 // publishers' events written whole
	Bytes  uint64
	Writes uint64 // calls of Sink.Write
	Err    error  // of the last Closed, if the sink failed
}

// Flush writes first, if there is one, and then what waits, until nothing does,
// the sink would block, or rounds writes were made. Owner only.
//
// Several waiting frames are copied into scratch and leave in one write; a
// frame that is alone is written from where it is. tick is the hub's time, kept
// as the time of the last successful write.
func (o *Outbox) Flush(first *sse.Frame, scratch []byte, tick uint32, rounds int, written *Written) Outcome {
	if first != nil {
		o.current, o.offset = first, 0
	}
	for ; ; rounds-- {
		w := o.word.Load()
		switch {
		case w&flagKill != 0:
			return o.close(written, nil)
		case w&flagDiscard != 0 && frames(w) > 0:
			o.discard(w)
			continue
		case o.current != nil:
		case frames(w) > 0:
			o.take()
			w = o.word.Load()
		case w&flagEnding != 0:
			if o.queue == nil || o.queue.farewell == nil {
				return o.close(written, nil)
			}
			o.current, o.offset, o.queue.farewell = o.queue.farewell, 0, nil
		default:
			if o.word.CompareAndSwap(w, stateIdle) {
				return Idle
			}
			continue
		}
		if rounds <= 0 {
			return More
		}
		pending := o.gather(w, scratch)
		n, err := o.sink.Write(pending)
		written.Writes++
		if n > 0 {
			written.Bytes += uint64(n)
			order := o.consume(n, written)
			if order == 0 {
				order = o.LastOrder()
			}
			o.progress.Store(uint64(tick)<<32 | uint64(order))
		}
		if err != nil {
			return o.close(written, err)
		}
		if n < len(pending) && o.park() {
			return Parked
		}
	}
}

// take moves the queue's first frame to current.
func (o *Outbox) take() {
	o.current, o.offset = o.queue.pop(), 0
	o.uncount(1, o.current.Len())
}

// uncount tells the hub that n frames have left the queue.
func (o *Outbox) uncount(n, size int) {
	o.word.Add(-(uint64(n)*frameUnit + uint64(size)<<byteShift))
}

// gather is what to write next: the rest of current, and as many of the waiting
// frames behind it as fit into scratch. Nothing is taken from the queue yet, so
// a short write needs no copy of what is left.
func (o *Outbox) gather(w uint64, scratch []byte) []byte {
	rest := o.current.Bytes()[o.offset:]
	waiting := frames(w)
	if waiting == 0 || len(rest) >= cap(scratch)/2 || w&flagDiscard != 0 {
		return rest
	}
	pending := append(scratch[:0], rest...)
	ahead := o.queue.ahead()
	for ; waiting > 0; waiting-- {
		f := ahead.next()
		if len(pending)+f.Len() > cap(pending) {
			break
		}
		pending = append(pending, f.Bytes()...)
	}
	return pending
}

// consume accounts for n written bytes, the first of which are current's. It gives the
// order of the last publisher's event that is now written whole, if there is one.
func (o *Outbox) consume(n int, written *Written) (order uint32) {
	taken, size := 0, 0
	for {
		rest := o.current.Len() - int(o.offset)
		if n < rest {
			o.offset += uint32(n)
			break
		}
		n -= rest
		if !o.current.Control() {
			written.Frames++
			if n := o.current.Order(); n != 0 { // a journal's has none
				order = n
			}
		}
		o.current, o.offset = nil, 0
		if n == 0 {
			break
		}
		o.current = o.queue.pop()
		taken++
		size += o.current.Len()
	}
	if taken > 0 {
		o.uncount(taken, size)
	}
	return order
}

// discard drops the whole queue, but not a frame whose first bytes are out.
func (o *Outbox) discard(w uint64) {
	size := 0
	for range frames(w) {
		f := o.queue.pop()
		size += f.Len()
		if !f.Control() {
			o.queue.discarded++
		}
	}
	o.uncount(frames(w), size)
}

// park gives the outbox up until its connection is writable. It reports false,
// and the caller still owns the outbox, if that is so already or if it is to be
// closed.
func (o *Outbox) park() bool {
	for {
		w := o.word.Load()
		if w&flagKill != 0 {
			return false
		}
		if w&flagReady != 0 {
			if o.word.CompareAndSwap(w, w&^flagReady) {
				return false
			}
			continue
		}
		if o.word.CompareAndSwap(w, w&^(stateMask|flagAside)|stateParked) {
			return true
		}
	}
}

// close closes the sink while the state is still held: a descriptor that was
// closed and reused under a writer would send one client's data to another.
func (o *Outbox) close(written *Written, err error) Outcome {
	written.Err = err
	o.sink.Close()
	for {
		w := o.word.Load()
		if o.word.CompareAndSwap(w, w&^stateMask|stateClosed) {
			return Closed
		}
	}
}

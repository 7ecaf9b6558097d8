package actor

import "time"

// shedding ends all streams, in slices: for a drain as many a tick as spread
// them over its window, for a reset as fast as slices go.
//
// Not safe for concurrent use; the hub goroutine owns it.
type shedding struct {
	ending  ending
	left    int // how many are still to be ended
	perTick int // zero: no limit
	allowed int // until the next tick
	done    []chan<- struct{}
}

// minShedPerTick lets a drain with few streams end at once: what is too small to
// be a stampede need not be spread.
const minShedPerTick = 100

// drain refuses new streams and sends from now on, ends all streams over the
// window and then answers. A second drain waits for the first.
func (s *state) drain(window time.Duration, done chan<- struct{}) {
	s.shed.done = append(s.shed.done, done)
	if !s.draining {
		s.draining = true
		n := len(s.index.all.members)
		ticks := max(int(window/TickInterval), 1)
		s.shed.left = n
		s.shed.perTick = max((n+ticks-1)/ticks, minShedPerTick)
		s.shed.allowed = s.shed.perTick
		s.shed.ending = ending{reason: ReasonShutdown, code: CodeServerShutdown, spread: true,
			message: "the server is shutting down; reconnect after the given time"}
	}
	s.shedDone()
}

// reset ends all streams and zeroes the counters.
func (s *state) reset(done chan<- struct{}) {
	s.shed.done = append(s.shed.done, done)
	if !s.draining {
		s.shed.left = len(s.index.all.members)
		s.shed.perTick = 0
		s.shed.ending = ending{reason: ReasonReset, code: CodeDisconnected, discard: true,
			message: "the server was reset"}
	}
	s.shedDone()
}

// sheddable reports whether a stream may be ended now.
func (s *state) sheddable() bool {
	return s.shed.left > 0 && (s.shed.perTick == 0 || s.shed.allowed > 0) && !s.writers.congested()
}

// shedSlice ends one slice of streams.
func (s *state) shedSlice() {
	members := &s.index.all.members
	for range sliceSize {
		if !s.sheddable() {
			break
		}
		// Who was there when it began stands before who came since, and stays so
		// as each is replaced by the last of all.
		s.shed.left = min(s.shed.left, len(*members))
		if s.shed.left == 0 {
			break
		}
		s.shed.left--
		s.end((*members)[s.shed.left], &s.shed.ending)
		s.shed.allowed--
	}
	s.shedDone()
}

// shedDone answers who waits for a drain or a reset. A drain is over when every
// connection is closed; a reset does not wait for slow ones to take their leave.
func (s *state) shedDone() {
	if s.shed.left > 0 && len(s.index.all.members) > 0 || s.draining && s.clients() > 0 || len(s.shed.done) == 0 {
		return
	}
	s.shed.left = 0
	if !s.draining {
		s.stats = Stats{}
		s.era++
		s.history.Clear(s.lastID, s.persistent)
		s.traces = traces{}
	}
	for _, reply := range s.shed.done {
		reply <- struct{}{}
	}
	s.shed.done = nil
}

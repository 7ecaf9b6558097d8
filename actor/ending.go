package actor

import (
	"math/rand/v2"
	"time"
)

// ending says how a stream is ended.
type ending struct {
	reason  Reason
	code    string
	message string
	spread  bool // tell each client its own, random time to come back
	discard bool // drop what waits
}

// farewellTicks is how long an ended stream may take to write what waits and its
// farewell before it is closed without.
const farewellTicks = uint32(5 * time.Second / TickInterval)

// end takes c out of the index and asks its writer to say why and to close. It
// reports false if the stream was ending already.
func (s *state) end(c *Client, e ending) bool {
	if c.phase != phaseOpen {
		return false
	}
	s.catchUp(c) // what was sent to it before this is still its own
	c.EndedBy(e.reason)
	retry := time.Duration(0)
	if e.spread {
		retry = s.opts.Retry + time.Duration(s.random.Int64N(int64(s.opts.RetrySpread)+1))
	}
	farewell := ErrorFrame(e.code, e.message, retry, s.now)
	if c.missed != nil {
		// Its Last-Event-ID may be past them: it must not resume unaware.
		farewell = farewell.Prefixed(gapFrame(*c.missed, s.now).Bytes())
		c.missed = nil
		s.stats.Notices++
	}
	s.unindex(c)
	s.endings.add(c, s.tick)
	if hand, _ := c.out.End(farewell, e.discard); hand {
		s.writers.hand(c, nil)
	}
	return true
}

// kill closes c without another byte.
func (s *state) kill(c *Client, why Reason) {
	c.EndedBy(why)
	if c.phase == phaseOpen {
		s.unindex(c)
		s.endings.add(c, s.tick)
	}
	if hand, _ := c.out.Kill(); hand {
		s.writers.hand(c, nil)
	}
}

// unindex makes c unaddressable; it is counted as ending until its writer or the
// poller has closed it.
func (s *state) unindex(c *Client) {
	c.phase = phaseEnding
	s.index.remove(c, s.moving)
	s.wheel.remove(c, s.moving)
}

// endings is the streams that were asked to end, oldest first.
//
// Not safe for concurrent use; the hub goroutine owns it.
type endings struct {
	open  int // not yet closed
	queue []dying
}

type dying struct {
	client *Client
	since  uint32
}

func (e *endings) add(c *Client, tick uint32) {
	e.open++
	e.queue = append(e.queue, dying{c, tick})
}

// overdue kills the endings that take too long.
func (s *state) overdue() {
	q := s.endings.queue
	for len(q) > 0 && s.tick-q[0].since > farewellTicks {
		s.kill(q[0].client, ReasonWriteFailed)
		q[0].client = nil
		q = q[1:]
	}
	if len(q) == 0 {
		q = nil
	}
	s.endings.queue = q
}

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
		s.end((*members)[s.shed.left], s.shed.ending)
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
	}
	for _, reply := range s.shed.done {
		reply <- struct{}{}
	}
	s.shed.done = nil
}

// newRandom is seeded: a hub's run can be repeated.
func newRandom(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 0x5353456163746f72))
}

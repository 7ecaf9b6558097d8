package actor

import (
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// ending says how a stream is ended.
type ending struct {
	reason  Reason
	code    string
	message string
	spread  bool // tell each client its own, random time to come back
	discard bool // drop what waits

	frame *sse.Frame // what all are told, once it is made, unless each is told its own
}

// farewell is the frame that says so.
func (e *ending) farewell(s *state) *sse.Frame {
	if e.spread {
		retry := s.opts.Retry + time.Duration(s.random.Int64N(int64(s.opts.RetrySpread)+1))
		return ErrorFrame(e.code, e.message, retry, s.now)
	}
	if e.frame == nil {
		e.frame = ErrorFrame(e.code, e.message, 0, s.now)
	}
	return e.frame
}

// farewellTicks is how long an ended stream may take to write what waits and its
// farewell before it is closed without.
const farewellTicks = uint32(5 * time.Second / TickInterval)

// end takes c out of the index and asks its writer to say why and to close. It
// reports false if the stream was ending already.
func (s *state) end(c *Client, e *ending) bool {
	if c.phase != phaseOpen {
		return false
	}
	s.catchUp(c) // what was sent to it before this is still its own
	c.EndedBy(e.reason)
	farewell := e.farewell(s)
	if c.unaware() { // it must not resume so
		farewell = farewell.Prefixed(gapFrame(c.lost.gap, s.now).Bytes())
		s.forgetGap(c)
		s.stats.Notices++
	}
	s.depart(c)
	if hand, _ := c.out.End(farewell, e.discard); hand {
		s.writers.hand(c, nil)
	}
	return true
}

// kill closes c without another byte.
func (s *state) kill(c *Client, why Reason) {
	c.EndedBy(why)
	if c.phase == phaseOpen {
		s.depart(c)
	}
	hand, open := c.out.Kill()
	switch {
	case hand:
		s.writers.hand(c, nil)
	case open && c.out.Blocks():
		s.writers.interrupt(c) // its owner may be waiting for the peer
	}
}

// depart makes c unaddressable; it is counted as ending until its writer or the
// poller has closed it.
func (s *state) depart(c *Client) {
	s.unindex(c)
	c.phase = phaseEnding
	c.cursor = s.order // what is sent from now on is not for it
	s.endings.add(c, s.tick)
	s.forgetReplay(c)
	s.leaving(c)
}

// unindex takes an open c out of all that find it.
func (s *state) unindex(c *Client) {
	s.index.remove(c, s.moving)
	s.wheel.remove(c, s.moving)
	if s.opts.MaxPerNetwork > 0 {
		s.networks.remove(c.network())
	}
	if c.expires() != 0 {
		s.deadlines.remove(c)
	}
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

package actor

import (
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// wheel spreads the clients over slots, so that each tick looks at its share of
// them only and 100,000 heartbeats are no burst. A turn of the wheel is half the
// heartbeat interval: each client is visited twice an interval, once at its main
// visit and once between two of those.
//
// At its main visit a client gets a heartbeat unless it was sent something in
// the last half interval, and between them only if the main visit gave none and
// the next would come too late. So nobody is left without bytes for longer than
// the interval, and quiet clients' heartbeats stay where their main visits are:
// evenly spread.
//
// Not safe for concurrent use; the hub goroutine owns it.
type wheel struct {
	slots []group
	half  uint32 // half the interval, in ticks: how many slots a turn has
	slack uint32 // how late a tick may be, in ticks
	at    int    // the next slot to visit
	odd   bool   // this turn's parity
	next  uint32 // the slot for the next client
	seen  uint32 // the tick up to which slots were visited
}

func newWheel(interval time.Duration) wheel {
	half := max(uint32(interval/2/TickInterval), 1)
	w := wheel{slots: make([]group, half), half: half, slack: min(half/4, 2)}
	for i := range w.slots {
		w.slots[i].kind = kindSlot
	}
	return w
}

func (w *wheel) add(c *Client) {
	c.slot, c.odd = w.next%w.half, w.next/w.half%2 == 1
	w.next++
	w.slots[c.slot].add(c)
}

func (w *wheel) remove(c *Client, moving func(g *group, member *Client, from, to int)) {
	w.slots[c.slot].remove(c, moving)
}

// due reports whether c, which was sent nothing for quiet ticks, gets a heartbeat
// at this visit.
func (w *wheel) due(c *Client, quiet uint32) bool {
	if c.odd == w.odd {
		c.beaten = quiet+w.slack >= w.half
		return c.beaten
	}
	return quiet > w.half+w.slack || !c.beaten && quiet > w.half
}

// advance is what time brings: heartbeats, stale and old streams, notices of
// gaps, and the next part of a drain.
func (s *state) advance(now time.Time) {
	if now.Before(s.now) {
		return // a clock set back must not end anybody
	}
	s.setTime(now)
	s.overdue()
	s.shed.allowed = s.shed.perTick
	var heartbeat *sse.Frame
	w := &s.wheel
	// Late ticks are caught up with, but never more than a turn.
	for steps := min(s.tick-w.seen, w.half); steps > 0; steps-- {
		members := w.slots[w.at].members
		// From the end, because a visit may take the visited client out.
		for i := len(members) - 1; i >= 0; i-- {
			c := members[i]
			if s.visit(c) || !w.due(c, s.tick-c.lastOffer) || c.out.Stuck() {
				continue
			}
			if heartbeat == nil {
				heartbeat = heartbeatFrame(s.opts.HeartbeatComment, s.now)
			}
			c.out.Shrink()
			if s.offer(c, heartbeat) {
				s.stats.Heartbeats++
			}
		}
		if w.at++; w.at == len(w.slots) {
			w.at, w.odd = 0, !w.odd
		}
	}
	w.seen = s.tick
	s.aging = s.history.Expire(s.tick, sliceSize)
	s.replays.look(len(s.replays.queue))
	// Behind the visits: after a late tick a notice that was just queued would make its
	// client look stuck.
	s.gaps.tellQuiet(s)
}

// visit ends c if it is stale or old, and says so.
func (s *state) visit(c *Client) (ended bool) {
	switch {
	case c.out.Stuck() && time.Duration(s.tick-c.out.LastWrite())*TickInterval > s.opts.ClientTimeout:
		s.kill(c, ReasonTimeout)
	case c.oldAt != 0 && s.tick >= c.oldAt:
		s.end(c, &ending{reason: ReasonMaxAge, code: CodeMaxAge,
			message: "the stream has reached its maximum age; reconnect to resume"})
	default:
		return false
	}
	return true
}

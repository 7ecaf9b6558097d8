package actor

import (
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// gaps is the clients that missed events. Each is told before it gets anything
// later (deliver), or by a tick, once it has read on and nothing later came.
//
// There is one exception, for a client that is sent more than it may have: it would be
// told before each event that it gets, and most of what it is sent would be notices. The
// first notice is before anything later as well. Its "rateLimited" says for a second that
// events may be missing, and the next notice which.
//
// Not safe for concurrent use; the hub goroutine owns it.
type gaps struct {
	untold  int       // how many have a gap that they are not told of
	waiting []*Client // those, and some who were told or left since; each once
}

// losses is what one client did not get; there is none before the first.
type losses struct {
	dropped uint64 // events, in all
	limited uint64 // of those, because they were too many for it
	gap     gap
	warned  uint32 // tick of the last notice of events that were too many
}

// gap is the events that a client has missed and not been told of. The zero gap is none.
type gap struct {
	dropped  uint64
	limited  uint64 // of those, because they were too many for it
	from, to string // the ids of the first and the last
}

// warningTicks is for how long a notice of events that were too many holds.
const warningTicks = uint32(time.Second / TickInterval)

// room is what the notice of g takes, at most, in bytes. A publisher's id is JSON
// of up to six times its length.
func (g *gap) room() int { return 192 + 6*(len(g.from)+len(g.to)) }

// unaware reports whether c has a gap that it is not told of.
func (c *Client) unaware() bool { return c.lost != nil && c.lost.gap.dropped > 0 }

// warned reports whether the last notice holds for the whole of c's gap.
func (s *state) warned(c *Client) bool {
	return c.lost.gap.limited == c.lost.gap.dropped && s.tick-c.lost.warned < warningTicks
}

// miss notes that c did not get an event, and gives its gap.
func (s *state) miss(c *Client, f *sse.Frame) *gap {
	if c.lost == nil {
		c.lost = &losses{warned: s.tick - warningTicks} // not warned
	}
	c.lost.dropped++
	g := &c.lost.gap
	if g.dropped == 0 {
		g.from = f.ID()
		s.gaps.untold++
		if !c.awaitsGap {
			c.awaitsGap = true
			s.gaps.waiting = append(s.gaps.waiting, c)
		}
	}
	g.dropped++
	g.to = f.ID()
	return g
}

// tellGap tells c, whose outbox has room. The notice has no id: it must not move
// the client's Last-Event-ID.
func (s *state) tellGap(c *Client) {
	if s.offer(c, gapFrame(c.lost.gap, s.now)) {
		s.stats.Notices++
		if c.lost.gap.limited > 0 {
			c.lost.warned = s.tick
		}
	}
	s.forgetGap(c)
}

// forgetGap is for who was told, or can't be told any more.
func (s *state) forgetGap(c *Client) {
	if c.unaware() {
		c.lost.gap = gap{}
		s.gaps.untold--
	}
}

// tellQuiet tells those that have read at least half of what waited: they may get
// nothing for long. It looks at a slice of them, in turns.
func (g *gaps) tellQuiet(s *state) {
	n := min(len(g.waiting), sliceSize)
	for _, c := range g.waiting[:n] {
		c.awaitsGap = false
		if !c.unaware() || c.phase != phaseOpen {
			continue
		}
		if frames, size := c.out.Waiting(); s.warned(c) || frames > s.limits.Frames/2 || size > s.limits.Bytes/2 {
			c.awaitsGap = true
			g.waiting = append(g.waiting, c)
			continue
		}
		s.tellGap(c)
	}
	clear(g.waiting[:n])
	if g.waiting = g.waiting[n:]; len(g.waiting) == 0 {
		g.waiting = nil
	}
}

package actor

// gaps is the clients that missed events. Each is told before it gets anything
// later (deliver), or by a tick, once it has read on and nothing later came.
//
// Not safe for concurrent use; the hub goroutine owns it.
type gaps struct {
	untold  int       // how many have a gap that they are not told of
	waiting []*Client // those, and some who were told or left since; each once
}

// gap is the run of events that a client has missed and not been told of.
type gap struct {
	dropped  uint64
	from, to string // the ids of the first and the last
}

// room is what the notice of g takes, at most, in bytes. A publisher's id is JSON
// of up to six times its length.
func (g *gap) room() int { return 192 + 6*(len(g.from)+len(g.to)) }

// miss notes that c did not get an event.
func (s *state) miss(c *Client, id string) {
	if c.missed == nil {
		c.missed = &gap{from: id}
		s.gaps.untold++
		if !c.awaitsGap {
			c.awaitsGap = true
			s.gaps.waiting = append(s.gaps.waiting, c)
		}
	}
	c.missed.dropped++
	c.missed.to = id
}

// tellGap tells c, whose outbox has room. The notice has no id: it must not move
// the client's Last-Event-ID.
func (s *state) tellGap(c *Client) {
	if s.offer(c, gapFrame(*c.missed, s.now)) {
		s.stats.Notices++
	}
	s.forgetGap(c)
}

// forgetGap is for who was told, or can't be told any more.
func (s *state) forgetGap(c *Client) {
	if c.missed != nil {
		c.missed = nil
		s.gaps.untold--
	}
}

// tellQuiet tells those that have read at least half of what waited: they may get
// nothing for long. It looks at a slice of them, in turns.
func (g *gaps) tellQuiet(s *state) {
	n := min(len(g.waiting), sliceSize)
	for _, c := range g.waiting[:n] {
		c.awaitsGap = false
		if c.missed == nil || c.phase != phaseOpen {
			continue
		}
		if frames, size := c.out.Waiting(); frames > s.limits.Frames/2 || size > s.limits.Bytes/2 {
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

package actor

// Sends with many receivers are swept: the hub walks the receivers in slices and
// serves other messages in between. Three rules keep each client's order.
//
//  1. One send is swept at a time; the others wait in their order.
//  2. Before a client gets a later send directly, it gets from the waiting ones
//     what is its own (catchUp), and its cursor says so to the sweep.
//  3. When a departure moves a client from the part still to be walked to the
//     part that has been, it catches up first.
//
// A client that joins has its cursor at the newest send, and gets what is sent
// after that.

// sliceSize is how many receivers are served between two looks at the other
// messages, and up to which number a send is not swept at all.
const sliceSize = 1024

// maxSweeps is how many sends may wait to be swept. Beyond it the hub takes no
// further sends; their publishers wait, each with its deadline.
const maxSweeps = 32

// sweeps is the sends under way, the first of which is being swept.
//
// Not safe for concurrent use; the hub goroutine owns it.
type sweeps struct {
	waiting []*send
	added   uint // how many ever
	group   int  // of waiting[0]: which of its groups
	pos     int  // in that group: the first member not yet walked
}

// sweepSet is a set of waiting sends. Each group knows those that go to it, so what
// is a client's own costs one look at each of its groups, however many sends wait
// and however many topics each has.
type sweepSet uint32

func (w *sweeps) full() bool { return len(w.waiting) >= maxSweeps }

func (w *sweeps) add(m *send) {
	m.bit = 1 << (w.added % maxSweeps) // the one that had it before has been swept
	w.added++
	for _, g := range m.groups {
		g.pending |= m.bit
	}
	w.waiting = append(w.waiting, m)
}

// done is for the first, when all its groups have been walked.
func (w *sweeps) done() *send {
	m := w.waiting[0]
	for _, g := range m.groups {
		g.pending &^= m.bit
	}
	w.waiting[0] = nil
	w.waiting = w.waiting[1:]
	w.group, w.pos = 0, 0
	return m
}

// sweepable reports whether a slice can be walked now.
func (s *state) sweepable() bool {
	return len(s.sweeps.waiting) > 0 && !s.paused() && !s.writers.congested()
}

// sweep walks one slice.
func (s *state) sweep() {
	w := &s.sweeps
	for range sliceSize {
		m := w.waiting[0]
		if w.group == len(m.groups) {
			s.answer(w.done())
			return
		}
		g := m.groups[w.group]
		if w.pos >= len(g.members) {
			w.group, w.pos = w.group+1, 0
			continue
		}
		c := g.members[w.pos]
		w.pos++
		if c.cursor < m.order {
			c.cursor = m.order
			if s.deliver(c, m.frame) {
				m.queued++
			}
		}
		if s.writers.congested() {
			return
		}
	}
}

// catchUp gives c whatever is waiting to be swept and is its own.
func (s *state) catchUp(c *Client) {
	if len(s.sweeps.waiting) == 0 {
		return
	}
	own := s.pendingFor(c)
	for _, m := range s.sweeps.waiting {
		if c.cursor < m.order {
			c.cursor = m.order
			if own&m.bit != 0 && s.deliver(c, m.frame) {
				m.queued++
			}
		}
	}
}

// pendingFor is the waiting sends that c is a receiver of.
func (s *state) pendingFor(c *Client) sweepSet {
	own := s.index.all.pending
	if c.shared != nil {
		for _, g := range [...]*group{c.shared.user, c.shared.session} {
			if g != nil {
				own |= g.pending
			}
		}
	}
	for _, m := range c.topics {
		own |= m.topic.pending
	}
	return own
}

// moving keeps rule 3; see group.remove.
func (s *state) moving(g *group, member *Client, from, to int) {
	w := &s.sweeps
	if len(w.waiting) == 0 || w.group == len(w.waiting[0].groups) || w.waiting[0].groups[w.group] != g {
		return
	}
	if to < w.pos && from >= w.pos {
		s.catchUp(member)
	}
}

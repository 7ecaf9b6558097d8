package actor

import (
	"slices"

	"github.com/sseactor/sseactor/actor/internal/outbox"
	"github.com/sseactor/sseactor/actor/sse"
)

// Target says who gets an event: ClientIDs alone if there are any, else the
// union of the others, else everybody. A client that matches twice gets the
// event once.
//
// The zero Target is everybody. A caller that takes targets from outside must
// refuse a field that is present and empty, or a mistake becomes a broadcast.
type Target struct {
	ClientIDs []string
	UserID    string
	SessionID string
	Topics    []string
}

func (t Target) everybody() bool {
	return len(t.ClientIDs) == 0 && t.UserID == "" && t.SessionID == "" && len(t.Topics) == 0
}

// Receipt is the answer to a send.
type Receipt struct {
	ID     string // the event's id
	Queued int    // how many clients it was queued for

	draining bool // it was not sent
}

// send is one event on its way to its receivers. Each has a number in the order
// of all sends, which a client's cursor is compared with.
type send struct {
	order  uint64
	number uint64 // in the history, if it is there
	frame  *sse.Frame
	groups []*group // whose members get it
	bit    sweepSet // of the groups' pending, while it waits to be swept
	queued int
	reply  chan<- Receipt
}

// send assigns the event's id, keeps it in the history, and gives it to its receivers:
// at once if they are few, else in slices.
func (s *state) send(frame *sse.Frame, target Target, reply chan<- Receipt) {
	if s.draining {
		reply <- Receipt{draining: true}
		return
	}
	s.lastID = s.nextID()
	s.publish(s.lastID, frame, target, reply)
}

// publish is send for an event that has its id.
func (s *state) publish(id sse.Sequence, frame *sse.Frame, target Target, reply chan<- Receipt) {
	if s.opts.NoIDs {
		frame.End()
	} else {
		frame.Seal(id.String())
	}
	s.order++
	frame.Rank(max(uint32(s.order), 1))
	s.stats.Events++
	m := send{order: s.order, number: s.history.Next(), frame: frame, reply: reply}
	if len(target.ClientIDs) > 0 {
		s.recordFor(id, frame, target.ClientIDs)
		for _, id := range target.ClientIDs {
			if c := s.index.byID.get(id); c != nil {
				s.give(&m, c)
			}
		}
		s.answer(&m)
		return
	}
	s.record(id, frame, target)
	m.groups = s.groups[:0]
	size := s.resolve(&m, target)
	s.giveSingle(&m, s.index.users.single.get(target.UserID))
	s.giveSingle(&m, s.index.sessions.single.get(target.SessionID))
	if size > sliceSize {
		swept := m
		swept.groups = slices.Clone(m.groups)
		clear(m.groups)
		s.sweeps.add(&swept)
		return
	}
	for _, g := range m.groups {
		for _, c := range g.members {
			s.give(&m, c)
		}
	}
	s.answer(&m)
	clear(m.groups)
	s.groups = m.groups
}

// resolve fills in the groups that target names, and counts their members.
func (s *state) resolve(m *send, target Target) (size int) {
	add := func(g *group) {
		if g != nil {
			m.groups = append(m.groups, g)
			size += len(g.members)
		}
	}
	if target.everybody() {
		add(&s.index.all)
		return size
	}
	// The zero key is in no map, so a field that was not given matches nobody.
	add(s.index.users.groups[target.UserID])
	add(s.index.sessions.groups[target.SessionID])
	for _, topic := range target.Topics {
		add(s.index.topics[topic])
	}
	return size
}

// giveSingle gives m to the only client of a user or of a session, if there is one:
// it is in no group, and a sweep will find that it has m.
func (s *state) giveSingle(m *send, c *Client) {
	if c != nil {
		s.give(m, c)
	}
}

// answer tells the publisher, and the history.
func (s *state) answer(m *send) {
	reply := m.reply
	reply <- Receipt{ID: m.frame.ID(), Queued: m.queued}
	if e := s.history.Event(m.number); e != nil && e.Frame == m.frame {
		e.Queued = uint32(m.queued)
	}
}

// give lets c have m, unless it has had it, after everything sent before.
func (s *state) give(m *send, c *Client) {
	if c.cursor >= m.order {
		return
	}
	s.catchUp(c)
	c.cursor = m.order
	if s.deliver(c, m.frame) {
		m.queued++
	}
}

// deliver puts a publisher's event into c's outbox, or does what the event's
// priority says when there is no room. Nothing goes in behind a hole unless the
// notice of it goes before, or one did that still holds (see gaps).
func (s *state) deliver(c *Client, f *sse.Frame) bool {
	if c.replaying {
		return true // it is in the history, and comes in its turn
	}
	if s.rate.limits() && !c.doomed && !s.rate.take(&c.allowance, f.Priority() == sse.High) {
		s.limit(c, f)
		return false
	}
	if c.unaware() && !c.doomed && !s.warned(c) {
		if !c.out.Fits(f, c.lost.gap.room(), s.limits) {
			s.overflow(c, f)
			return false
		}
		s.tellGap(c)
	}
	if !s.offer(c, f) {
		return false
	}
	c.accepted++
	s.stats.Deliveries++
	return true
}

// offer puts a frame into c's outbox and hands c to a writer if need be.
func (s *state) offer(c *Client, f *sse.Frame) bool {
	if c.doomed {
		// Another event, even if it would fit, would move the client's
		// Last-Event-ID past the one it is ended for.
		return false
	}
	switch c.out.Offer(f, s.limits) {
	case outbox.Handed:
		s.writers.hand(c, f)
	case outbox.Behind:
		s.press(c)
	case outbox.Full:
		s.overflow(c, f)
		return false
	case outbox.Gone:
		return false
	}
	c.lastOffer = s.tick
	return true
}

// overflow is the slow-consumer policy: every drop is counted, and the client is
// told of it before anything later; a high-priority event, as all persistent ones are,
// ends the stream instead, so that the client comes back with its Last-Event-ID.
func (s *state) overflow(c *Client, f *sse.Frame) {
	switch f.Priority() {
	case sse.High:
		s.stats.DroppedHigh++
		s.dropped(c, f, "its outbox was full; the stream was ended")
		c.doomed = true
		s.slow = append(s.slow, c) // ended by settle: its groups are being walked
		return
	case sse.Low:
		s.stats.DroppedLow++
	case sse.Normal:
		s.stats.DroppedNormal++
	}
	s.dropped(c, f, "its outbox was full")
	s.miss(c, f)
}

// limit drops an event that is one too many for c, counts it, and sees that c is told.
func (s *state) limit(c *Client, f *sse.Frame) {
	s.stats.DroppedRate++
	s.dropped(c, f, "it had more events than its rate allows")
	s.miss(c, f).limited++
	c.lost.limited++
}

package actor

import (
	"context"
	"slices"

	"github.com/sseactor/sseactor/actor/internal/history"
	"github.com/sseactor/sseactor/actor/sse"
)

// What became of an event is worked out when somebody asks. The history knows who it was
// for; each client, from which event on it is a receiver and which it has written last;
// beside that, only what was dropped and who has left is remembered, so much of it.
const (
	maxDrops = 4096
	maxLeft  = 1024
)

// Fate is what became of an event for one receiver.
type Fate uint8

// The fates.
const (
	_         Fate = iota
	Delivered      // written to the connection; whether the client has read it, it alone knows
	Waiting        // in its outbox, or behind what it has missed
	Dropped        // Receiver.Why says why; the client was told of a gap, or ended
	Left           // its stream ended before it was written; Why says how
)

// String gives the fate in a word.
func (f Fate) String() string {
	if f <= Left {
		return [...]string{"unknown", "written", "waiting", "dropped", "left"}[f]
	}
	return "unknown"
}

// Receiver is one stream that an event was for.
type Receiver struct {
	ClientID, UserID, SessionID string
	Fate                        Fate
	Why                         string
}

// Trace is what became of an event.
type Trace struct {
	ID         sse.Sequence
	OwnID      string // the publisher's, if it gave one
	Everybody  bool
	Target     Target
	Priority   sse.Priority
	Persistent bool
	Queued     int // for how many streams it was queued when it was sent

	Receivers []Receiver
	Next      int // the cursor for the next page of them; zero: there is none
}

// Inquire tells what became of a recent event, by its id: of those that the history has.
// found is false if it does not have it. Receivers come in pages, as those of List; one
// that comes or goes meanwhile may be listed twice, or not.
func (h *Hub) Inquire(ctx context.Context, id string, cursor, limit int) (t Trace, found bool, err error) {
	answer, err := ask(ctx, h, h.others, func(reply chan<- *Trace) message {
		return tracing{id, cursor, limit, reply}
	})
	if err != nil || answer == nil {
		return Trace{}, false, err
	}
	return *answer, true, nil
}

type tracing struct {
	id            string
	cursor, limit int
	reply         chan<- *Trace
}

func (m tracing) do(s *state) {
	m.reply <- s.trace(m.id, max(m.cursor, 0), max(1, min(m.limit, maxPage)))
}

// traces is what is remembered of events beside the history.
//
// Not safe for concurrent use; the hub goroutine owns it.
type traces struct {
	drops recent[drop]
	left  recent[leaver]
}

type drop struct {
	client string
	order  uint32
	why    string
}

// leaver is a stream that has ended.
type leaver struct {
	packed
	topics              []membership
	joined, left, wrote uint32 // orders of events
	reason              Reason
}

// recent is the newest of many.
type recent[T any] struct {
	all  []T
	next int // when they are as many as there may be, the oldest
}

func (r *recent[T]) add(v T, most int) {
	if len(r.all) < most {
		r.all = append(r.all, v)
		return
	}
	r.all[r.next] = v
	r.next = (r.next + 1) % most
}

// dropped remembers that c did not get an event.
func (s *state) dropped(c *Client, f *sse.Frame, why string) {
	s.traces.drops.add(drop{c.id(), f.Order(), why}, maxDrops)
}

// remember notes that c has left.
func (s *state) remember(c *Client) {
	left := s.order
	if c.phase == phaseEnding {
		left = c.cursor // when it was taken out of the index
	}
	s.traces.left.add(leaver{c.packed, c.topics, c.joined, uint32(left), c.out.LastOrder(), Reason(c.reason.Load())}, maxLeft)
}

func (s *state) trace(id string, cursor, limit int) *Trace {
	e := s.history.Lookup(id)
	if e == nil {
		return nil
	}
	to := e.Target()
	t := &Trace{
		ID:         e.ID,
		Everybody:  to.Everybody,
		Target:     Target{ClientIDs: to.Clients, UserID: to.User, SessionID: to.Session, Topics: to.Topics},
		Priority:   e.Frame.Priority(),
		Persistent: e.Frame.Persistent(),
		Queued:     int(e.Queued),
	}
	if e.Frame.Own() {
		t.OwnID = e.Frame.ID()
	}
	q := inquiry{to: to, order: e.Frame.Order(), dropped: make(map[string]string)}
	for _, d := range s.traces.drops.all {
		if d.order == q.order {
			q.dropped[d.client] = d.why
		}
	}
	t.Receivers, t.Next = s.receivers(&q, cursor, limit)
	return t
}

// receivers gives a page of those that the event was for, and the next cursor: the
// streams that have left, those that are ending, and then those that are open, by group.
// What a cursor counts is how many of all these were looked at.
func (s *state) receivers(q *inquiry, cursor, limit int) (page []Receiver, next int) {
	before, looked := 0, 0 // in the lists before; for this page
	list := func(n int, at func(i int) (Receiver, bool)) (full bool) {
		for i := max(cursor-before, 0); i < n; i++ {
			if len(page) == limit || looked == maxLooks {
				next = before + i
				return true
			}
			looked++
			if r, is := at(i); is {
				page = append(page, r)
			}
		}
		before += n
		return false
	}
	left, ending := s.traces.left.all, s.endings.queue
	if list(len(left), func(i int) (Receiver, bool) { return q.leaver(&left[i]) }) ||
		list(len(ending), func(i int) (Receiver, bool) { return q.ending(ending[i].client) }) {
		return page, next
	}
	groups := s.audience(q.to)
	for g, group := range groups {
		if list(len(group.members), func(i int) (Receiver, bool) {
			c := group.members[i]
			for _, earlier := range groups[:g] {
				if earlier.has(c) { // it was listed there
					return Receiver{}, false
				}
			}
			return q.client(c)
		}) {
			break
		}
	}
	return page, next
}

// listeners are some of those who can have got an event.
type listeners struct {
	members []*Client
	has     func(*Client) bool
}

// audience is those who can have got an event, in groups that may overlap.
func (s *state) audience(to history.Target) (groups []listeners) {
	add := func(g *group, has func(*Client) bool) {
		if g != nil {
			groups = append(groups, listeners{g.members, has})
		}
	}
	if to.Everybody {
		add(&s.index.all, func(*Client) bool { return true })
	}
	if to.User != "" {
		add(s.index.users.all(to.User), func(c *Client) bool { return c.user() == to.User })
	}
	if to.Session != "" {
		add(s.index.sessions.all(to.Session), func(c *Client) bool { return c.session() == to.Session })
	}
	for _, topic := range to.Topics {
		if g := s.index.topics[topic]; g != nil {
			add(g, func(c *Client) bool { return c.in(g) })
		}
	}
	var streams []*Client
	for _, id := range to.Clients {
		if c := s.index.byID.get(id); c != nil && !slices.Contains(streams, c) {
			streams = append(streams, c)
		}
	}
	return append(groups, listeners{members: streams}) // the last: nobody asks what it has
}

// inquiry is what is asked of each stream.
type inquiry struct {
	to      history.Target
	order   uint32            // the event's
	dropped map[string]string // why, by the client's id
}

// behind reports whether an order is the event's or behind it.
func (q *inquiry) behind(order uint32) bool { return int32(order-q.order) >= 0 }

// client is what became of the event for a client that it was for.
func (q *inquiry) client(c *Client) (r Receiver, is bool) {
	r = Receiver{ClientID: c.id(), UserID: c.user(), SessionID: c.session(), Fate: Waiting}
	last := c.out.LastOrder()
	switch why := q.dropped[r.ClientID]; {
	case q.behind(c.joined):
		return r, false
	case why != "":
		r.Fate, r.Why = Dropped, why
	case last != 0 && q.behind(last):
		r.Fate = Delivered
	}
	return r, true
}

// ending is the same for a stream that is being ended.
func (q *inquiry) ending(c *Client) (r Receiver, is bool) {
	if c.phase == phaseGone || !q.behind(uint32(c.cursor)) || !q.isFor(&c.packed, c.topics) {
		return r, false // it is among those that have left, or was ended before
	}
	return q.client(c)
}

// leaver is what became of it for a stream that has ended, if it was for that.
func (q *inquiry) leaver(l *leaver) (r Receiver, is bool) {
	r = Receiver{ClientID: l.id(), UserID: l.user(), SessionID: l.session(), Fate: Left, Why: l.reason.String()}
	switch why := q.dropped[r.ClientID]; {
	case q.behind(l.joined) || !q.behind(l.left) || !q.isFor(&l.packed, l.topics):
		return r, false
	case why != "":
		r.Fate, r.Why = Dropped, why
	case l.wrote != 0 && q.behind(l.wrote):
		r.Fate, r.Why = Delivered, ""
	}
	return r, true
}

// isFor reports whether the event was for a stream, going by whose it is.
func (q *inquiry) isFor(p *packed, topics []membership) bool {
	return q.to.Everybody ||
		q.to.User != "" && q.to.User == p.user() ||
		q.to.Session != "" && q.to.Session == p.session() ||
		slices.Contains(q.to.Clients, p.id()) ||
		slices.ContainsFunc(topics, func(m membership) bool { return slices.Contains(q.to.Topics, m.topic.key) })
}

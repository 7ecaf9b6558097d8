package actor

import "strings"

// group is an unordered set of clients that can be walked in slices: those of
// one user, session or topic, a slot of the wheel, or everybody. Each client
// knows its position, so leaving costs the same however large the group is.
//
// Not safe for concurrent use; the hub goroutine owns it.
type group struct {
	kind    groupKind
	key     string
	members []*Client
	pending sweepSet // the sends that wait to be swept over it
}

type groupKind uint8

const (
	kindAll groupKind = iota
	kindUser
	kindSession
	kindTopic
	kindSlot
)

// membership is a client's place in one topic.
type membership struct {
	topic *group
	at    uint32
}

// position is where c keeps its place in g.
func (c *Client) position(g *group) *uint32 {
	switch g.kind {
	case kindAll:
		return &c.atAll
	case kindUser:
		return &c.shared.atUser
	case kindSession:
		return &c.shared.atSession
	case kindSlot:
		return &c.atSlot
	}
	for i := range c.topics {
		if c.topics[i].topic == g {
			return &c.topics[i].at
		}
	}
	panic("actor: client is not in topic " + g.key) // a fault of this package
}

// add puts c at the end.
func (g *group) add(c *Client) {
	*c.position(g) = uint32(len(g.members))
	g.members = append(g.members, c)
}

// remove takes c out; the last member takes its place. moving is told of that
// member first, with its old and its new place.
func (g *group) remove(c *Client, moving func(g *group, member *Client, from, to int)) {
	at, last := int(*c.position(g)), len(g.members)-1
	if at != last {
		member := g.members[last]
		moving(g, member, last, at)
		g.members[at] = member
		*member.position(g) = uint32(at)
	}
	g.members[last] = nil
	g.members = g.members[:last]
	// A slice that has outgrown its members eight times is given back.
	if cap(g.members) > 64 && len(g.members) < cap(g.members)/8 {
		g.members = append(make([]*Client, 0, 2*len(g.members)), g.members...)
	}
}

// index finds clients by what events can be addressed to.
//
// Not safe for concurrent use; the hub goroutine owns it.
type index struct {
	all      group
	byID     table
	users    roster
	sessions roster
	topics   map[string]*group
}

func newIndex() index {
	return index{
		byID:     newTable((*Client).ID),
		users:    newRoster(kindUser, (*Client).user),
		sessions: newRoster(kindSession, (*Client).session),
		topics:   make(map[string]*group),
	}
}

// add makes c addressable.
func (x *index) add(c *Client) {
	x.byID.add(c)
	x.all.add(c)
	x.users.add(c)
	x.sessions.add(c)
	if c.extra == nil || c.extra.wants == nil {
		return
	}
	for _, name := range c.extra.wants {
		topic := x.topics[name]
		if topic == nil {
			// Its own copy: the name may be a part of a longer text, which would live as long.
			topic = &group{kind: kindTopic, key: strings.Clone(name)}
			x.topics[topic.key] = topic
		}
		if !c.in(topic) {
			c.topics = append(c.topics, membership{topic: topic})
			topic.add(c)
		}
	}
	c.extra = c.extra.registered()
}

// in reports whether c is in a topic.
func (c *Client) in(topic *group) bool {
	for _, m := range c.topics {
		if m.topic == topic {
			return true
		}
	}
	return false
}

// remove makes c unaddressable.
func (x *index) remove(c *Client, moving func(g *group, member *Client, from, to int)) {
	x.byID.remove(c)
	x.all.remove(c, moving)
	x.users.remove(c, moving)
	x.sessions.remove(c, moving)
	for _, m := range c.topics {
		leave(x.topics, m.topic, c, moving)
	}
	if x.byID.count == 0 {
		// A map gives no memory back, a table not all; start over when nobody is left.
		all := x.all
		*x = newIndex()
		x.all = all
	}
}

func leave(groups map[string]*group, g *group, c *Client, moving func(g *group, member *Client, from, to int)) {
	g.remove(c, moving)
	if len(g.members) == 0 {
		delete(groups, g.key)
	}
}

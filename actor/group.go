package actor

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
		return &c.atUser
	case kindSession:
		return &c.atSession
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
	byID     map[string]*Client
	users    map[string]*group
	sessions map[string]*group
	topics   map[string]*group
}

func newIndex() index {
	return index{
		byID:     make(map[string]*Client),
		users:    make(map[string]*group),
		sessions: make(map[string]*group),
		topics:   make(map[string]*group),
	}
}

// add makes c addressable.
func (x *index) add(c *Client) {
	x.byID[c.ID] = c
	x.all.add(c)
	if c.UserID != "" {
		c.user = join(x.users, kindUser, c.UserID)
		c.user.add(c)
	}
	if c.SessionID != "" {
		c.session = join(x.sessions, kindSession, c.SessionID)
		c.session.add(c)
	}
	if len(c.Topics) > 0 {
		c.topics = make([]membership, 0, len(c.Topics))
	}
	for _, name := range c.Topics {
		topic := join(x.topics, kindTopic, name)
		if !c.in(topic) {
			c.topics = append(c.topics, membership{topic: topic})
			topic.add(c)
		}
	}
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

func join(groups map[string]*group, kind groupKind, key string) *group {
	g := groups[key]
	if g == nil {
		g = &group{kind: kind, key: key}
		groups[key] = g
	}
	return g
}

// remove makes c unaddressable.
func (x *index) remove(c *Client, moving func(g *group, member *Client, from, to int)) {
	delete(x.byID, c.ID)
	x.all.remove(c, moving)
	if c.user != nil {
		leave(x.users, c.user, c, moving)
	}
	if c.session != nil {
		leave(x.sessions, c.session, c, moving)
	}
	for _, m := range c.topics {
		leave(x.topics, m.topic, c, moving)
	}
	c.user, c.session, c.topics = nil, nil, nil
	if len(x.byID) == 0 {
		// A map never gives memory back; start over when nobody is left.
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

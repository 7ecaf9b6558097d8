package actor

import "strings"

// roster finds clients by a name that several may have: the user's, or the
// session's. Most names are those of one client, and then there is no group, which
// with its slice would be a fifth of what a client takes.
//
// Not safe for concurrent use; the hub goroutine owns it.
type roster struct {
	kind   groupKind
	single table
	groups map[string]*group // once they were two; until nobody is left
}

func newRoster(kind groupKind, name func(*Client) string) roster {
	return roster{kind: kind, single: newTable(name), groups: make(map[string]*group)}
}

// len is how many names there are.
func (r *roster) len() int { return r.single.count + len(r.groups) }

// count is how many clients have a name; nobody has the empty one.
func (r *roster) count(name string) int {
	if g := r.groups[name]; g != nil {
		return len(g.members)
	}
	if r.single.get(name) != nil {
		return 1
	}
	return 0
}

func (r *roster) add(c *Client) {
	name := r.single.name(c)
	if name == "" {
		return
	}
	if g := r.groups[name]; g != nil {
		c.share(g)
		return
	}
	other := r.single.get(name)
	if other == nil {
		r.single.add(c)
		return
	}
	r.single.remove(other)
	// Its own copy of the name: one of a client's would keep all of its strings.
	g := &group{kind: r.kind, key: strings.Clone(name)}
	r.groups[g.key] = g
	other.share(g)
	c.share(g)
}

func (r *roster) remove(c *Client, moving func(g *group, member *Client, from, to int)) {
	if c.shared != nil {
		if g := *c.shared.group(r.kind); g != nil {
			leave(r.groups, g, c, moving)
			*c.shared.group(r.kind) = nil
			return
		}
	}
	r.single.remove(c)
}

// all gives a group of all who have a name, nil if there is nobody.
func (r *roster) all(name string) *group {
	if c := r.single.get(name); c != nil {
		return &group{kind: r.kind, key: name, members: []*Client{c}}
	}
	return r.groups[name]
}

// sharing is a client's places among those of its user and of its session.
type sharing struct {
	user, session     *group // nil: it is the only one
	atUser, atSession uint32
}

func (s *sharing) group(kind groupKind) **group {
	if kind == kindUser {
		return &s.user
	}
	return &s.session
}

// share puts c into the group of its user or its session.
func (c *Client) share(g *group) {
	if c.shared == nil {
		c.shared = new(sharing)
	}
	*c.shared.group(g.kind) = g
	g.add(c)
}

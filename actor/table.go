package actor

import "hash/maphash"

// table finds a client by one of its names, which no other in it has. It is a hash
// table that keeps no copy of the names and fills its places well: for a million
// clients it takes 15 bytes each, where a map takes 57. It grows in parts, so no
// client that comes waits for a million to be moved.
//
// Not safe for concurrent use; the hub goroutine owns it.
type table struct {
	name  func(*Client) string
	seed  maphash.Seed
	count int
	bits  uint    // as many of a hash's highest bits choose a part
	parts []*part // by those; a part with fewer bits is there several times
}

// part is the clients whose hashes begin with the same bits.
type part struct {
	bits  uint
	count int
	// A place is taken if its tag is not zero: the last bits of the hash, which also
	// say where to look first (see home). From there on places are taken in turn.
	tags    []uint16
	clients []*Client
}

const (
	minPart = 8
	maxPart = 1024 // from so many places on it is halved
)

func newTable(name func(*Client) string) table {
	return table{name: name, seed: maphash.MakeSeed(), parts: []*part{new(part)}}
}

func (t *table) hash(name string) uint64 { return maphash.String(t.seed, name) }

func (t *table) part(hash uint64) *part { return t.parts[hash>>(64-t.bits)] }

func tagOf(hash uint64) uint16 { return max(uint16(hash), 1) }

// get gives the client with a name, nil if there is none.
func (t *table) get(name string) *Client {
	hash := t.hash(name)
	p := t.part(hash)
	if p.count == 0 {
		return nil
	}
	tag := tagOf(hash)
	for i := p.home(tag); p.tags[i] != 0; i = p.after(i) {
		if p.tags[i] == tag && t.name(p.clients[i]) == name {
			return p.clients[i]
		}
	}
	return nil
}

// add adds a client whose name is not there.
func (t *table) add(c *Client) {
	hash := t.hash(t.name(c))
	for t.part(hash).full() {
		t.enlarge(t.part(hash))
	}
	t.part(hash).add(tagOf(hash), c)
	t.count++
}

// remove removes a client that is there, and nothing if it is not.
func (t *table) remove(c *Client) {
	hash := t.hash(t.name(c))
	p := t.part(hash)
	if p.count == 0 {
		return
	}
	for i := p.home(tagOf(hash)); p.tags[i] != 0; i = p.after(i) {
		if p.clients[i] == c {
			p.remove(i)
			t.count--
			if n := len(p.tags); n > minPart && p.count < n/4 {
				p.resize(n / 2)
			}
			return
		}
	}
}

// enlarge makes room in a part, or halves it.
func (t *table) enlarge(p *part) {
	if n := len(p.tags); n < maxPart {
		p.resize(max(minPart, n+n/4))
		return
	}
	if p.bits == t.bits {
		twice := make([]*part, 0, 2*len(t.parts))
		for _, p := range t.parts {
			twice = append(twice, p, p)
		}
		t.parts, t.bits = twice, t.bits+1
	}
	halves := [2]*part{{bits: p.bits + 1}, {bits: p.bits + 1}}
	hashes := make([]uint64, len(p.clients))
	var sizes [2]int
	for i, c := range p.clients {
		if c != nil {
			hashes[i] = t.hash(t.name(c))
			sizes[hashes[i]>>(63-p.bits)&1]++
		}
	}
	for i, half := range halves {
		half.resize(max(minPart, sizes[i]*3/2))
	}
	for i, c := range p.clients {
		if c != nil {
			halves[hashes[i]>>(63-p.bits)&1].add(tagOf(hashes[i]), c)
		}
	}
	for i := range t.parts {
		if t.parts[i] == p {
			t.parts[i] = halves[uint(i)>>(t.bits-p.bits-1)&1]
		}
	}
}

// full reports whether one more would make searches long.
func (p *part) full() bool { return p.count >= len(p.tags)*4/5 }

// home is the place to look first. It needs no more than the tag, so that clients
// can be moved without a look at them.
func (p *part) home(tag uint16) int { return int(uint64(tag) * uint64(len(p.tags)) >> 16) }

func (p *part) after(i int) int {
	if i++; i == len(p.tags) {
		return 0
	}
	return i
}

// add takes the first free place, of which there must be one.
func (p *part) add(tag uint16, c *Client) {
	i := p.home(tag)
	for p.tags[i] != 0 {
		i = p.after(i)
	}
	p.tags[i], p.clients[i] = tag, c
	p.count++
}

// remove frees a place. Those behind it move up, unless they would come to stand
// before their home.
func (p *part) remove(free int) {
	p.count--
	for i := p.after(free); p.tags[i] != 0; i = p.after(i) {
		if p.distance(p.home(p.tags[i]), i) >= p.distance(free, i) {
			p.tags[free], p.clients[free] = p.tags[i], p.clients[i]
			free = i
		}
	}
	p.tags[free], p.clients[free] = 0, nil
}

// distance is how many steps it is from one place on to another.
func (p *part) distance(from, to int) int {
	if to < from {
		to += len(p.tags)
	}
	return to - from
}

// resize gives the part so many places, which must suffice.
func (p *part) resize(places int) {
	tags, clients := p.tags, p.clients
	p.tags, p.clients, p.count = make([]uint16, places), make([]*Client, places), 0
	for i, tag := range tags {
		if tag != 0 {
			p.add(tag, clients[i])
		}
	}
}

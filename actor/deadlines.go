package actor

// deadlines is the clients whose sessions end, the next one first: a binary heap in which
// each knows its place, so that leaving early costs a logarithm, and whoever has no
// deadline costs nothing. (The wheel visits a client twice an interval, which is too
// seldom to end a session in time.)
//
// Not safe for concurrent use; the hub goroutine owns it.
type deadlines struct{ heap []deadline }

// deadline is when a client's session ends, in milliseconds since the Unix epoch. It
// stands here although the client has it too: to compare is not to look at clients, which
// are all over the memory.
type deadline struct {
	at     int64
	client *Client
}

// add puts in c, which has a deadline.
func (d *deadlines) add(c *Client) {
	d.heap = append(d.heap, deadline{c.expires(), c})
	d.up(len(d.heap) - 1)
}

// remove takes out c, which is in.
func (d *deadlines) remove(c *Client) {
	at, last := int(c.atDeadline), len(d.heap)-1
	moved := d.heap[last]
	d.heap[last] = deadline{}
	d.heap = d.heap[:last]
	if at != last {
		d.put(moved, at)
		d.up(at)
		d.down(int(moved.client.atDeadline))
	}
	// A slice that has outgrown its clients eight times is given back.
	if cap(d.heap) > 64 && len(d.heap) < cap(d.heap)/8 {
		d.heap = append(make([]deadline, 0, 2*len(d.heap)), d.heap...)
	}
}

// due is a client whose deadline has come; nil: there is none.
func (d *deadlines) due(milliseconds uint64) *Client {
	if len(d.heap) == 0 || uint64(d.heap[0].at) > milliseconds {
		return nil
	}
	return d.heap[0].client
}

func (d *deadlines) put(e deadline, at int) {
	d.heap[at] = e
	e.client.atDeadline = uint32(at)
}

// up moves the one at a place to where nobody before it has more time.
func (d *deadlines) up(at int) {
	e := d.heap[at]
	for at > 0 {
		parent := (at - 1) / 2
		if d.heap[parent].at <= e.at {
			break
		}
		d.put(d.heap[parent], at)
		at = parent
	}
	d.put(e, at)
}

// down moves it to where nobody behind it has less.
func (d *deadlines) down(at int) {
	e := d.heap[at]
	for {
		child := 2*at + 1
		if child >= len(d.heap) {
			break
		}
		if child+1 < len(d.heap) && d.heap[child+1].at < d.heap[child].at {
			child++
		}
		if e.at <= d.heap[child].at {
			break
		}
		d.put(d.heap[child], at)
		at = child
	}
	d.put(e, at)
}

// expirable reports whether a stream may be ended now because its session has.
func (s *state) expirable() bool {
	return s.deadlines.due(s.milliseconds) != nil && !s.writers.congested()
}

// expireSlice ends one slice of the streams whose sessions have ended.
func (s *state) expireSlice() {
	e := ending{reason: ReasonExpired, code: CodeSessionExpired, message: "the session has expired; sign in again"}
	for range sliceSize {
		if !s.expirable() {
			return
		}
		s.end(s.deadlines.due(s.milliseconds), &e) // which takes it out
	}
}

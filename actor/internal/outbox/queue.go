package outbox

import "github.com/sseactor/sseactor/actor/sse"

// segment is a piece of the queue. It is filled once from front to back and
// then left to the garbage collector, or rewound when the outbox is idle, so
// neither side needs to know the other's position: the word's count says how
// many frames there are.
type segment struct {
	frames []*sse.Frame
	// next is written by the hub before the word counts a frame in it, and read
	// by the owner only once it has counted that frame.
	next *segment
}

// The first segment is small because most busy spells are short; later ones
// grow, so that a long queue costs few allocations.
const (
	firstSegment = 8
	maxSegment   = 128
)

// push appends f behind the tail. Hub only; the caller then counts the frame.
func (o *Outbox) push(f *sse.Frame) {
	switch {
	case o.tail == nil:
		s := &segment{frames: make([]*sse.Frame, firstSegment)}
		o.head, o.tail, o.headPos, o.tailPos = s, s, 0, 0
	case int(o.tailPos) == len(o.tail.frames):
		s := &segment{frames: make([]*sse.Frame, min(4*len(o.tail.frames), maxSegment))}
		o.tail.next = s
		o.tail, o.tailPos = s, 0
	}
	o.tail.frames[o.tailPos] = f
	o.tailPos++
}

// rewind starts the queue of an idle outbox over, in the segment it has.
func (o *Outbox) rewind() {
	o.head = o.tail
	o.headPos, o.tailPos = 0, 0
}

// cursor is a position in the queue, for looking ahead without taking.
type cursor struct {
	segment *segment
	pos     uint32
}

// next steps over one frame, which the word must have counted.
func (c *cursor) next() *sse.Frame {
	if int(c.pos) == len(c.segment.frames) {
		c.segment, c.pos = c.segment.next, 0
	}
	f := c.segment.frames[c.pos]
	c.pos++
	return f
}

// pop takes one frame from the head. Owner only; the caller uncounts it.
func (o *Outbox) pop() *sse.Frame {
	c := cursor{o.head, o.headPos}
	f := c.next()
	// The frame may be the last to hold a large event's bytes: let go of it.
	c.segment.frames[c.pos-1] = nil
	o.head, o.headPos = c.segment, c.pos
	return f
}

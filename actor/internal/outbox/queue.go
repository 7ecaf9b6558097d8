package outbox

import "github.com/sseactor/sseactor/actor/sse"

// queue is the frames that wait, and what is written after them. The producer's end
// belongs to the hub, the consumer's to the owner; an idle outbox has no owner, and
// both belong to the hub.
type queue struct {
	tail, head       *segment
	tailPos, headPos uint32
	farewell         *sse.Frame // set by the hub before flagEnding, read after
	discarded        uint32     // frames dropped for flagDiscard; the owner's
}

// waiting is the queue, which it makes if there is none. Hub only.
func (o *Outbox) waiting() *queue {
	if o.queue == nil {
		o.queue = new(queue)
	}
	return o.queue
}

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
func (q *queue) push(f *sse.Frame) {
	switch {
	case q.tail == nil:
		s := &segment{frames: make([]*sse.Frame, firstSegment)}
		q.head, q.tail, q.headPos, q.tailPos = s, s, 0, 0
	case int(q.tailPos) == len(q.tail.frames):
		s := &segment{frames: make([]*sse.Frame, min(4*len(q.tail.frames), maxSegment))}
		q.tail.next = s
		q.tail, q.tailPos = s, 0
	}
	q.tail.frames[q.tailPos] = f
	q.tailPos++
}

// rewind starts the queue of an idle outbox over, in the segment it has.
func (q *queue) rewind() {
	if q != nil {
		q.head = q.tail
		q.headPos, q.tailPos = 0, 0
	}
}

// ahead is the queue's head, for looking at what waits without taking it.
func (q *queue) ahead() cursor { return cursor{q.head, q.headPos} }

// cursor is a position in the queue.
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
func (q *queue) pop() *sse.Frame {
	c := q.ahead()
	f := c.next()
	// The frame may be the last to hold a large event's bytes: let go of it.
	c.segment.frames[c.pos-1] = nil
	q.head, q.headPos = c.segment, c.pos
	return f
}

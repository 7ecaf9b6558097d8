package sse

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Frame is the wire form of one event, encoded once and shared by all of its
// receivers. After Seal it is immutable and safe for concurrent use.
type Frame struct {
	wire       []byte
	id         string
	ttl        uint32 // seconds; zero: no limit
	order      uint32 // see Order
	priority   Priority
	control    bool
	own        bool
	persistent bool
}

// idRoom is kept free behind an encoded event for the id line and the blank
// line, so that sealing does not copy: "id: ", two 20-digit numbers, "-", LF, LF.
const idRoom = 48

// NewFrame encodes a publisher's event, all but its id line and its end, which
// Seal adds when the order is decided.
//
// A persistent event's priority is High, whatever it said: one that was dropped for a
// slow client would be acknowledged by the Last-Event-ID of what came after it.
func NewFrame(e Event) *Frame {
	if e.Persistent {
		e.Priority = High
	}
	f := &Frame{id: e.ID.s, priority: e.Priority, own: e.ID.s != "", persistent: e.Persistent}
	f.ttl = uint32(min((e.TTL+time.Second-1)/time.Second, math.MaxUint32))
	room := encodedLength(e) + idRoom + len(e.ID.s)
	f.wire = appendBlock(make([]byte, 0, room), e.Name.s, e.Retry, e.Data)
	return f
}

// Seal gives the frame its id, if the publisher did not, and ends the block.
// The hub calls it once, before anybody else sees the frame.
//
// The id goes last in its block: a client that is cut off midway through one
// must not have moved its Last-Event-ID past an event it never dispatched.
func (f *Frame) Seal(id string) {
	if f.id == "" {
		f.id = id
	}
	f.wire = append(f.wire, "id: "...)
	f.wire = append(f.wire, f.id...)
	f.wire = append(f.wire, '\n', '\n')
}

// End ends the block of a frame that is to have no id, in Seal's place.
func (f *Frame) End() {
	f.id = ""
	f.wire = append(f.wire, '\n')
}

// NewControl encodes one of the server's own events. It carries no id: it must
// not move the client's Last-Event-ID (WHATWG HTML 9.2.6). The retry goes into
// the same block, because a block of its own reaches some clients as an empty
// event. data is a single line of JSON.
func NewControl(name string, retry time.Duration, data []byte) *Frame {
	b := make([]byte, 0, len(name)+len(data)+48)
	b = appendBlock(b, name, retry, string(data))
	return &Frame{wire: append(b, '\n'), priority: High, control: true}
}

// NewComment encodes a comment line, which clients skip. Line ends in text
// start further comment lines.
func NewComment(text string) *Frame {
	var b []byte
	for line := range lines(text) {
		b = append(b, ':', ' ')
		b = append(b, line...)
		b = append(b, '\n')
	}
	return &Frame{wire: append(b, '\n'), priority: High, control: true}
}

// Restore is the frame of an event that was sealed before, by another process perhaps,
// from its wire bytes: e says the rest, and its Name and Data are not needed.
func Restore(wire []byte, id string, e Event) *Frame {
	f := NewFrame(Event{ID: e.ID, Priority: e.Priority, Persistent: e.Persistent, TTL: e.TTL})
	f.wire, f.id = wire, id
	return f
}

// Prefixed returns a control frame whose bytes start with head: the response
// head of a stream leaves together with its first event.
func (f *Frame) Prefixed(head []byte) *Frame {
	wire := make([]byte, 0, len(head)+len(f.wire))
	wire = append(append(wire, head...), f.wire...)
	return NewRaw(wire)
}

// NewRaw is a control frame of the given bytes, for an answer that is no event.
func NewRaw(wire []byte) *Frame { return &Frame{wire: wire, priority: High, control: true} }

// Bytes are the frame's wire bytes. The caller must not change them.
func (f *Frame) Bytes() []byte { return f.wire }

// Len is the number of wire bytes.
func (f *Frame) Len() int { return len(f.wire) }

// ID is the id that was sealed in, or the publisher's; empty on control frames.
func (f *Frame) ID() string { return f.id }

// Rank says where in the order of all events this one is. The hub calls it when it seals
// the frame.
func (f *Frame) Rank(order uint32) { f.order = order }

// Order is the event's place in the order of all events of this hub, which wraps around:
// of two, a is behind b if int32(a-b) > 0. Zero: it has none, like what the hub did not
// send.
func (f *Frame) Order() uint32 { return f.order }

// Own reports whether the id is the publisher's.
func (f *Frame) Own() bool { return f.own }

// Persistent is the event's.
func (f *Frame) Persistent() bool { return f.persistent }

// TTL is the event's, in whole seconds; zero: none.
func (f *Frame) TTL() time.Duration { return time.Duration(f.ttl) * time.Second }

// Priority is the event's.
func (f *Frame) Priority() Priority { return f.priority }

// Control reports whether the frame is the server's own (connection, heartbeat,
// error, comment) and not a publisher's event.
func (f *Frame) Control() bool { return f.control }

// appendBlock writes the fields of an event without its end. One line end (LF)
// throughout: a client has been seen to lose an event in a mixed stream.
func appendBlock(b []byte, name string, retry time.Duration, data string) []byte {
	if name != "" {
		b = append(b, "event: "...)
		b = append(b, name...)
		b = append(b, '\n')
	}
	if retry > 0 {
		b = append(b, "retry: "...)
		b = strconv.AppendInt(b, max(retry.Milliseconds(), 1), 10)
		b = append(b, '\n')
	}
	for line := range lines(data) {
		// The space is part of the field's syntax: without it a client would
		// eat the first space of the text.
		b = append(b, "data: "...)
		b = append(b, line...)
		b = append(b, '\n')
	}
	return b
}

// lines yields the lines of a text. CR, LF and CRLF each end one, as in the
// parser of every client: a bare CR let through would start a new field there.
// A text without a line end, the empty one too, is one line.
func lines(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		// Most texts have no CR, and the search for one byte is by far the fastest.
		end := func(text string) int { return strings.IndexByte(text, '\n') }
		if strings.IndexByte(text, '\r') >= 0 {
			end = func(text string) int { return strings.IndexAny(text, "\r\n") }
		}
		for {
			i := end(text)
			if i < 0 {
				yield(text)
				return
			}
			if !yield(text[:i]) {
				return
			}
			if text[i] == '\r' && i+1 < len(text) && text[i+1] == '\n' {
				i++
			}
			text = text[i+1:]
		}
	}
}

// encodedLength is what appendBlock will need, at most.
func encodedLength(e Event) int {
	n := len("event: \nretry: \n") + 20 + len(e.Name.s) + len(e.Data)
	return n + len("data: \n")*(1+strings.Count(e.Data, "\n")+strings.Count(e.Data, "\r"))
}

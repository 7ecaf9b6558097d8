// Package history keeps recent events for streams that resume. It finds what one
// stream may see by index, so a resume costs what it returns, not what is kept.
//
// Events have numbers without gaps, in the order of their ids. The oldest go first,
// whoever they were for: what a history has lost is one id, its floor.
package history

import (
	"iter"
	"slices"

	"github.com/sseactor/sseactor/actor/sse"
)

// Limits bound a history.
type Limits struct {
	Events int
	Bytes  int    // of frames, and what they cost beside; a single event is kept even if it is larger
	Ticks  uint32 // age; zero: any
}

// What an event costs beside its wire bytes, about.
const (
	overhead   = 160 // its place and its frame
	entryBytes = 24  // its place in a line
	lineBytes  = 200 // a line, beside its name
)

// Target is who an event is for: the union of its fields, everybody if it says so.
type Target struct {
	Everybody     bool
	User, Session string // empty: none
	Topics        []string
	Clients       []string // streams by their ids: kept for Lookup, and in no line, since nobody comes back as one
}

// Event is an event that is kept.
type Event struct {
	ID    sse.Sequence
	Frame *sse.Frame
	// Queued is for how many streams it was queued when it was sent; the hub's to set.
	Queued uint32

	tick    uint32    // when it came
	until   uint32    // from this tick on it is not replayed; zero: it always is
	line    *line     // that it stands in
	lines   []*line   // further ones
	clients *[]string // Target.Clients
}

// Tick is when the event came.
func (e *Event) Tick() uint32 { return e.tick }

// size is what the event takes, about, without the lines that it stands in.
func (e *Event) size() int {
	n := e.Frame.Len() + overhead
	if e.line != nil {
		n += entryBytes * (1 + len(e.lines))
	}
	if e.clients != nil {
		for _, id := range *e.clients {
			n += len(id) + 16
		}
	}
	return n
}

// Target gives who the event was for.
func (e *Event) Target() (to Target) {
	if e.clients != nil {
		to.Clients = *e.clients
	}
	for i := range len(e.lines) + 1 {
		l := e.line
		if i > 0 {
			l = e.lines[i-1]
		}
		switch {
		case l == nil:
		case l.kind == kindAll:
			to.Everybody = true
		case l.kind == kindUser:
			to.User = l.name
		case l.kind == kindSession:
			to.Session = l.name
		case l.kind == kindTopic:
			to.Topics = append(to.Topics, l.name)
		}
	}
	return to
}

// History is the events that are kept.
//
// Not safe for concurrent use; the hub goroutine owns it.
type History struct {
	limits Limits
	events ring
	bytes  int
	floor  sse.Sequence // of the newest event that is no longer kept
	gone   sse.Sequence // of the newest persistent one

	all   line
	named [kinds]map[string]*line
}

// New makes an empty history. floor is the newest id before it.
func New(limits Limits, floor sse.Sequence) *History {
	h := &History{limits: limits}
	h.Clear(floor, sse.Sequence{})
	return h
}

// Clear forgets everything. floor is the newest id so far, gone that of a persistent event.
func (h *History) Clear(floor, gone sse.Sequence) {
	next := h.events.next // a number names one event for as long as the hub lives
	*h = History{limits: h.limits, floor: floor, gone: gone, events: ring{first: next, next: next}, all: line{kind: kindAll}}
	for kind := range h.named {
		h.named[kind] = make(map[string]*line)
	}
}

// Append keeps an event, whose id is above all others, and makes room for it. From the
// tick until on it is not replayed; zero: it always is.
func (h *History) Append(id sse.Sequence, f *sse.Frame, to Target, tick, until uint32) {
	number := h.events.next
	e := h.events.push()
	*e = Event{ID: id, Frame: f, tick: tick, until: until}
	if len(to.Clients) > 0 {
		clients := slices.Clone(to.Clients) // the caller's own is the caller's
		e.clients = &clients
	}
	if to.Everybody {
		e.enter(&h.all, number)
	}
	if to.User != "" {
		e.enter(h.line(kindUser, to.User), number)
	}
	if to.Session != "" {
		e.enter(h.line(kindSession, to.Session), number)
	}
	for _, topic := range to.Topics {
		e.enter(h.line(kindTopic, topic), number)
	}
	if f.Own() {
		e.enter(h.line(kindOwn, f.ID()), number)
	}
	h.bytes += e.size()
	for h.Len() > 1 && (h.Len() > h.limits.Events || h.bytes > h.limits.Bytes) {
		h.evict()
	}
}

// Expire lets go of events that are too old, at most so many, and reports whether there
// are more of them.
func (h *History) Expire(tick uint32, most int) (more bool) {
	if h.limits.Ticks == 0 {
		return false
	}
	for ; h.Len() > 0; most-- {
		// Signed: events of a process whose clock was ahead come from the future.
		if int32(tick-h.events.at(h.events.first).tick) < int32(h.limits.Ticks) {
			return false
		}
		if most == 0 {
			return true
		}
		h.evict()
	}
	return false
}

// evict lets go of the oldest event.
func (h *History) evict() {
	e := h.events.at(h.events.first)
	h.floor = e.ID
	if e.Frame.Persistent() {
		h.gone = e.ID
	}
	h.bytes -= e.size()
	h.leave(e.line)
	for _, l := range e.lines {
		h.leave(l)
	}
	h.events.pop()
}

// leave takes the oldest event out of a line, and the line away if it was the last.
func (h *History) leave(l *line) {
	if l == nil {
		return
	}
	if l.pop(); l.len() == 0 && l.kind != kindAll {
		h.bytes -= lineBytes + len(l.name)
		delete(h.named[l.kind], l.name)
	}
}

// Len is how many events are kept.
func (h *History) Len() int { return int(h.events.next - h.events.first) }

// Bytes is what they take, about.
func (h *History) Bytes() int { return h.bytes }

// Floor is the newest id that is not kept any more: of all events after it, those that
// had a receiver by name are.
func (h *History) Floor() sse.Sequence { return h.floor }

// Gone is the newest persistent event that is not kept any more; zero: none.
func (h *History) Gone() sse.Sequence { return h.gone }

// After is the number of the first event whose id is above id.
func (h *History) After(id sse.Sequence) uint64 {
	low, high := h.events.first, h.events.next
	for low < high {
		middle := low + (high-low)/2
		if id.Less(h.events.at(middle).ID) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// First is the number of the oldest event, Next that of the one to come.
func (h *History) First() uint64 { return h.events.first }

// Next is the number of the event to come.
func (h *History) Next() uint64 { return h.events.next }

// Event gives the event with a number; nil if it is no longer kept, or not yet.
func (h *History) Event(number uint64) *Event {
	if number < h.events.first || number >= h.events.next {
		return nil
	}
	return h.events.at(number)
}

// Lookup gives the event with an id: the newest, if publishers gave it several times.
func (h *History) Lookup(id string) *Event {
	if l := h.named[kindOwn][id]; l != nil {
		number, _ := l.newest()
		return h.events.at(number)
	}
	at, err := sse.ParseSequence(id)
	if err != nil {
		return nil
	}
	if number := h.After(at); number > h.events.first {
		if e := h.events.at(number - 1); e.ID == at {
			return e
		}
	}
	return nil
}

// Lines is how many receivers by name, and ids of publishers, something is kept for.
func (h *History) Lines() int {
	n := 0
	for _, lines := range h.named {
		n += len(lines)
	}
	return n
}

// All gives the events that are kept, oldest first.
func (h *History) All() iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		for n := h.events.first; n < h.events.next; n++ {
			if !yield(h.events.at(n)) {
				return
			}
		}
	}
}

package history

import (
	"slices"

	"github.com/sseactor/sseactor/actor/sse"
)

// Reader is what one stream may see.
type Reader struct {
	User, Session string // empty: none
	Topics        []string
	Own           Numbers // further events, of this stream alone
}

// Numbers is the numbers of events that stand in no line of a name.
type Numbers struct{ line line }

// Add adds the newest event of a history, once.
func (n *Numbers) Add(h *History) {
	number := h.events.next - 1
	if newest, any := n.line.newest(); !any || newest != number {
		n.line.push(number)
	}
}

// Walk goes over the events that a reader may see, oldest first, each once. It is good
// as long as its history does not change.
type Walk struct {
	history *History
	places  []place
}

// Walk lets w begin at the first event that is not below number. What w has is used
// again.
func (h *History) Walk(r *Reader, number uint64, w *Walk) {
	w.history, w.places = h, w.places[:0]
	w.add(&h.all, number)
	w.add(h.named[kindUser][r.User], number)
	w.add(h.named[kindSession][r.Session], number)
	for _, topic := range r.Topics {
		w.add(h.named[kindTopic][topic], number)
	}
	w.add(&r.Own.line, number)
}

func (w *Walk) add(l *line, number uint64) {
	if l == nil {
		return // the empty name is in no map
	}
	p := l.from(number)
	if _, any := p.number(); any {
		w.places = append(w.places, p)
	}
}

// Next gives the next event and its number; nil: there is none. It stays where it is
// until Step.
func (w *Walk) Next() (*Event, uint64) {
	var lowest uint64
	found := false
	for i := range w.places {
		if n, any := w.places[i].number(); any && (!found || n < lowest) {
			lowest, found = n, true
		}
	}
	if !found {
		return nil, 0
	}
	return w.history.events.at(lowest), lowest
}

// Step goes past the event with a number, which Next gave.
func (w *Walk) Step(number uint64) {
	for i := range w.places {
		if n, any := w.places[i].number(); any && n == number {
			w.places[i].at++
		}
	}
}

// Newest gives the newest event that a reader may see; nil: there is none. It looks at
// one event of each of the reader's lines, and not at its Own.
func (h *History) Newest(r *Reader) *Event {
	newest, found := h.all.newest()
	look := func(l *line) {
		if l == nil {
			return // the empty name is in no map
		}
		if number, any := l.newest(); any && (!found || number > newest) {
			newest, found = number, true
		}
	}
	look(h.named[kindUser][r.User])
	look(h.named[kindSession][r.Session])
	for _, topic := range r.Topics {
		look(h.named[kindTopic][topic])
	}
	if !found {
		return nil
	}
	return h.events.at(newest)
}

// Expired reports whether the event is too old to be replayed.
func (e *Event) Expired(tick uint32) bool { return e.until != 0 && int32(tick-e.until) >= 0 }

// maxFind bounds a search for an id that a publisher has given to many events.
const maxFind = 1024

// Find gives the id of the oldest event with a publisher's own id that a reader may see,
// zero if there is none among the oldest 1,024 with this id; again: there is another one.
// The client may mean either: from the older one on it has a repetition, but no gap.
func (h *History) Find(own string, r *Reader) (id sse.Sequence, again bool) {
	l := h.named[kindOwn][own]
	if l == nil {
		return id, false
	}
	p := l.from(h.events.first)
	for range maxFind {
		number, any := p.number()
		if !any {
			break
		}
		p.at++
		if e := h.events.at(number); r.sees(e) {
			if !id.IsZero() {
				return id, true
			}
			id = e.ID
		}
	}
	return id, false
}

// Wants reports whether an event to a target is for the reader.
func (r *Reader) Wants(to Target) bool {
	return to.Everybody || to.User != "" && to.User == r.User || to.Session != "" && to.Session == r.Session ||
		slices.ContainsFunc(to.Topics, func(topic string) bool { return slices.Contains(r.Topics, topic) })
}

// sees reports whether an event is for the reader.
func (r *Reader) sees(e *Event) bool { return r.reads(e.line) || slices.ContainsFunc(e.lines, r.reads) }

// reads reports whether what stands in a line is for the reader.
func (r *Reader) reads(l *line) bool {
	if l == nil {
		return false
	}
	switch l.kind {
	case kindAll:
		return true
	case kindUser:
		return l.name == r.User
	case kindSession:
		return l.name == r.Session
	case kindTopic:
		return slices.Contains(r.Topics, l.name)
	}
	return false
}

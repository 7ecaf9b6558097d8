package history

// ring is the events by number. They stand in chunks: a history of a million grows
// without moving any of them.
type ring struct {
	first, next uint64 // the number of the oldest, and of the one to come
	chunks      []*chunk
	spare       *chunk
}

const chunkSize = 512

type chunk [chunkSize]Event

// at gives the event with a number that is there. The pointer is good until the event
// goes.
func (r *ring) at(number uint64) *Event {
	return &r.chunks[number/chunkSize-r.first/chunkSize][number%chunkSize]
}

// push makes room for the next event and gives it.
func (r *ring) push() *Event {
	if r.first == r.next || r.next%chunkSize == 0 {
		r.grow()
	}
	r.next++
	return r.at(r.next - 1)
}

// grow adds a chunk, unless the next number's is there.
func (r *ring) grow() {
	if int(r.next/chunkSize-r.first/chunkSize) < len(r.chunks) {
		return
	}
	c := r.spare
	if r.spare = nil; c == nil {
		c = new(chunk)
	}
	r.chunks = append(r.chunks, c)
}

// pop lets go of the oldest event.
func (r *ring) pop() {
	*r.at(r.first) = Event{}
	r.first++
	if r.first%chunkSize == 0 {
		r.spare = r.chunks[0]
		r.chunks[0] = nil
		r.chunks = r.chunks[1:]
	}
}

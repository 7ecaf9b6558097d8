package history

import "strings"

// kind is what the name of a line names.
type kind uint8

const (
	kindUser kind = iota
	kindSession
	kindTopic
	kindOwn      // the id that a publisher gave
	kinds        // how many have names
	kindAll kind = 255
)

// line is the numbers of the events that are for one receiver, oldest first.
type line struct {
	kind kind
	name string
	// The numbers, in chunks, so that a long line never has to move: the first has been
	// read up to head, all but the last are full. A short line is one small chunk.
	chunks [][]uint64
	head   int
	count  int
}

// A line begins small, as most have one or two events; a long line's chunks are as
// large as makes few of them.
const (
	firstChunk = 2
	maxChunk   = 1024
)

// line gives the line with a name, which it makes if there is none.
func (h *History) line(k kind, name string) *line {
	l := h.named[k][name]
	if l == nil {
		// Its own copy: the name may be a part of a longer text, which would live as long.
		l = &line{kind: k, name: strings.Clone(name)}
		h.named[k][l.name] = l
		h.bytes += lineBytes + len(name)
	}
	return l
}

// enter puts an event into a line, once.
func (e *Event) enter(l *line, number uint64) {
	if newest, any := l.newest(); any && newest == number {
		return
	}
	l.push(number)
	if e.line == nil {
		e.line = l
		return
	}
	e.lines = append(e.lines, l)
}

func (l *line) len() int { return l.count }

func (l *line) newest() (number uint64, any bool) {
	if l.count == 0 {
		return 0, false
	}
	last := l.chunks[len(l.chunks)-1]
	return last[len(last)-1], true
}

func (l *line) push(number uint64) {
	if n := len(l.chunks); n == 0 || len(l.chunks[n-1]) == cap(l.chunks[n-1]) {
		size := firstChunk
		if n > 0 {
			size = min(4*cap(l.chunks[n-1]), maxChunk)
		}
		l.chunks = append(l.chunks, make([]uint64, 0, size))
	}
	last := &l.chunks[len(l.chunks)-1]
	*last = append(*last, number)
	l.count++
}

// pop takes the oldest number out.
func (l *line) pop() {
	l.count--
	if l.head++; l.head == cap(l.chunks[0]) || l.count == 0 {
		l.head = 0
		l.chunks[0] = nil
		if l.chunks = l.chunks[1:]; len(l.chunks) == 0 {
			l.chunks = nil
		}
	}
}

// from gives the place of the first number that is not below number.
func (l *line) from(number uint64) place {
	if l.count == 0 {
		return place{}
	}
	low, high := 0, len(l.chunks) // the chunk: the last whose first number is not above
	for high-low > 1 {
		middle := (low + high) / 2
		if l.chunks[middle][0] <= number {
			low = middle
		} else {
			high = middle
		}
	}
	chunk := l.chunks[low]
	from, to := 0, len(chunk)
	if low == 0 {
		from = l.head
	}
	for from < to {
		middle := (from + to) / 2
		if chunk[middle] < number {
			from = middle + 1
		} else {
			to = middle
		}
	}
	return place{l, low, from}
}

// place is a place in a line, as long as the line does not change.
type place struct {
	line  *line
	chunk int
	at    int
}

// number is the number at a place; any is false behind the last.
func (p *place) number() (number uint64, any bool) {
	if p.line == nil {
		return 0, false
	}
	if p.at == len(p.line.chunks[p.chunk]) {
		if p.chunk+1 == len(p.line.chunks) {
			return 0, false
		}
		p.chunk, p.at = p.chunk+1, 0
	}
	return p.line.chunks[p.chunk][p.at], true
}

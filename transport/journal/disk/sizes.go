package disk

import (
	"sync"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

// size is how full a box is.
type size struct {
	records int
	bytes   int          // by Record.Size
	first   sse.Sequence // nothing is below; what is deleted there is not looked through again
}

// maxSizes bounds how many boxes' sizes are remembered, twice: some 100 bytes each.
const maxSizes = 50_000

// sizes remembers those of the boxes that were used last. When a generation is full, the
// one before it is forgotten.
type sizes struct {
	mu         sync.Mutex
	young, old map[journal.Box]size
}

// get gives a box's size, if it is remembered.
func (s *sizes) get(box journal.Box) (size, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.young[box]; ok {
		return found, true
	}
	found, ok := s.old[box]
	if ok {
		s.put(box, found)
	}
	return found, ok
}

// set remembers a box's size.
func (s *sizes) set(box journal.Box, of size) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(box, of)
}

func (s *sizes) put(box journal.Box, of size) {
	if s.young == nil || len(s.young) >= maxSizes {
		s.young, s.old = make(map[journal.Box]size), s.young
	}
	s.young[box] = of
}

// forget is for when the sizes may be others.
func (s *sizes) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.young, s.old = nil, nil
}

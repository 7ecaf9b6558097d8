package auth

import (
	"slices"
	"sync"
)

const (
	// maxAsking is how many questions the app is asked at one time.
	maxAsking = 64
	// fairAsking is how many of them each caller may have beside others.
	fairAsking = 8
	// keptForOthers is how many of maxAsking go to callers with less than fairAsking alone.
	keptForOthers = 16
	// maxWaiting is how many questions there may be, with those that wait for their turn.
	maxWaiting = 4096
)

// turns says whose question comes next: those of each caller wait in a line of their own,
// and the lines take turns, so that a flood from one address holds up nobody else. Where
// there is no more room, whoever has the longest line waits in vain. Safe for concurrent
// use.
type turns struct {
	mu     sync.Mutex
	asking int
	queued int
	lines  map[string]*line // by caller; of those with a question
	next   []*line          // those in which somebody waits, in their order
}

type line struct {
	from   string
	asking int
	queue  []*turn
}

// turn is one question's place.
type turn struct {
	line    *line
	called  chan struct{} // closed when it is this one's turn, or when it has lost its place
	dropped bool          // it has lost its place
}

func newTurns() *turns { return &turns{lines: map[string]*line{}} }

// join takes a place at the end of the caller's line; false: there is no room.
func (t *turns) join(from string) (*turn, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lines[from]
	if l == nil {
		l = &line{from: from}
	}
	if t.asking+t.queued >= maxWaiting && !t.makeRoom(len(l.queue)) {
		return nil, false
	}
	t.lines[from] = l
	if len(l.queue) == 0 {
		t.next = append(t.next, l)
	}
	own := &turn{line: l, called: make(chan struct{})}
	l.queue = append(l.queue, own)
	t.queued++
	t.call()
	return own, true
}

// makeRoom drops the newest question of the longest line, if that stays at least as long
// as one of so many will be with another.
func (t *turns) makeRoom(waiting int) bool {
	if t.queued == len(t.next) {
		return false // no line has more than one
	}
	longest := slices.MaxFunc(t.next, func(a, b *line) int { return len(a.queue) - len(b.queue) })
	last := len(longest.queue) - 1
	if last <= waiting {
		return false
	}
	lost := longest.queue[last]
	longest.queue = longest.queue[:last]
	t.queued--
	lost.dropped = true
	close(lost.called)
	return true
}

// call lets those ask for whom there is room. The caller holds mu.
func (t *turns) call() {
	for t.asking < maxAsking {
		i := slices.IndexFunc(t.next, func(l *line) bool {
			return l.asking < fairAsking || t.asking < maxAsking-keptForOthers
		})
		if i < 0 {
			return
		}
		l := t.next[i]
		t.next = slices.Delete(t.next, i, i+1)
		first := l.queue[0]
		if l.queue = l.queue[1:]; len(l.queue) > 0 {
			t.next = append(t.next, l)
		}
		t.queued--
		t.asking++
		l.asking++
		close(first.called)
	}
}

// leave gives a place back: that of a question which has been answered, or that of one
// which waits no longer. It must be called once for each that has joined.
func (t *turns) leave(own *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := own.line
	if i := slices.Index(l.queue, own); i >= 0 {
		t.queued--
		if l.queue = slices.Delete(l.queue, i, i+1); len(l.queue) == 0 {
			t.next = slices.DeleteFunc(t.next, func(other *line) bool { return other == l })
		}
	} else if !own.dropped {
		t.asking--
		l.asking--
	}
	if l.asking == 0 && len(l.queue) == 0 {
		delete(t.lines, l.from)
	}
	t.call()
}

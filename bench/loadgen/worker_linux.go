package loadgen

import (
	"container/heap"
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// receiveBytes is the size of a worker's read buffer, which all of its streams
// share.
const receiveBytes = 256 << 10

// worker owns its streams and one goroutine that serves them all.
type worker struct {
	client *Client
	number int
	epoll  int
	bell   wakeup

	mu       sync.Mutex
	commands []func() // to be run by the loop

	// All below belongs to the loop.
	streams  []*Stream
	ready    []*Stream // may connect at once, in this order
	later    dueHeap   // connect at their time
	inFlight int       // connecting or waiting for the connection event
	nextAt   int64     // when the connect rate allows the next connect
	stopped  bool

	counts   [Groups]Counts
	changed  bool // counts differ from what is posted
	latency  [Groups]Histogram
	arrivals []Arrival
	parser   Parser
	block    Block
	buf      []byte
	request  []byte
	spare    [][]byte // carry buffers not in use
	codes    map[string]string
}

func newWorker(c *Client, number int) (*worker, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	bell, err := newWakeup()
	if err != nil {
		_ = syscall.Close(epoll)
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(bell), Pad: -1}
	if err := syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, int(bell), &event); err != nil {
		return nil, fmt.Errorf("epoll_ctl: %w", err)
	}
	return &worker{
		client: c, number: number, epoll: epoll, bell: bell,
		arrivals: make([]Arrival, c.options.Tags),
		buf:      make([]byte, receiveBytes),
		codes:    map[string]string{},
	}, nil
}

// do has the loop run f, and returns without waiting for it.
func (w *worker) do(f func()) {
	w.mu.Lock()
	w.commands = append(w.commands, f)
	w.mu.Unlock()
	w.bell.ring()
}

// run is the loop. It keeps its thread: epoll_wait would make it change threads
// all the time.
func (w *worker) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	events := make([]syscall.EpollEvent, 1024)
	for w.obey(); !w.stopped; w.obey() {
		w.connectDue()
		w.post()
		n, err := syscall.EpollWait(w.epoll, events, w.patience())
		if err != nil && err != syscall.EINTR {
			panic(fmt.Sprintf("loadgen: epoll_wait: %v", err))
		}
		for i := range max(n, 0) {
			if e := &events[i]; e.Pad < 0 {
				w.bell.quiet()
			} else {
				w.serve(w.streams[e.Pad], e.Events)
			}
		}
	}
	w.post()
	_ = syscall.Close(int(w.bell))
	_ = syscall.Close(w.epoll)
}

func (w *worker) obey() {
	w.mu.Lock()
	commands := w.commands
	w.commands = nil
	w.mu.Unlock()
	for _, f := range commands {
		f()
	}
}

func (w *worker) post() {
	if w.changed {
		w.changed = false
		w.client.board.post(w.number, &w.counts)
	}
}

// patience is for how many milliseconds epoll_wait may sleep.
func (w *worker) patience() int {
	at := int64(-1)
	if len(w.ready) > 0 && w.inFlight < w.client.perWorker {
		at = w.nextAt
	}
	if len(w.later) > 0 && (at < 0 || w.later[0].due < at) {
		at = w.later[0].due
	}
	if at < 0 {
		return -1
	}
	// Rounded up: rounded down it would spin through the last millisecond.
	return int(max(0, at-Now()+int64(time.Millisecond)-1) / int64(time.Millisecond))
}

// enter queues a stream for its connect at its due time.
func (w *worker) enter(s *Stream) {
	w.tally(s).Waiting++
	if s.due <= Now() {
		w.ready = append(w.ready, s)
		return
	}
	heap.Push(&w.later, s)
}

// tally gives the counts that a stream counts in.
func (w *worker) tally(s *Stream) *Counts {
	w.changed = true
	return &w.counts[s.Group]
}

// dueHeap orders waiting streams by their time.
type dueHeap []*Stream

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due < h[j].due }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)        { *h = append(*h, x.(*Stream)) }
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	s := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return s
}

//go:build linux && !386 && !s390x

package stream

import (
	"fmt"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/sseactor/sseactor/actor"
)

// poller notices when a peer leaves and when a full connection takes bytes again.
// It is one epoll descriptor, which itself waits in the Go runtime's poller, so
// that no thread is spent on waiting.
type poller struct {
	engine     *Engine
	file       *os.File
	raw        syscall.RawConn
	fd         int
	generation atomic.Uint32
	table      table
}

// interest: the peer has closed or half-closed (a client that will read but never
// write again is taken for gone, as other HTTP servers do; no SSE client does
// that and stays), and room after the connection was full. Edges, not levels: an
// idle stream that can be written to is no news.
const interest = syscall.EPOLLRDHUP | syscall.EPOLLOUT | edgeTriggered

// edgeTriggered is EPOLLET, whose constant in package syscall is negative.
const edgeTriggered = 1 << 31

func newPoller(e *Engine) (*poller, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("stream: make an epoll descriptor: %w", err)
	}
	// os.NewFile hands only non-blocking descriptors to the runtime's poller.
	if err := syscall.SetNonblock(fd, true); err != nil {
		_ = syscall.Close(fd)
		return nil, fmt.Errorf("stream: make the epoll descriptor non-blocking: %w", err)
	}
	p := &poller{engine: e, file: os.NewFile(uintptr(fd), "epoll"), fd: fd}
	if p.raw, err = p.file.SyscallConn(); err != nil {
		return nil, fmt.Errorf("stream: wait for the epoll descriptor: %w", err)
	}
	return p, nil
}

// add begins to watch s. An event that has happened already is told at once.
func (p *poller) add(s *rawSink) error {
	s.generation = p.generation.Add(1)
	p.table.set(s.fd, s)
	event := syscall.EpollEvent{Events: interest, Fd: s.fd, Pad: int32(s.generation)}
	if err := syscall.EpollCtl(p.fd, syscall.EPOLL_CTL_ADD, int(s.fd), &event); err != nil {
		return fmt.Errorf("stream: watch a connection: %w", err)
	}
	return nil
}

// remove forgets s, whose descriptor the caller closes next: that takes it out of
// the epoll descriptor, and its number may be another stream's right after.
func (p *poller) remove(s *rawSink) { p.table.set(s.fd, nil) }

// stop ends run.
func (p *poller) stop() { _ = p.file.Close() }

// run is the poller's goroutine.
func (p *poller) run() {
	events := make([]syscall.EpollEvent, 256)
	for {
		n := 0
		err := p.raw.Read(func(fd uintptr) bool {
			var err error
			n, err = syscall.EpollWait(int(fd), events, 0)
			return n > 0 && err == nil
		})
		if err != nil {
			return // closed by stop
		}
		for _, event := range events[:n] {
			p.handle(event)
		}
	}
}

func (p *poller) handle(event syscall.EpollEvent) {
	s := p.table.get(event.Fd)
	if s == nil || s.generation != uint32(event.Pad) {
		return // closed meanwhile, and perhaps its number used again
	}
	c := s.client
	if event.Events&(syscall.EPOLLRDHUP|syscall.EPOLLHUP|syscall.EPOLLERR) != 0 {
		if c.Hangup() {
			c.EndedBy(departure(event))
			p.engine.finish(c, nil)
		} else {
			c.EndedBy(actor.ReasonClientClosed) // its owner will find out
		}
		return
	}
	if c.Writable() {
		select {
		case p.engine.woken <- c:
		case <-p.engine.over:
			p.engine.finish(c, nil)
		}
	}
}

// departure is why a connection is over: its peer closed or reset it, or the kernel
// has given up on it (TCP_USER_TIMEOUT, keepalive). For the owner, who keeps the
// descriptor open.
func departure(event syscall.EpollEvent) actor.Reason {
	if event.Events&syscall.EPOLLERR != 0 {
		errno, err := syscall.GetsockoptInt(int(event.Fd), syscall.SOL_SOCKET, syscall.SO_ERROR)
		if err == nil && syscall.Errno(errno) == syscall.ETIMEDOUT {
			return actor.ReasonTimeout
		}
	}
	return actor.ReasonClientClosed
}

// table finds a stream by its descriptor. The kernel gives out the lowest free
// number, so it is dense; its pages are made as they are needed.
type table struct {
	pages [tablePages]atomic.Pointer[page]
}

const (
	pageSize   = 4096
	tablePages = 16384 // 67 million descriptors
)

type page [pageSize]atomic.Pointer[rawSink]

func (t *table) get(fd int32) *rawSink {
	p := t.pages[fd/pageSize].Load()
	if p == nil {
		return nil
	}
	return p[fd%pageSize].Load()
}

func (t *table) set(fd int32, s *rawSink) {
	slot := &t.pages[fd/pageSize]
	p := slot.Load()
	for p == nil {
		slot.CompareAndSwap(nil, new(page))
		p = slot.Load()
	}
	p[fd%pageSize].Store(s)
}

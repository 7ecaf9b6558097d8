package stream

import (
	"errors"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/puzpuzpuz/xsync/v3"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

// Options are the engine's settings.
type Options struct {
	// Writers is how many goroutines serve the hub's batches (default
	// GOMAXPROCS); the same number belongs in actor.Options.
	Writers int
	// Portable takes the portable path for every connection.
	Portable bool
	// PlainSyscalls writes with the scheduler's bookkeeping around each system
	// call, for comparison.
	PlainSyscalls bool
	// WriteTimeout bounds a blocked write on the portable path (default 2 min).
	WriteTimeout time.Duration
	// Closed is told of each stream that has ended, by the goroutine that closed
	// it: it must not wait. It may be nil.
	Closed func(c *actor.Client, why actor.Reason, err error)
}

// Engine is the stream writers and the poller of one hub.
type Engine struct {
	hub    *actor.Hub
	opts   Options
	poller *poller // nil on the portable path

	opening sync.RWMutex       // held for reading while a stream is being opened
	woken   chan *actor.Client // parked clients whose connections take bytes again
	over    chan struct{}      // closed when the writers have ended
	writers sync.WaitGroup
	aside   sync.WaitGroup // flushes and watchers of the portable path
	poll    sync.WaitGroup

	conns *xsync.MapOf[*connSink, struct{}] // the portable path's, for Stop

	counters []counter // one for each writer, then one for all others
}

// counter is what one writer has written, on a cache line of its own.
type counter struct {
	frames, bytes, writes atomic.Uint64
	_                     [40]byte
}

// Totals is what all writers have written since the start.
type Totals struct {
	Frames uint64 // publishers' events written whole
	Bytes  uint64
	Writes uint64 // system calls or their like
}

// Start starts the writers, and the poller where there is one.
func Start(hub *actor.Hub, opts Options) (*Engine, error) {
	if opts.Writers <= 0 {
		opts.Writers = runtime.GOMAXPROCS(0)
	}
	if opts.WriteTimeout <= 0 {
		opts.WriteTimeout = 2 * time.Minute
	}
	e := &Engine{
		hub:      hub,
		opts:     opts,
		woken:    make(chan *actor.Client, 1024),
		over:     make(chan struct{}),
		conns:    xsync.NewMapOf[*connSink, struct{}](),
		counters: make([]counter, opts.Writers+1),
	}
	if !opts.Portable {
		p, err := newPoller(e)
		if err != nil {
			return nil, err
		}
		e.poller = p
	}
	if e.poller != nil {
		e.poll.Go(e.poller.run)
	}
	for i := range opts.Writers {
		e.writers.Go(func() { e.write(&e.counters[i]) })
	}
	return e, nil
}

// Stop waits until the writers have closed what the hub handed to them when it
// stopped, and ends the poller. Stop the hub first. It may be called again.
func (e *Engine) Stop() {
	e.writers.Wait()
	e.opening.Lock() // those that the hub let in last are open; it lets nobody in any more
	defer e.opening.Unlock()
	select {
	case <-e.over:
	default:
		close(e.over)
	}
	if e.poller != nil {
		e.poller.stop()
		e.poll.Wait()
	}
	for {
		select {
		case c := <-e.woken: // woken after the last writer had gone
			e.finish(c, nil)
			continue
		default:
		}
		break
	}
	// A write that waits for its peer does not see that its client was killed.
	e.conns.Range(func(s *connSink, _ struct{}) bool {
		s.Close()
		return true
	})
	e.aside.Wait()
}

// Totals may be called from any goroutine.
func (e *Engine) Totals() Totals {
	var t Totals
	for i := range e.counters {
		t.Frames += e.counters[i].frames.Load()
		t.Bytes += e.counters[i].bytes.Load()
		t.Writes += e.counters[i].writes.Load()
	}
	return t
}

// Open lets a stream in and makes conn the engine's, whatever becomes of it. The
// frame that head returns for the hub's answer is written first; if the stream is
// not admitted, the connection is closed behind it. If the connection can't be made
// a stream (no descriptor is left, the hub has stopped, the source has failed), head is
// called with the zero Welcome, and the error says why. It returns when that is done.
//
// source is asked for what the stream has missed, which is replayed; nil: nothing was.
//
// If Detaches(conn), the caller may go on with conn as if it were its own: what it
// writes is lost, and it reads the end.
func (e *Engine) Open(conn net.Conn, info actor.Info, source Source, head func(actor.Welcome) *sse.Frame) (welcome actor.Welcome, err error) {
	sink := e.newSink(conn)
	c := actor.NewClient(info, sink, e.hub.Now())
	e.opening.RLock()
	defer e.opening.RUnlock()
	more := false // of what a journal has kept for it
	// Watched before it is registered: what can fail comes first, while there is
	// nothing to undo and somebody to tell.
	if err = e.adopt(sink, c); err == nil {
		welcome, more, err = e.register(c, source)
	}
	if err != nil || welcome.Admission != actor.Admitted {
		return welcome, errors.Join(err, sink.refuse(head(welcome)))
	}
	defer func() {
		if p := recover(); p != nil { // from head: nobody else would close it
			c.EndedBy(actor.ReasonWriteFailed)
			c.Hangup()
			e.finish(c, nil)
			panic(p)
		}
	}()
	first := head(welcome)
	if c.Blocks() {
		e.aside.Go(func() { e.finish(c, first) })
	} else {
		e.finish(c, first)
	}
	if more {
		e.aside.Go(func() { e.feed(c, source) })
	}
	return welcome, nil
}

// adopt fails when there is no poller any more: its descriptor may be another's now.
func (e *Engine) adopt(s sink, c *actor.Client) error {
	select {
	case <-e.over:
		return actor.ErrStopped
	default:
		return s.adopt(c)
	}
}

// writeRefusal writes an answer to a connection that may make it wait, but not long:
// refusals are small, or the peer does not want them.
func writeRefusal(conn net.Conn, answer *sse.Frame) error {
	_ = conn.SetWriteDeadline(time.Now().Add(time.Second)) // if it fails, so does the write
	_, err := conn.Write(answer.Bytes())
	return err
}

// sink is a connection on its way to becoming a client's.
type sink interface {
	actor.Sink
	// adopt takes the connection over and begins to watch for its end. After an
	// error only refuse may be called.
	adopt(c *actor.Client) error
	// refuse answers instead of a stream, and closes.
	refuse(answer *sse.Frame) error
}

// closed is told when a Flush has closed a client's connection.
func (e *Engine) closed(c *actor.Client, err error) {
	why := actor.ReasonWriteFailed
	var timeout interface{ Timeout() bool } // a deadline's error, or ETIMEDOUT
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET):
		why = actor.ReasonClientClosed
	case errors.As(err, &timeout) && timeout.Timeout():
		why = actor.ReasonTimeout
	}
	why = c.EndedBy(why)
	e.hub.Unregister(c)
	if e.opts.Closed != nil {
		e.opts.Closed(c, why, err)
	}
}

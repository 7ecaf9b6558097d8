package loadgen

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Options are a client's settings. Zero values take the defaults named here.
type Options struct {
	Target netip.AddrPort // IPv4, on loopback
	Path   string         // default /api/sse
	Tags   int            // how many tags the run has, at most
	// OpenOnHead takes a stream for open when its response's head has come: other
	// servers send no connection event.
	OpenOnHead bool
	// Workers is how many goroutines serve streams (default 1; on two cores a
	// second one only takes from the server).
	Workers int
	// ConnectsInFlight bounds the streams that are between connect and
	// connection event (default 128), ConnectRate the connects a second
	// (default: no bound).
	ConnectsInFlight int
	ConnectRate      int
	// StreamsPerSource is how many connects go from one source address before
	// the next is used (default 8,000): from about 10,000 on, finding a free
	// port takes the kernel ever longer.
	StreamsPerSource int
	// FirstSource is how many addresses, from 127.0.0.2 on, are left to other load
	// clients on this machine.
	FirstSource int
	// OnEnd is called when the other side ended a stream or refused it, or it was
	// severed, by the worker's goroutine: it must be quick. It says whether and when the stream
	// opens again.
	OnEnd func(s *Stream) (after time.Duration, again bool)
}

// Client opens streams and watches over them. All methods are safe for
// concurrent use.
type Client struct {
	options   Options
	host      string
	gap       int64 // nanoseconds between a worker's connects
	perWorker int   // connects in flight

	workers []*worker
	running sync.WaitGroup
	board   board
	next    atomic.Uint32 // worker for the next stream
	dialled atomic.Uint32
	stop    sync.Once

	mu   sync.Mutex
	errs map[string]int
}

// New starts a client.
func New(o Options) (*Client, error) {
	if !o.Target.Addr().Is4() {
		return nil, fmt.Errorf("loadgen: Target %v is not an IPv4 address and port", o.Target)
	}
	if o.Path == "" {
		o.Path = "/api/sse"
	}
	o.Workers = max(o.Workers, 1)
	if o.ConnectsInFlight <= 0 {
		o.ConnectsInFlight = 128
	}
	if o.StreamsPerSource <= 0 {
		o.StreamsPerSource = 8000
	}
	c := &Client{options: o, host: o.Target.String(), errs: map[string]int{}}
	c.perWorker = max(o.ConnectsInFlight/o.Workers, 1)
	if o.ConnectRate > 0 {
		c.gap = int64(time.Second) / int64(o.ConnectRate) * int64(o.Workers)
	}
	c.board.posted = make([][Groups]Counts, o.Workers)
	for i := range o.Workers {
		w, err := newWorker(c, i)
		if err != nil {
			return nil, fmt.Errorf("loadgen: %w", err)
		}
		c.workers = append(c.workers, w)
	}
	for _, w := range c.workers {
		c.running.Go(w.run)
	}
	return c, nil
}

// Open asks for streams. They connect one after the other as the options allow;
// Await says when they are open.
func (c *Client) Open(specs ...Spec) []*Stream {
	streams := make([]*Stream, len(specs))
	share := make([][]*Stream, len(c.workers))
	for i, spec := range specs {
		s := &Stream{Spec: spec, Ledger: NewLedger(c.options.Tags), Retry: -1, RetryAfter: -1, Farewell: -1, fd: -1}
		n := int(c.next.Add(1)-1) % len(c.workers)
		s.worker = c.workers[n]
		share[n] = append(share[n], s)
		streams[i] = s
	}
	for n, mine := range share {
		w := c.workers[n]
		w.do(func() {
			for _, s := range mine {
				s.place = int32(len(w.streams))
				w.streams = append(w.streams, s)
				w.enter(s)
			}
		})
	}
	return streams
}

// Close ends streams with a FIN, Abort with an RST.
func (c *Client) Close(streams ...*Stream) {
	c.forEach(streams, func(w *worker, s *Stream) { w.end(s, EndLocal) })
}

// Abort ends streams with an RST.
func (c *Client) Abort(streams ...*Stream) {
	c.forEach(streams, func(w *worker, s *Stream) { w.end(s, EndAbort) })
}

// Sever has streams read so many more bytes, of this response or the next, and hang up
// then, mostly in the midst of an event; with none of them at once. OnEnd is asked
// whether and when they open again.
func (c *Client) Sever(bytes int, streams ...*Stream) {
	c.forEach(streams, func(w *worker, s *Stream) {
		if s.sever = bytes; bytes == 0 && s.phase != waiting {
			w.end(s, EndSevered)
		}
	})
}

// Stall stops reading streams, Resume reads them again.
func (c *Client) Stall(streams ...*Stream) { c.forEach(streams, (*worker).stall) }

// Resume reads stalled streams again.
func (c *Client) Resume(streams ...*Stream) { c.forEach(streams, (*worker).resume) }

// Reopen connects streams that have ended once more, at once.
func (c *Client) Reopen(streams ...*Stream) {
	c.forEach(streams, func(w *worker, s *Stream) {
		if s.phase == ended {
			w.reopen(s, 0)
		}
	})
}

// forEach has the workers do f for their streams, and waits until it is done.
func (c *Client) forEach(streams []*Stream, f func(*worker, *Stream)) {
	share := make(map[*worker][]*Stream, len(c.workers))
	for _, s := range streams {
		share[s.worker] = append(share[s.worker], s)
	}
	var all sync.WaitGroup
	for w, mine := range share {
		all.Add(1)
		w.do(func() {
			defer all.Done()
			for _, s := range mine {
				f(w, s)
			}
		})
	}
	all.Wait()
}

// Each shows streams to f, one after the other, while nothing changes them.
func (c *Client) Each(streams []*Stream, f func(*Stream)) {
	var one sync.Mutex
	c.forEach(streams, func(_ *worker, s *Stream) {
		one.Lock()
		defer one.Unlock()
		f(s)
	})
}

// Counts gives the counts of a group, as of a moment ago.
func (c *Client) Counts(group int) Counts { return c.board.sum(group) }

// Await waits until ok, which it asks whenever counts change. what names in an
// error what was waited for.
func (c *Client) Await(ctx context.Context, what string, ok func() bool) error {
	for {
		changed := c.board.changed()
		if ok() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, context.Cause(ctx))
		}
	}
}

// AwaitQuiet waits until no count has changed for so long.
func (c *Client) AwaitQuiet(ctx context.Context, quiet time.Duration) error {
	timer := time.NewTimer(quiet)
	defer timer.Stop()
	for {
		select {
		case <-c.board.changed():
			timer.Reset(quiet)
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("waiting for quiet: %w", context.Cause(ctx))
		}
	}
}

// Latency gives the time from each event's tag to its arrival, for a group.
func (c *Client) Latency(group int) *Histogram {
	sum := &Histogram{}
	c.onWorkers(func(w *worker) { sum.Add(&w.latency[group]) })
	return sum
}

// ResetLatency begins anew, for all groups.
func (c *Client) ResetLatency() {
	c.onWorkers(func(w *worker) { clear(w.latency[:]) })
}

// Arrivals gives what is known of each tag. disagree is how many of them have
// another id at one worker than at another.
func (c *Client) Arrivals() (arrivals []Arrival, disagree int) {
	arrivals = make([]Arrival, c.options.Tags)
	c.onWorkers(func(w *worker) {
		for i := range arrivals {
			if !arrivals[i].Add(w.arrivals[i]) {
				disagree++
			}
		}
	})
	return arrivals, disagree
}

// onWorkers runs f on each worker's loop, one after the other.
func (c *Client) onWorkers(f func(*worker)) {
	for _, w := range c.workers {
		done := make(chan struct{})
		w.do(func() {
			defer close(done)
			f(w)
		})
		<-done
	}
}

// Err tells of system calls that failed and of responses that could not be
// understood; nil if there were none.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []error
	for text, n := range c.errs {
		all = append(all, fmt.Errorf("%d × %s", n, text))
	}
	return errors.Join(all...)
}

func (c *Client) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.errs) < 100 {
		c.errs[err.Error()]++
	}
}

// nextSource gives the source address of the next connect: 127.0.0.2 for the
// first ones if FirstSource is zero, then 127.0.0.3, and so on, round again after 250.
func (c *Client) nextSource() netip.AddrPort {
	n := (c.options.FirstSource + int(c.dialled.Add(1)-1)/c.options.StreamsPerSource) % 250
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, byte(2 + n)}), 0)
}

// Stop closes all streams and waits for the workers to end. It may be called
// twice; no other method may be called after it.
func (c *Client) Stop() {
	c.stop.Do(func() {
		for _, w := range c.workers {
			w.do(func() {
				for _, s := range w.streams {
					w.end(s, EndLocal)
				}
				w.stopped = true
			})
		}
		c.running.Wait()
	})
}

package embed

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// response is a stream that is written through net/http, of HTTP/2 for example. For the
// engine it is a connection whose writes wait for the peer. The handler must not return
// while anything uses the ResponseWriter, so wait sees to that.
type response struct {
	w     http.ResponseWriter
	net   *http.ResponseController
	local net.Addr
	peer  address
	gone  <-chan struct{} // the client has left

	using    sync.Mutex // held while something is written
	deadline time.Time  // of the next Write; under the engine's ownership, as Write is
	writing  atomic.Bool

	life   sync.Mutex // held by who cuts a Write short, and taken last by wait
	closed chan struct{}
	once   sync.Once
}

var errNoStreams = errors.New("embed: the ResponseWriter can be neither hijacked nor flushed under a deadline: " +
	"a middleware hides that; give its writer an Unwrap method, or leave this route out")

func newResponse(w http.ResponseWriter, r *http.Request) (*response, error) {
	c := &response{w: w, net: http.NewResponseController(w), peer: address(r.RemoteAddr), gone: r.Context().Done(), closed: make(chan struct{})}
	c.local, _ = r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if c.local == nil {
		c.local = address("")
	}
	// The http.Server's deadlines are for requests: in HTTP/2 one would end an idle stream.
	if !flushes(w) || c.net.SetWriteDeadline(time.Time{}) != nil {
		return nil, errNoStreams
	}
	_ = c.net.SetReadDeadline(time.Time{}) // or there is none
	return c, nil
}

// flushes reports whether a ResponseWriter, or one that it wraps, sends what was written
// when it is asked to.
func flushes(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case http.Flusher, interface{ FlushError() error }:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}

func (c *response) conn() net.Conn { return c }

// begin writes the response's head. The handler's goroutine calls it.
func (c *response) begin(a answer) *sse.Frame {
	h := c.w.Header()
	all := merged(h, a.header)
	clear(h)
	for name, values := range all {
		h[name] = values
	}
	c.w.WriteHeader(a.status)
	return a.body
}

// wait returns when the stream is over and nobody writes any more.
func (c *response) wait() {
	<-c.closed
	c.using.Lock()
	c.life.Lock()
	c.w, c.net = nil, nil // whoever comes now is at fault
	c.life.Unlock()
	c.using.Unlock()
}

// Write implements net.Conn.
func (c *response) Write(p []byte) (int, error) {
	c.using.Lock()
	defer c.using.Unlock()
	c.writing.Store(true) // before the look at closed: Close looks in the other order
	defer c.writing.Store(false)
	if c.isClosed() {
		return 0, net.ErrClosed
	}
	// In HTTP/2 a deadline that passes ends a stream that is idle, too. It does not: there
	// is a heartbeat before it, as the hub's options must be so.
	if err := c.net.SetWriteDeadline(c.deadline); err != nil {
		return 0, err
	}
	if c.isClosed() { // since: the deadline that Close has set may be the one before
		return 0, net.ErrClosed
	}
	n, err := c.w.Write(p)
	if err == nil {
		err = c.net.Flush()
	}
	return n, err
}

func (c *response) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// Read waits for the client to leave: what it sends on a stream means nothing.
func (c *response) Read([]byte) (int, error) {
	select {
	case <-c.gone:
		return 0, io.EOF
	case <-c.closed:
		return 0, net.ErrClosed
	}
}

// Close implements net.Conn. A Write that waits is cut short, and the stream with it.
func (c *response) Close() error {
	c.once.Do(func() {
		c.life.Lock()
		defer c.life.Unlock()
		close(c.closed)
		if c.writing.Load() {
			_ = c.net.SetWriteDeadline(time.Unix(1, 0))
		}
	})
	return nil
}

// SetWriteDeadline implements net.Conn. It holds for the next Write; who calls it is the
// one who writes.
func (c *response) SetWriteDeadline(t time.Time) error {
	c.deadline = t
	return nil
}

// SetDeadline implements net.Conn.
func (c *response) SetDeadline(t time.Time) error { return c.SetWriteDeadline(t) }

// SetReadDeadline implements net.Conn. A Read waits for the client's end, however long.
func (c *response) SetReadDeadline(time.Time) error { return nil }

// LocalAddr implements net.Conn.
func (c *response) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn.
func (c *response) RemoteAddr() net.Addr { return c.peer }

// address is what net/http says of a peer.
type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

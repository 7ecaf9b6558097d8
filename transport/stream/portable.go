package stream

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

// connSink writes to any net.Conn, TLS ones included. Its writes wait for the
// peer, at most for the engine's write timeout.
type connSink struct {
	engine  *Engine
	conn    net.Conn
	client  *actor.Client
	under   fullNotifier // the connection, or that under TLS, if it says when it is full
	notices bool
	late    *time.Timer // else, of a Write that waits
	close   sync.Once
	closed  atomic.Bool // at this end
}

// patience is how long a Write may wait, on a connection that does not say when it
// is full, before it is taken for the peer who holds it up, and not this machine. Until
// then publishers wait for it rather than see events dropped.
const patience = 100 * time.Millisecond

// newConnSink makes a sink of a connection; of one under TLS it is that which knows
// whether its peer is slow.
func newConnSink(e *Engine, conn net.Conn) *connSink {
	s := &connSink{engine: e, conn: noticing(conn)}
	under := s.conn
	if tls, ok := under.(interface{ NetConn() net.Conn }); ok {
		under = tls.NetConn()
	}
	s.under, s.notices = under.(fullNotifier)
	return s
}

// aside tells the hub not to wait for this client.
func (s *connSink) aside() {
	s.client.Aside()
	s.engine.hub.Progress()
}

func (s *connSink) Blocks() bool { return true }

func (s *connSink) Write(p []byte) (int, error) {
	if err := s.conn.SetWriteDeadline(s.engine.deadline()); err != nil {
		return 0, err
	}
	if !s.notices {
		if s.late == nil {
			s.late = time.AfterFunc(patience, s.aside)
		} else {
			s.late.Reset(patience)
		}
		defer s.late.Stop()
	}
	return s.conn.Write(p)
}

// Interrupt closes the connection: any Write returns, and the owner closes.
func (s *connSink) Interrupt() { s.Close() }

func (s *connSink) Close() {
	s.close.Do(func() {
		s.closed.Store(true)
		s.engine.conns.Delete(s)
		_ = s.conn.Close()
	})
}

// refuse answers and closes.
func (s *connSink) refuse(answer *sse.Frame) error {
	defer s.Close()
	return writeRefusal(s.conn, answer)
}

// adopt starts the goroutine that waits for the peer to leave; closing the
// connection ends it.
func (s *connSink) adopt(c *actor.Client) error {
	s.client = c
	if s.notices {
		s.under.onFull(s.aside)
	}
	s.engine.conns.Store(s, struct{}{})
	if s.closed.Load() {
		s.engine.conns.Delete(s) // it was interrupted before it began
	}
	s.engine.aside.Go(s.watch)
	return nil
}

// watch waits for the peer to leave.
func (s *connSink) watch() {
	// What the peer sends on a stream means nothing; its end does. The buffer is
	// there for as long as the stream is, so it is small.
	var nothing [64]byte
	for {
		if _, err := s.conn.Read(nothing[:]); err != nil {
			break
		}
	}
	if s.closed.Load() {
		return // it was not the peer, and why is for whoever closed it to say
	}
	s.client.EndedBy(actor.ReasonClientClosed)
	if s.client.Hangup() {
		s.engine.finish(s.client, nil)
		return
	}
	// A flush is under way, perhaps waiting for this peer: cut it short. It will
	// find that it is to close.
	s.Close()
}

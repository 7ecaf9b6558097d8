package stream

import (
	"io"
	"net"
	"sync"
	"sync/atomic"

	"github.com/sseactor/sseactor/actor"
)

// connSink writes to any net.Conn, TLS ones included. Its writes wait for the
// peer, at most for the engine's write timeout.
type connSink struct {
	engine *Engine
	conn   net.Conn
	close  sync.Once
	closed atomic.Bool // at this end
}

func (s *connSink) Blocks() bool { return true }

func (s *connSink) Write(p []byte) (int, error) {
	if err := s.conn.SetWriteDeadline(s.engine.deadline()); err != nil {
		return 0, err
	}
	return s.conn.Write(p)
}

func (s *connSink) Close() {
	s.close.Do(func() {
		s.closed.Store(true)
		s.engine.conns.Delete(s)
		_ = s.conn.Close()
	})
}

// adopt starts the goroutine that waits for the peer to leave; closing the
// connection ends it.
func (s *connSink) adopt(conn net.Conn, c *actor.Client) error {
	s.engine.conns.Store(s, struct{}{})
	s.engine.aside.Go(func() {
		// What the peer sends on a stream means nothing; its end does.
		_, _ = io.Copy(io.Discard, readOnly{conn})
		if s.closed.Load() {
			return // it was not the peer, and why is for whoever closed it to say
		}
		c.EndedBy(actor.ReasonClientClosed)
		if c.Hangup() {
			s.engine.finish(c, nil)
			return
		}
		// A flush is under way, perhaps waiting for this peer: cut it short. It
		// will find that it is to close.
		s.Close()
	})
	return nil
}

// readOnly hides the connection's other methods from io.Copy, which would use
// some of them to take a buffer for each stream out of a pool for good.
type readOnly struct{ io.Reader }

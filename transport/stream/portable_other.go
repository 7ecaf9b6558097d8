//go:build !linux || 386 || s390x

package stream

import (
	"net"

	"github.com/sseactor/sseactor/actor"
)

// poller is what only Linux has.
type poller struct{}

func newPoller(*Engine) (*poller, error) { return nil, nil }
func (*poller) run()                     {}
func (*poller) stop()                    {}

func (e *Engine) newSink(conn net.Conn) (sink, error) {
	return &connSink{engine: e, conn: conn}, nil
}

var _ actor.Sink = (*connSink)(nil)

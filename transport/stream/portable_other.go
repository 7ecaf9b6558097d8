//go:build !linux || 386 || s390x

package stream

import "net"

// poller is what only Linux has.
type poller struct{}

func newPoller(*Engine) (*poller, error) { return nil, nil }
func (*poller) run()                     {}
func (*poller) stop()                    {}

// Detaches is for Linux.
func (e *Engine) Detaches(net.Conn) bool { return false }

func (e *Engine) newSink(conn net.Conn) sink { return newConnSink(e, conn) }

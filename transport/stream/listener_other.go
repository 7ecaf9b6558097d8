//go:build !linux || 386 || s390x

package stream

import "net"

// noticingListener accepts connections that say when they are full, also below TLS.
type noticingListener struct{ net.Listener }

// NewListener takes over a TCP listener, so that a stream whose client is slow is told
// from a server that is behind.
func NewListener(ln net.Listener) (net.Listener, error) { return noticingListener{ln}, nil }

// Accept implements net.Listener.
func (l noticingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return noticing(conn), nil
}

//go:build unix

package stream

import (
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
)

// fullNotifier is a connection that says when a write finds it full: it is its peer
// that holds up whoever writes, and not this machine.
type fullNotifier interface {
	// onFull sets what is called then, by the goroutine that writes.
	onFull(func())
}

// notice is what a fullNotifier calls. Safe for concurrent use.
type notice struct{ f atomic.Pointer[func()] }

func (n *notice) onFull(f func()) { n.f.Store(&f) }

func (n *notice) tell() {
	if f := n.f.Load(); f != nil {
		(*f)()
	}
}

// writeNoticing writes to a descriptor that is in the runtime's poller, until all is
// written or the deadline has passed.
func writeNoticing(raw syscall.RawConn, p []byte, full *notice) (written int, err error) {
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		for written < len(p) {
			n, err := syscall.Write(int(fd), p[written:])
			switch {
			case n > 0:
				written += n
			case err == syscall.EINTR:
			case err == syscall.EAGAIN:
				full.tell()
				return false // the runtime waits, and calls again
			case err == nil:
				failed = io.ErrUnexpectedEOF
				return true
			default:
				failed = os.NewSyscallError("write", err)
				return true
			}
		}
		return true
	})
	if err == nil {
		err = failed
	}
	return written, err
}

// noticingConn is a TCP connection of package net that is a fullNotifier.
type noticingConn struct {
	*net.TCPConn
	notice
	raw syscall.RawConn
}

// noticing makes a fullNotifier of a connection, if it can be made one.
func noticing(conn net.Conn) net.Conn {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return conn
	}
	return &noticingConn{TCPConn: tcp, raw: raw}
}

// Write implements net.Conn.
func (c *noticingConn) Write(p []byte) (int, error) {
	n, err := writeNoticing(c.raw, p, &c.notice)
	if err != nil {
		err = &net.OpError{Op: "write", Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
	}
	return n, err
}

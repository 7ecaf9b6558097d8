//go:build linux && !386 && !s390x

package stream

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// listener accepts connections as rawConns.
type listener struct {
	addr net.Addr
	file *os.File // the listening socket; in the runtime's poller
	raw  syscall.RawConn
}

// NewListener takes over a TCP listener, so that the streams of its connections cost
// as little as they can. The options of the listening socket are the connections':
// what package net sets on each it does not set. Other listeners it returns as they
// are.
func NewListener(ln net.Listener) (net.Listener, error) {
	tcp, ok := ln.(*net.TCPListener)
	if !ok {
		return ln, nil
	}
	// A second descriptor of the same socket, of which this package may ask more
	// than of a net.Listener.
	file, err := tcp.File()
	if err != nil {
		return nil, fmt.Errorf("stream: take over a listener: %w", err)
	}
	raw, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("stream: take over a listener: %w", err)
	}
	l := &listener{addr: tcp.Addr(), file: file, raw: raw}
	if err := tcp.Close(); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("stream: take over a listener: %w", err)
	}
	return l, nil
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	conn := &rawConn{local: l.addr}
	var failed error
	err := l.raw.Read(func(fd uintptr) bool {
		for {
			conn.fd, conn.peer, failed = syscall.Accept4(int(fd), syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
			if failed != syscall.EINTR && failed != syscall.ECONNABORTED { // or gone before it was accepted
				return failed != syscall.EAGAIN
			}
		}
	})
	if err != nil {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	}
	if failed != nil {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: os.NewSyscallError("accept4", failed)}
	}
	return conn, nil
}

// Close implements net.Listener.
func (l *listener) Close() error {
	if err := l.file.Close(); err != nil {
		return &net.OpError{Op: "close", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	}
	return nil
}

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr { return l.addr }

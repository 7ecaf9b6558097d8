//go:build linux && !386 && !s390x

package stream

import (
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// rawConn is an accepted connection that the Go runtime does not know until somebody
// has to wait for it. A browser's request is there when its connection is accepted,
// or a moment later, and the connection of a stream leaves the runtime anyhow: so
// most streams never cost the runtime's record of them, and the seven system calls
// that make and unmake it.
//
// Safe for concurrent use, as each net.Conn.
type rawConn struct {
	notice
	local net.Addr
	peer  syscall.Sockaddr

	mu      sync.Mutex      // held over system calls that do not wait: a closed descriptor's number may be another's
	fd      int             // -1: closed, given away, or file's
	file    *os.File        // once somebody had to wait
	raw     syscall.RawConn // file's
	readBy  time.Time       // deadlines for file
	writeBy time.Time
}

// Read implements net.Conn.
func (c *rawConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	if c.fd >= 0 {
		n, errno := 0, syscall.EAGAIN
		if !passed(c.readBy) {
			n, errno = receive(c.fd, p)
		}
		switch {
		case errno == syscall.EAGAIN:
			c.wait()
		case errno != 0:
			c.mu.Unlock()
			return 0, c.failed("read", os.NewSyscallError("recvfrom", errno))
		case n == 0 && len(p) > 0:
			c.mu.Unlock()
			return 0, io.EOF
		default:
			c.mu.Unlock()
			return n, nil
		}
	}
	file := c.file
	c.mu.Unlock()
	if file == nil {
		return 0, c.failed("read", net.ErrClosed)
	}
	n, err := file.Read(p)
	if err != nil && err != io.EOF {
		err = c.failed("read", err)
	}
	return n, err
}

// Write implements net.Conn.
func (c *rawConn) Write(p []byte) (n int, err error) {
	c.mu.Lock()
	if c.fd >= 0 {
		errno := syscall.EAGAIN
		if !passed(c.writeBy) {
			n, errno = send(c.fd, p, true)
		}
		switch {
		case errno == syscall.EAGAIN || errno == 0 && n < len(p):
			c.wait()
		case errno != 0:
			err = c.failed("write", os.NewSyscallError("sendto", errno))
			fallthrough
		default:
			c.mu.Unlock()
			return n, err
		}
	}
	raw := c.raw
	c.mu.Unlock()
	if raw == nil {
		return n, c.failed("write", net.ErrClosed)
	}
	more, err := writeNoticing(raw, p[n:], &c.notice)
	if err != nil {
		err = c.failed("write", err)
	}
	return n + more, err
}

// passed reports whether a deadline has; then the runtime is to say so.
func passed(deadline time.Time) bool { return !deadline.IsZero() && !time.Now().Before(deadline) }

// wait makes the connection one that the runtime waits for. The caller holds mu.
func (c *rawConn) wait() {
	// A non-blocking descriptor goes to the runtime's poller.
	c.file = os.NewFile(uintptr(c.fd), "tcp")
	c.fd = -1
	c.raw, _ = c.file.SyscallConn() // it is open
	if !c.readBy.IsZero() {
		_ = c.file.SetReadDeadline(c.readBy) // it is pollable, as a socket is
	}
	if !c.writeBy.IsZero() {
		_ = c.file.SetWriteDeadline(c.writeBy)
	}
}

// failed says what failed as package net does.
func (c *rawConn) failed(op string, err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	}
	if errors.Is(err, os.ErrClosed) {
		err = net.ErrClosed
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.RemoteAddr(), Err: err}
}

// Close implements net.Conn.
func (c *rawConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	fd, file := c.fd, c.file
	c.fd, c.file, c.raw = -1, nil, nil
	switch {
	case file != nil:
		return file.Close()
	case fd >= 0:
		return os.NewSyscallError("close", syscall.Close(fd))
	}
	return net.ErrClosed
}

// detach gives the descriptor away, and with it the duty to close it. It fails when
// the connection is closed, or when it had to wait and no descriptor is left.
func (c *rawConn) detach() (fd int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.file != nil:
		if fd, err = duplicate(c.file); err == nil {
			_ = c.file.Close()
			c.file, c.raw = nil, nil
		}
		return fd, err
	case c.fd >= 0:
		fd, c.fd = c.fd, -1
		return fd, nil
	}
	return -1, net.ErrClosed
}

// LocalAddr implements net.Conn. It is the listener's, which may be of all
// interfaces.
func (c *rawConn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn.
func (c *rawConn) RemoteAddr() net.Addr {
	switch a := c.peer.(type) {
	case *syscall.SockaddrInet4:
		return &net.TCPAddr{IP: a.Addr[:], Port: a.Port}
	case *syscall.SockaddrInet6:
		zone := ""
		if a.ZoneId != 0 {
			zone = strconv.Itoa(int(a.ZoneId))
		}
		return &net.TCPAddr{IP: a.Addr[:], Port: a.Port, Zone: zone}
	}
	return &net.TCPAddr{}
}

// SetDeadline implements net.Conn.
func (c *rawConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline implements net.Conn.
func (c *rawConn) SetReadDeadline(t time.Time) error {
	return c.setDeadline(t, &c.readBy, (*os.File).SetReadDeadline)
}

// SetWriteDeadline implements net.Conn.
func (c *rawConn) SetWriteDeadline(t time.Time) error {
	return c.setDeadline(t, &c.writeBy, (*os.File).SetWriteDeadline)
}

func (c *rawConn) setDeadline(t time.Time, kept *time.Time, set func(*os.File, time.Time) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	*kept = t
	switch {
	case c.file != nil:
		if err := set(c.file, t); err != nil {
			return c.failed("set", err)
		}
	case c.fd < 0:
		return c.failed("set", net.ErrClosed)
	}
	return nil
}

// receive is one non-blocking receive.
func receive(fd int, p []byte) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
			syscall.MSG_DONTWAIT, 0, 0)
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}

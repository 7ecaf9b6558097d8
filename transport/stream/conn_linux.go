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
// that make and unmake it. Deadlines too reach the runtime only where somebody waits.
//
// Safe for concurrent use, as each net.Conn.
type rawConn struct {
	notice
	local net.Addr
	peer  syscall.Sockaddr

	mu     sync.Mutex // held over system calls that do not wait: a closed descriptor's number may be another's
	fd     int        // -1: closed, or given away
	gone   bool       // given away: who still has the connection is to notice nothing
	file   *os.File   // of fd, once somebody had to wait
	raw    syscall.RawConn
	reader deadline
	writer deadline

	// A Read, a Write holds its own from its begin to its end, or another's bytes would
	// come in between while it waits. Meanwhile the runtime keeps the descriptor from
	// being closed.
	reading, writing sync.Mutex

	ahead  *[readAhead]byte // nil: nothing is read ahead
	unread []byte           // of ahead
	into   []byte           // where to read to; nil: ahead
	got    int
	errno  syscall.Errno
	ready  func(fd uintptr) bool // receive, made when it is first needed
}

// deadline is one side's, which the runtime need not know of until somebody waits.
type deadline struct {
	wanted, set time.Time
	waiting     int // how many
}

// readAhead is how much is read when a single byte is asked for, as fasthttp does while
// it waits for a request: the rest of the request has mostly come with it.
const readAhead = 4 << 10

var aheads = sync.Pool{New: func() any { return new([readAhead]byte) }}

// Read implements net.Conn.
func (c *rawConn) Read(p []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	switch {
	case c.gone:
		return 0, io.EOF
	case c.fd < 0:
		return 0, c.failed("read", net.ErrClosed)
	}
	if passed(c.reader.wanted) {
		return 0, c.failed("read", os.ErrDeadlineExceeded)
	}
	if c.ahead != nil {
		return c.serve(p), nil
	}
	c.into = p
	if len(p) == 1 {
		c.into = nil
	}
	if !c.receive(uintptr(c.fd)) {
		if c.ready == nil {
			c.ready = c.receive
		}
		if err := c.wait(&c.reader, (*os.File).SetReadDeadline, func(raw syscall.RawConn) error { return raw.Read(c.ready) }); err != nil {
			return 0, c.failed("read", err)
		}
	}
	c.into = nil
	switch {
	case c.errno != 0:
		return 0, c.failed("read", os.NewSyscallError("recvfrom", c.errno))
	case c.got == 0:
		return 0, io.EOF
	case c.ahead != nil:
		return c.serve(p), nil
	}
	return c.got, nil
}

// receive reads what has come; false: nothing has.
func (c *rawConn) receive(fd uintptr) bool {
	if c.into != nil {
		c.got, c.errno = receive(int(fd), c.into)
		return c.errno != syscall.EAGAIN
	}
	// Room for more than was asked for is taken only when there is something: an idle
	// connection holds none.
	b := aheads.Get().(*[readAhead]byte)
	if c.got, c.errno = receive(int(fd), b[:]); c.errno != 0 || c.got == 0 {
		aheads.Put(b)
		return c.errno != syscall.EAGAIN
	}
	c.ahead, c.unread = b, b[:c.got]
	return true
}

// serve gives of what was read ahead.
func (c *rawConn) serve(p []byte) int {
	n := copy(p, c.unread)
	if c.unread = c.unread[n:]; len(c.unread) == 0 {
		aheads.Put(c.ahead)
		c.ahead, c.unread = nil, nil
	}
	return n
}

// Write implements net.Conn.
func (c *rawConn) Write(p []byte) (n int, err error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.gone:
		return len(p), nil
	case c.fd < 0:
		return 0, c.failed("write", net.ErrClosed)
	}
	if passed(c.writer.wanted) {
		return 0, c.failed("write", os.ErrDeadlineExceeded)
	}
	n, errno := send(c.fd, p, false)
	switch {
	case errno == 0 && n == len(p):
		return n, nil
	case errno != 0 && errno != syscall.EAGAIN:
		return 0, c.failed("write", os.NewSyscallError("sendto", errno))
	}
	more := 0
	err = c.wait(&c.writer, (*os.File).SetWriteDeadline, func(raw syscall.RawConn) (err error) {
		more, err = writeNoticing(raw, p[n:], &c.notice)
		return err
	})
	if err != nil {
		err = c.failed("write", err)
	}
	return n + more, err
}

// passed reports whether a deadline has.
func passed(deadline time.Time) bool { return !deadline.IsZero() && !time.Now().Before(deadline) }

// wait has the runtime wait for the connection, which do does, until the deadline of
// that side. The caller holds mu, which is given up meanwhile.
func (c *rawConn) wait(d *deadline, set func(*os.File, time.Time) error, do func(syscall.RawConn) error) error {
	if c.file == nil {
		// A non-blocking descriptor goes to the runtime's poller.
		c.file = os.NewFile(uintptr(c.fd), "tcp")
		c.raw, _ = c.file.SyscallConn() // it is open
	}
	d.reach(c.file, set)
	d.waiting++
	raw := c.raw
	c.mu.Unlock()
	defer func() { // whatever do does
		c.mu.Lock()
		d.waiting--
	}()
	return do(raw)
}

// reach brings the runtime's deadline to what is wanted.
func (d *deadline) reach(file *os.File, set func(*os.File, time.Time) error) {
	if d.set != d.wanted {
		_ = set(file, d.wanted) // it is pollable, as a socket is
		d.set = d.wanted
	}
}

// failed says what failed as package net does.
func (c *rawConn) failed(op string, err error) error {
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	}
	if errors.Is(err, os.ErrClosed) || err != nil && c.fd < 0 {
		err = net.ErrClosed // the runtime has several ways to say it
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.RemoteAddr(), Err: err}
}

// Close implements net.Conn.
func (c *rawConn) Close() error {
	c.mu.Lock()
	fd, file, gone := c.fd, c.file, c.gone
	c.fd, c.file, c.raw = -1, nil, nil
	c.mu.Unlock()
	switch {
	case gone:
		return nil
	case fd < 0:
		return net.ErrClosed
	case file != nil:
		return file.Close() // which waits for who is reading or writing
	}
	return os.NewSyscallError("close", syscall.Close(fd))
}

// detach gives the descriptor away, and with it the duty to close it. From then on
// whatever is written to the connection is lost. It fails when the connection is
// closed, or when it had to wait and no descriptor is left.
func (c *rawConn) detach() (fd int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fd < 0 {
		return -1, net.ErrClosed
	}
	fd = c.fd
	if c.file != nil {
		if fd, err = duplicate(c.file); err != nil {
			return -1, err
		}
		_ = c.file.Close()
	}
	c.fd, c.file, c.raw, c.gone = -1, nil, nil, true
	return fd, nil
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
	return c.setDeadline(t, &c.reader, (*os.File).SetReadDeadline)
}

// SetWriteDeadline implements net.Conn.
func (c *rawConn) SetWriteDeadline(t time.Time) error {
	return c.setDeadline(t, &c.writer, (*os.File).SetWriteDeadline)
}

// setDeadline notes a deadline for who will have to wait, and tells the runtime if
// somebody does already.
func (c *rawConn) setDeadline(t time.Time, d *deadline, set func(*os.File, time.Time) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.gone:
		return nil
	case c.fd < 0:
		return c.failed("set", net.ErrClosed)
	}
	d.wanted = t
	if d.waiting > 0 && c.file != nil {
		d.reach(c.file, set)
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

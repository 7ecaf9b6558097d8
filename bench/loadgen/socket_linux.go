package loadgen

import (
	"net/netip"
	"syscall"
	"unsafe"
)

// ipBindAddressNoPort makes bind(2) leave the port to connect(2), which then
// may use a port that another destination has in use.
const ipBindAddressNoPort = 24

// dial starts a connect from a source address and gives the socket; done says
// that it is complete already, as on loopback it often is.
func dial(source, target netip.AddrPort, receiveBuffer int) (fd int, done bool, err error) {
	fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, false, err
	}
	defer func() {
		if err != nil {
			_ = syscall.Close(fd)
			fd = -1
		}
	}()
	if receiveBuffer > 0 {
		// Before the connect: it bounds the window that is offered.
		if err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF, receiveBuffer); err != nil {
			return fd, false, err
		}
	}
	if err = syscall.SetsockoptInt(fd, syscall.IPPROTO_IP, ipBindAddressNoPort, 1); err != nil {
		return fd, false, err
	}
	if err = syscall.Bind(fd, sockaddr(source)); err != nil {
		return fd, false, err
	}
	err = syscall.Connect(fd, sockaddr(target))
	if err == syscall.EINPROGRESS {
		return fd, false, nil
	}
	return fd, true, err
}

func sockaddr(a netip.AddrPort) *syscall.SockaddrInet4 {
	return &syscall.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
}

// connectError is how a connect that was in progress came out.
func connectError(fd int) error {
	code, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
	if err != nil {
		return err
	}
	if code != 0 {
		return syscall.Errno(code)
	}
	return nil
}

// receive reads what is there. The socket never blocks, so the call skips the
// scheduler's bookkeeping for calls that may.
func receive(fd int32, b []byte) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		if errno == 0 {
			return int(n), 0
		}
		if errno != syscall.EINTR {
			return 0, errno
		}
	}
}

// hangUp closes the socket: with abort set by RST, else by FIN.
func hangUp(fd int32, abort bool) {
	if abort {
		_ = syscall.SetsockoptLinger(int(fd), syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	} else {
		// What was not read yet would turn the close into a reset; the FIN
		// leaves before that.
		_ = syscall.Shutdown(int(fd), syscall.SHUT_WR)
	}
	_ = syscall.Close(int(fd))
}

// wakeup is an eventfd: it gets a worker out of its epoll_wait.
type wakeup int

func newWakeup() (wakeup, error) {
	fd, _, errno := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if errno != 0 {
		return -1, errno
	}
	return wakeup(fd), nil
}

func (w wakeup) ring() {
	one := [8]byte{1}
	_, _ = syscall.Write(int(w), one[:])
}

func (w wakeup) quiet() {
	var b [8]byte
	_, _ = syscall.Read(int(w), b[:])
}

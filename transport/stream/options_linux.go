package stream

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// Options of TCP that package syscall has no names for (tcp(7)).
const (
	tcpUserTimeout  = 18
	tcpNotsentLowat = 25
)

// notsentLowat is how many bytes may wait in the kernel beyond what the peer's
// window takes: 16 KB parked a client that never reads at about 113 KB, against
// 3.9 MB without.
const notsentLowat = 16 << 10

// SocketOptions sets up a listener, or a connection, for streams: a peer that has vanished
// is noticed within the timeout, and a client that does not read costs the kernel about
// 100 KB instead of megabytes.
func SocketOptions(fd int, timeout time.Duration) error {
	seconds := max(int(timeout/time.Second), 1)
	set := func(level, option, value int) error {
		return os.NewSyscallError("setsockopt", syscall.SetsockoptInt(fd, level, option, value))
	}
	return errors.Join(
		set(syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1),
		set(syscall.IPPROTO_TCP, tcpNotsentLowat, notsentLowat),
		set(syscall.IPPROTO_TCP, tcpUserTimeout, int(timeout.Milliseconds())),
		set(syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1),
		set(syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, max(seconds/2, 1)),
		set(syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, max(seconds/8, 1)),
		set(syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 4),
	)
}

package transport

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/sseactor/sseactor/transport/stream"
)

// Listen opens a TCP listener whose connections are set up for streams (see
// stream.SocketOptions). The options are set on the listener and inherited, so that a
// connect costs no system calls for them.
func Listen(address string, timeout time.Duration) (net.Listener, error) {
	ln, err := listenTCP(address, timeout)
	if err != nil {
		return nil, err
	}
	return stream.NewListener(ln)
}

func listenTCP(address string, timeout time.Duration) (net.Listener, error) {
	config := net.ListenConfig{
		KeepAlive: -1, // inherited from the listener instead
		Control: func(_, _ string, raw syscall.RawConn) error {
			var failed error
			err := raw.Control(func(fd uintptr) { failed = stream.SocketOptions(int(fd), timeout) })
			return errors.Join(err, failed)
		},
	}
	config.SetMultipathTCP(false) // Go's default where the system has it; its sockets lack some of these options
	return config.Listen(context.Background(), "tcp", address)
}

// listeners are those being served. fasthttp closes the ones it knows of; one that
// comes to be served while the server is being closed would be missed.
type listeners struct {
	mu      sync.Mutex
	closed  bool
	open    []net.Listener
	serving sync.WaitGroup
}

// add notes a listener; false: too late, all are closed.
func (l *listeners) add(ln net.Listener) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.open = append(l.open, ln)
	l.serving.Add(1)
	return true
}

// done says that a listener is not served any more.
func (l *listeners) done() { l.serving.Done() }

// close closes all and waits until none is served.
func (l *listeners) close() {
	l.mu.Lock()
	l.closed = true
	for _, ln := range l.open {
		_ = ln.Close() // most are closed already
	}
	l.mu.Unlock()
	l.serving.Wait()
}

// patientListener goes on when the process is out of descriptors. fasthttp would
// take the error for permanent and stop serving for good.
type patientListener struct {
	net.Listener
	log  *slog.Logger
	stop <-chan struct{}
}

// The pauses between two tries to accept.
const (
	firstPause = 5 * time.Millisecond
	longPause  = time.Second
)

func (l *patientListener) Accept() (net.Conn, error) {
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		conn, err := l.Listener.Accept()
		if err == nil {
			// In a storm of connects this goroutine would run far ahead of those
			// that serve, each with a stack of its own; let them run.
			runtime.Gosched()
		}
		if err == nil || !exhausted(err) {
			return conn, err
		}
		if pause == firstPause {
			l.log.Error("out of descriptors or memory for new connections; raise the limit (ulimit -n)", "error", err)
		}
		select {
		case <-time.After(pause):
		case <-l.stop:
			return nil, net.ErrClosed
		}
	}
}

func exhausted(err error) bool {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

package transport

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scripted is a listener whose Accepts fail as the script says, and then succeed.
type scripted struct {
	net.Listener
	failures []error
	tries    int
}

func (l *scripted) Accept() (net.Conn, error) {
	l.tries++
	if len(l.failures) == 0 {
		client, server := net.Pipe()
		_ = client.Close()
		return server, nil
	}
	err := l.failures[0]
	l.failures = l.failures[1:]
	return nil, err
}

func accepting(failures ...error) (*patientListener, *scripted, *logBook, chan struct{}) {
	book, inner, stop := &logBook{}, &scripted{failures: failures}, make(chan struct{})
	return &patientListener{Listener: inner, log: slog.New(slog.NewJSONHandler(book, nil)), stop: stop}, inner, book, stop
}

func acceptError(errno syscall.Errno) error {
	return &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", errno)}
}

// Without descriptors the server waits and goes on; it says so once, not each time.
func TestAListenerOutlastsAShortageOfDescriptors(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		t.Run(errno.Error(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var failures []error
				for range 20 {
					failures = append(failures, acceptError(errno))
				}
				l, inner, book, _ := accepting(failures...)
				began := time.Now()
				conn, err := l.Accept()
				require.NoError(t, err)
				require.NoError(t, conn.Close())
				assert.Equal(t, 21, inner.tries)
				// 5 ms, doubled up to a second: 8 short pauses and 12 long ones.
				assert.Equal(t, 1275*time.Millisecond+12*time.Second, time.Since(began))
				lines := book.lines(t, "")
				require.Len(t, lines, 1)
				assert.Contains(t, lines[0]["msg"], "out of descriptors")
			})
		})
	}
}

func TestAListenerThatWaitsEndsAtStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failures []error
		for range 1000 {
			failures = append(failures, acceptError(syscall.EMFILE))
		}
		l, _, _, stop := accepting(failures...)
		time.AfterFunc(10*time.Second, func() { close(stop) })
		began := time.Now()
		_, err := l.Accept()
		assert.ErrorIs(t, err, net.ErrClosed)
		assert.Equal(t, 10*time.Second, time.Since(began))
	})
}

func TestOtherErrorsOfAListenerAreItsEnd(t *testing.T) {
	for _, failure := range []error{net.ErrClosed, errors.New("something else"), acceptError(syscall.EINVAL)} {
		l, inner, book, _ := accepting(failure)
		_, err := l.Accept()
		assert.Equal(t, failure, err)
		assert.Equal(t, 1, inner.tries)
		assert.Empty(t, book.String())
	}
}

func TestAnAddressThatCanNotBeListenedAt(t *testing.T) {
	ln, err := Listen("127.0.0.1:0", time.Minute)
	require.NoError(t, err)
	defer ln.Close()
	for _, address := range []string{ln.Addr().String(), "127.0.0.1:99999", "no such host:1", "192.0.2.1:1"} {
		_, err := Listen(address, time.Minute)
		assert.Error(t, err, address)
	}
}

// A listener that fails for good ends Serve with an error that says which.
func TestServeSaysWhichListenerFailed(t *testing.T) {
	r := startRig(t)
	ln, err := Listen("127.0.0.1:0", time.Minute)
	require.NoError(t, err)
	defer ln.Close()
	err = r.Serve(&broken{ln})
	assert.EqualError(t, err, fmt.Sprintf("transport: serve on %s: broken", ln.Addr()))
	r.open("sessionId=s") // the other one serves on
}

type broken struct{ net.Listener }

func (broken) Accept() (net.Conn, error) { return nil, errors.New("broken") }

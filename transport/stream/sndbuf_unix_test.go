//go:build unix

package stream

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// smallBuffer gives the connections of a listener small send buffers.
func smallBuffer(t testing.TB, l *net.TCPListener) {
	t.Helper()
	raw, err := l.SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) {
		require.NoError(t, syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, 32<<10))
	}))
}

package transport

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The options are set on the listener only; each accepted connection must have them.
func TestConnectionsInheritTheListenersOptions(t *testing.T) {
	ln, err := listenTCP("127.0.0.1:0", 40*time.Second)
	require.NoError(t, err)
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	server, err := ln.Accept()
	require.NoError(t, err)
	defer server.Close()

	// Package net sets some options on what it accepts; a stream.NewListener does not.
	for name, socket := range map[string]any{"the listener": ln, "a connection": server} {
		raw, err := socket.(syscall.Conn).SyscallConn()
		require.NoError(t, err)
		require.NoError(t, raw.Control(func(fd uintptr) { checkOptions(t, name, int(fd)) }))
	}
}

func checkOptions(t *testing.T, socket string, fd int) {
	const soProtocol, ipprotoTCP = 38, 6
	const tcpUserTimeout, tcpNotsentLowat = 18, 25
	for name, o := range map[string]struct{ level, option, want int }{
		"TCP_NOTSENT_LOWAT":    {syscall.IPPROTO_TCP, tcpNotsentLowat, 16 << 10},
		"TCP_USER_TIMEOUT, ms": {syscall.IPPROTO_TCP, tcpUserTimeout, 40_000},
		"SO_KEEPALIVE":         {syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1},
		"TCP_KEEPIDLE, s":      {syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 20},
		"TCP_KEEPINTVL, s":     {syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 5},
		"TCP_KEEPCNT":          {syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, 4},
		"TCP_NODELAY":          {syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1},
		// Go listens for multipath TCP where it can, whose sockets lack some of these.
		"SO_PROTOCOL": {syscall.SOL_SOCKET, soProtocol, ipprotoTCP},
	} {
		got, err := syscall.GetsockoptInt(fd, o.level, o.option)
		assert.NoError(t, err, "%s of %s", name, socket)
		assert.Equal(t, o.want, got, "%s of %s", name, socket)
	}
}

func TestAShortTimeoutStillHasWholeSeconds(t *testing.T) {
	ln, err := Listen("127.0.0.1:0", 500*time.Millisecond)
	require.NoError(t, err)
	require.NoError(t, ln.Close())
}

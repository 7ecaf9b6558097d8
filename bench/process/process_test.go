//go:build linux

package process

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAProcessEndsByItselfWithItsCode(t *testing.T) {
	p, err := Start(exec.Command("sh", "-c", "exit 3"))
	require.NoError(t, err)
	code, err := p.AwaitExit(t.Context(), 10*time.Second)
	require.NoError(t, err)
	assert.Equal(t, 3, code)
	code, gone := p.HasExited()
	assert.True(t, gone)
	assert.Equal(t, 3, code)
}

func TestUsageAndKillReachTheChildren(t *testing.T) {
	p, err := Start(exec.Command("sh", "-c", "sleep 1000 & sleep 1000 & wait"))
	require.NoError(t, err)
	var children []int
	require.NoError(t, Poll(t.Context(), time.Millisecond, func() bool {
		children = p.children()
		return len(children) == 2
	}))
	u, err := p.Usage()
	require.NoError(t, err)
	assert.GreaterOrEqual(t, u.Threads, 3)
	assert.Less(t, u.Share, u.RSS, "pages that they share are counted once")

	_, err = p.AwaitExit(t.Context(), time.Millisecond)
	require.ErrorContains(t, err, "has not ended")
	p.Kill()
	for _, pid := range children {
		require.NoError(t, Poll(t.Context(), time.Millisecond, func() bool {
			// A child whose parent is gone is a zombie until init has buried it.
			return syscall.Kill(pid, 0) == syscall.ESRCH || state(pid) == 'Z'
		}))
	}
}

func TestAwaitReady(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	server := http.Server{Handler: http.NotFoundHandler()}
	defer server.Close()
	go func() { _ = server.Serve(l) }()

	p, err := Start(exec.Command("sh", "-c", "exit 7"))
	require.NoError(t, err)
	err = p.AwaitReady(t.Context(), "http://"+l.Addr().String())
	assert.ErrorContains(t, err, "exited with code 7")
}

// state is the letter of /proc/PID/stat; 0 if there is no such process.
func state(pid int) byte {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	rest := text[bytes.LastIndexByte(text, ')')+2:]
	return rest[0]
}

// A connect of this machine could else take the port while its server is down.
func TestFreeAddressIsNoneThatConnectsGet(t *testing.T) {
	for range 20 {
		addr, err := FreeAddress()
		require.NoError(t, err)
		assert.True(t, addr.Addr().IsLoopback())
		assert.Less(t, addr.Port(), uint16(32_000))
		l, err := net.Listen("tcp4", addr.String())
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
}

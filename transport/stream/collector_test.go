package stream

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// collector reads a connection to its end in a goroutine of its own.
type collector struct {
	mu   sync.Mutex
	got  []byte
	news chan struct{} // something came, or the end
	done chan struct{} // closed at the end
	err  error         // why it ended; nil: properly
}

func collect(conn net.Conn) *collector {
	c := &collector{news: make(chan struct{}, 1), done: make(chan struct{})}
	go func() {
		defer close(c.done)
		buffer := make([]byte, 64<<10)
		for {
			n, err := conn.Read(buffer)
			c.mu.Lock()
			c.got = append(c.got, buffer[:n]...)
			if err != nil && !errors.Is(err, io.EOF) {
				c.err = err
			}
			c.mu.Unlock()
			select {
			case c.news <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	return c
}

func (c *collector) bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.got)
}

// until waits for n bytes and gives all there are.
func (c *collector) until(t testing.TB, n int) []byte {
	t.Helper()
	limit := time.After(2 * soon)
	for {
		got := c.bytes()
		if len(got) >= n {
			return got
		}
		select {
		case <-c.news:
		case <-c.done:
			require.GreaterOrEqual(t, len(c.bytes()), n, "the stream ended too early: %v", c.err)
		case <-limit:
			require.FailNow(t, "too few bytes", "%d of %d came", len(got), n)
		}
	}
}

// end waits for a proper end and gives all that came.
func (c *collector) end(t testing.TB) []byte {
	t.Helper()
	select {
	case <-c.done:
		require.NoError(t, c.err)
	case <-time.After(soon):
		require.FailNow(t, "the stream does not end")
	}
	return c.bytes()
}

// same compares bytes without printing megabytes of them.
func same(t testing.TB, want, got []byte) {
	t.Helper()
	if bytes.Equal(want, got) {
		return
	}
	at := 0
	for at < min(len(want), len(got)) && want[at] == got[at] {
		at++
	}
	require.FailNow(t, "other bytes", "%d bytes, expected %d; they differ at %d: %.60q, expected %.60q",
		len(got), len(want), at, got[at:], want[at:])
}

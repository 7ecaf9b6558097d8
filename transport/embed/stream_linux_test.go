package embed_test

import (
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/sseutils"
)

// Over HTTP/1.1 a stream needs no goroutine.
func TestAThousandStreamsWithoutAGoroutineEach(t *testing.T) {
	r := startRig(t, protocols[0], func(s *setup) { s.MaxStreamsPerUser = -1 })
	const streams = 1000
	before := runtime.NumGoroutine()
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	for range streams { // by hand: net/http's client has goroutines of its own
		c, err := net.Dial("tcp", r.http.Listener.Addr().String())
		require.NoError(t, err)
		conns = append(conns, c)
		_, err = c.Write([]byte("GET /?userId=ann HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"))
		require.NoError(t, err)
	}
	r.streams(streams)
	eventually(t, func() bool { return runtime.NumGoroutine() < before+20 }, "the goroutines of net/http are back")

	result, err := r.SendNotification(t.Context(), "hello", sseutils.Info, sseutils.User("ann"))
	require.NoError(t, err)
	assert.Equal(t, streams, result.EventsSent)
	for _, c := range conns {
		require.NoError(t, c.SetReadDeadline(time.Now().Add(soon)))
		var got strings.Builder
		buffer := make([]byte, 4096)
		for !strings.Contains(got.String(), "id: "+result.ID+"\n\n") {
			n, err := c.Read(buffer)
			require.NoError(t, err)
			got.Write(buffer[:n])
		}
		assert.True(t, strings.HasPrefix(got.String(), "HTTP/1.1 200 OK\r\n"))
	}
}

package loadgen

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const greeting = "event: connection\nretry: 2500\ndata: {\"status\":\"connected\",\"clientId\":\"c-1\",\"sessionId\":\"s\"}\n\n"

const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

// script serves each connection with f, which gets its request, one at a time.
func script(t *testing.T, f func(conn *net.TCPConn, request string)) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 4096)
			n, _ := conn.Read(b)
			f(conn.(*net.TCPConn), string(b[:n]))
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return listener.Addr().(*net.TCPAddr).AddrPort()
}

func start(t *testing.T, o Options) *Client {
	t.Helper()
	o.Tags = 100
	c, err := New(o)
	require.NoError(t, err)
	t.Cleanup(c.Stop)
	return c
}

func await(t *testing.T, c *Client, ok func(Counts) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, c.Await(ctx, "counts", func() bool { return ok(c.Counts(0)) }), "%+v", c.Counts(0))
}

func block(n int, id string) string {
	return "event: e\ndata: " + Tag{N: n, At: Now()}.Text(100, false) + "\nid: " + id + "\n\n"
}

func TestClientReadsAStreamWhereverItIsCut(t *testing.T) {
	const events = ": hi\n\nevent: heartbeat\ndata: {}\n\n"
	body := greeting + block(0, "5-1") + events + block(1, "5-2") + block(1, "5-3")
	for _, chunked := range []bool{false, true} {
		t.Run(fmt.Sprintf("chunked %v", chunked), func(t *testing.T) {
			wire := head + body
			if chunked {
				wire = strings.Replace(head, "\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n", 1)
				for rest := body; rest != ""; {
					n := min(len(rest), 50)
					wire += fmt.Sprintf("%x\r\n%s\r\n", n, rest[:n])
					rest = rest[n:]
				}
				wire += "0\r\n\r\n"
			}
			target := script(t, func(conn *net.TCPConn, _ string) {
				_ = conn.SetNoDelay(true)
				for rest := wire; rest != ""; {
					n := min(len(rest), 7)
					_, _ = io.WriteString(conn, rest[:n])
					rest = rest[n:]
				}
				_ = conn.Close()
			})
			c := start(t, Options{Target: target})
			s := c.Open(Spec{Session: "s"})[0]
			await(t, c, func(n Counts) bool { return n.AllEnded() == 1 })
			counts := c.Counts(0)
			assert.Equal(t, "1 end of stream", counts.Endings())
			assert.Equal(t, 2, counts.Events)
			assert.Equal(t, 1, counts.Heartbeats)
			assert.Equal(t, 1, counts.Comments)
			assert.Equal(t, 1, counts.Opened)
			assert.Zero(t, counts.Open)
			assert.Equal(t, Faults{Duplicates: 1}, counts.Faults)
			assert.Empty(t, counts.Oddities())
			assert.EqualValues(t, len(wire), counts.Bytes)
			c.Each([]*Stream{s}, func(s *Stream) {
				assert.Equal(t, "c-1", s.ClientID)
				assert.Equal(t, 2500, s.Retry)
				assert.Equal(t, -1, s.Farewell)
				assert.Equal(t, 200, s.Status)
				assert.True(t, s.Got(0) && s.Got(1) && !s.Got(2))
				assert.Equal(t, Sequence{5, 3}, s.Last())
			})
			assert.EqualValues(t, 2, c.Latency(0).Count())
			arrivals, disagree := c.Arrivals()
			assert.Zero(t, disagree)
			assert.Equal(t, 1, arrivals[1].Count)
			assert.NoError(t, c.Err())
		})
	}
}

func TestClientSaysWhyAStreamEnded(t *testing.T) {
	send := func(text string) func(*net.TCPConn) {
		return func(c *net.TCPConn) { _, _ = io.WriteString(c, text); _ = c.Close() }
	}
	tests := []struct {
		name   string
		serve  func(*net.TCPConn)
		ending Ending
		code   string
		status int
	}{
		{"closed after the greeting", send(head + greeting), EndEOF, "", 200},
		{"refused within the stream", send(head + "event: error\nretry: 9\ndata: {\"message\":\"full\",\"code\":\"MAX_CLIENTS\"}\n\n"), EndEOF, "MAX_CLIENTS", 200},
		{
			"refused within a stream of a given length, the connection kept", func(c *net.TCPConn) {
				const body = "event: error\ndata: {\"code\":\"X\"}\n\n"
				_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			}, EndEOF, "X", 200,
		},
		{"refused with a status", send("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 4\r\nContent-Length: 0\r\n\r\n"), EndStatus, "", 503},
		{"200 of another type", send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"), EndStatus, "", 200},
		{"cut off in an event", send(head + greeting + "data: x\n"), EndCut, "", 200},
		{"cut off in the head", send("HTTP/1.1 200"), EndCut, "", 0},
		{"not HTTP", send("hello hello hello\r\n\r\n"), EndProtocol, "", 0},
		{
			"reset", func(c *net.TCPConn) { _ = c.SetLinger(0); _ = c.Close() }, EndReset, "", 0,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target := script(t, func(conn *net.TCPConn, _ string) { tt.serve(conn) })
			c := start(t, Options{Target: target})
			s := c.Open(Spec{})
			await(t, c, func(n Counts) bool { return n.AllEnded() == 1 })
			c.Each(s, func(s *Stream) {
				assert.Equal(t, tt.ending, s.Ending, s.Ending.String())
				assert.Equal(t, tt.code, s.Code)
				assert.Equal(t, tt.status, s.Status)
				assert.False(t, s.Open())
			})
			n := c.Counts(0)
			assert.Zero(t, n.Open+n.Connecting+n.Waiting)
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		listener, err := net.Listen("tcp4", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		c := start(t, Options{Target: listener.Addr().(*net.TCPAddr).AddrPort()})
		s := c.Open(Spec{})
		await(t, c, func(n Counts) bool { return n.AllEnded() == 1 })
		c.Each(s, func(s *Stream) { assert.Equal(t, EndRefused, s.Ending) })
	})
}

func TestClientSendsWhatItWasTold(t *testing.T) {
	requests := make(chan string, 1)
	target := script(t, func(conn *net.TCPConn, request string) {
		requests <- conn.RemoteAddr().String() + " " + request
		_ = conn.Close()
	})
	c := start(t, Options{Target: target})
	c.Open(Spec{Session: "a b&c", Topics: "t-1,t:2", LastEventID: "5-6", Accept: "application/json", Header: "X-Y: z\r\n"})
	r := <-requests
	assert.Contains(t, r, "127.0.0.2:")
	assert.Contains(t, r, "GET /api/sse?sessionId=a%20b%26c&topics=t-1,t:2 HTTP/1.1\r\nHost: "+target.String()+"\r\n")
	assert.Contains(t, r, "\r\nAccept: application/json\r\n")
	assert.Contains(t, r, "\r\nLast-Event-ID: 5-6\r\n")
	assert.True(t, strings.HasSuffix(r, "\r\nX-Y: z\r\n\r\n"), r)
}

func TestClientComesBackAfterTheStreamsOwnRetry(t *testing.T) {
	var connects atomic.Int32
	target := script(t, func(conn *net.TCPConn, _ string) {
		if connects.Add(1) == 1 {
			_, _ = io.WriteString(conn, head+"event: error\nretry: 40\ndata: {\"code\":\"SERVER_SHUTDOWN\"}\n\n")
			_ = conn.Close()
			return
		}
		_, _ = io.WriteString(conn, head+greeting)
	})
	c := start(t, Options{Target: target, OnEnd: func(s *Stream) (time.Duration, bool) { return s.RetryDelay(), true }})
	before := Now()
	s := c.Open(Spec{Session: "s"})
	await(t, c, func(n Counts) bool { return n.Open == 1 })
	c.Each(s, func(s *Stream) {
		assert.GreaterOrEqual(t, s.Opened-before, int64(40*time.Millisecond))
		assert.Equal(t, 2, s.Attempts)
		assert.True(t, s.Open())
	})
}

func TestClientClosesWithFINAndAbortsWithRST(t *testing.T) {
	ends := make(chan error, 2)
	target := script(t, func(conn *net.TCPConn, _ string) {
		_, _ = io.WriteString(conn, head+greeting)
		go func() {
			_, err := conn.Read(make([]byte, 1))
			ends <- err
			_ = conn.Close()
		}()
	})
	c := start(t, Options{Target: target})
	s := c.Open(Spec{}, Spec{})
	await(t, c, func(n Counts) bool { return n.Open == 2 })
	c.Close(s[0])
	assert.ErrorIs(t, <-ends, io.EOF)
	c.Abort(s[1])
	assert.ErrorIs(t, <-ends, syscall.ECONNRESET)
	await(t, c, func(n Counts) bool { return n.Endings() == "1 closed here, 1 reset here" })
}

func TestClientStallsAndReadsOn(t *testing.T) {
	conns := make(chan *net.TCPConn, 2)
	target := script(t, func(conn *net.TCPConn, _ string) {
		_, _ = io.WriteString(conn, head+greeting)
		conns <- conn
	})
	c := start(t, Options{Target: target})
	s := c.Open(Spec{Stall: true, ReceiveBuffer: 4096}, Spec{})
	await(t, c, func(n Counts) bool { return n.Open == 2 })
	for range 2 {
		_, err := io.WriteString(<-conns, block(3, "1-1"))
		require.NoError(t, err)
	}
	await(t, c, func(n Counts) bool { return n.Events == 1 })
	c.Each(s[:1], func(s *Stream) { assert.False(t, s.Got(3)) })
	c.Resume(s[0])
	await(t, c, func(n Counts) bool { return n.Events == 2 })
}

func TestClientBoundsItsConnects(t *testing.T) {
	var now, most atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		w.Header().Set("Content-Type", "text/event-stream")
		// The count goes down before the client can see the greeting.
		now.Add(-1)
		_, _ = io.WriteString(w, greeting)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer server.Close()
	target := netip.MustParseAddrPort(server.Listener.Addr().String())
	c := start(t, Options{Target: target, ConnectsInFlight: 4, Workers: 2, ConnectRate: 1000})
	before := time.Now()
	c.Open(make([]Spec, 100)...)
	await(t, c, func(n Counts) bool { return n.Open == 100 })
	assert.LessOrEqual(t, most.Load(), int32(4))
	assert.GreaterOrEqual(t, time.Since(before), 90*time.Millisecond)
	c.Stop()
	c.Stop()
}

func TestPublisherAndTheClientTogether(t *testing.T) {
	target := script(t, func(conn *net.TCPConn, request string) {
		if strings.HasPrefix(request, "POST") {
			_, _ = io.WriteString(conn, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
		}
		_ = conn.Close()
	})
	p := NewPublisher(target, "key")
	defer p.Close()
	_, err := p.Publish(t.Context(), Event{Data: "x"})
	var status *StatusError
	require.ErrorAs(t, err, &status)
	assert.Equal(t, &StatusError{Status: 503, RetryAfter: "1", Body: "no"}, status)
}

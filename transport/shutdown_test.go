package transport

import (
	"bufio"
	"context"
	"io"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shutDown ends a server within a grace time, beside the test.
func (r *rig) shutDown(grace time.Duration) <-chan error {
	down := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		down <- r.Shutdown(ctx)
	}()
	return down
}

// Each stream is told why, and its own time to come back; and all is over well
// within the grace time.
func TestAShutdownPartsFromEveryStream(t *testing.T) {
	for name, change := range map[string]func(*Options){"raw": func(*Options) {}, "portable": func(o *Options) { o.Stream.Portable = true }} {
		t.Run(name, func(t *testing.T) {
			r := startRig(t, change)
			var all []*sseClient
			for range 30 {
				all = append(all, r.open("sessionId=s"))
			}
			began := time.Now()
			down := r.shutDown(soon)
			retries := map[string]bool{}
			for _, c := range all {
				e := c.next()
				assert.Equal(t, "error", e.name)
				assert.Empty(t, e.id)
				assert.Equal(t, "SERVER_SHUTDOWN", e.json(t)["code"])
				retry, err := strconv.Atoi(e.retry)
				require.NoError(t, err)
				assert.GreaterOrEqual(t, retry, 3000)
				assert.LessOrEqual(t, retry, 13000)
				retries[e.retry] = true
				c.end()
			}
			assert.Greater(t, len(retries), 20, "no stampede")
			require.NoError(t, <-down)
			assert.Less(t, time.Since(began), soon)
			assert.Len(t, r.log.lines(t, "stream ended"), 30)
			for _, line := range r.log.lines(t, "stream ended") {
				assert.Equal(t, "shutdown", line["reason"])
			}
			_, err := net.Dial("tcp", r.addr)
			assert.Error(t, err, "nobody listens any more")
		})
	}
}

// What was sent before the shutdown comes before the farewell.
func TestAShutdownLosesNothingThatWasSent(t *testing.T) {
	r := startRig(t)
	c := r.open("sessionId=s")
	var ids []string
	for range 100 {
		ids = append(ids, r.publish(`{"data":1}`).Event.ID)
	}
	down := r.shutDown(soon)
	for _, id := range ids {
		require.Equal(t, id, c.next().id)
	}
	assert.Equal(t, "SERVER_SHUTDOWN", c.next().json(t)["code"])
	c.end()
	require.NoError(t, <-down)
}

// A request that has begun to arrive is answered.
func TestAShutdownFinishesRequestsUnderWay(t *testing.T) {
	r := startRig(t)
	conn := dial(t, r.addr)
	defer conn.Close()
	all := request("POST", "/api/sse", `{"data":1}`, key(appKey))
	_, err := io.WriteString(conn, all[:len(all)-3])
	require.NoError(t, err)
	eventually(t, func() bool { return r.public.GetOpenConnectionsCount() > 0 }, "the connection is accepted")
	down := r.shutDown(soon)
	eventually(t, func() bool { _, err := net.Dial("tcp", r.addr); return err != nil }, "the listener is closed")
	_, err = io.WriteString(conn, all[len(all)-3:])
	require.NoError(t, err)
	resp := readResponse(t, bufio.NewReader(conn), "POST")
	resp.problem(t, 503, "SERVER_SHUTDOWN", "")
	assert.True(t, resp.Close)
	require.NoError(t, <-down)
}

// What does not end by itself is cut off when the grace time is over, and said.
func TestAShutdownEndsWithItsGrace(t *testing.T) {
	r := startRig(t, func(o *Options) { o.RequestTimeout = 2 * time.Second })
	r.open("sessionId=s")
	conn := dial(t, r.addr)
	defer conn.Close()
	_, err := io.WriteString(conn, "POST /api/sse HTTP/1.1\r\n")
	require.NoError(t, err)
	eventually(t, func() bool { return r.public.GetOpenConnectionsCount() > 0 }, "the connection is accepted")
	began := time.Now()
	err = <-r.shutDown(500 * time.Millisecond)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, "transport: finish requests")
	assert.Less(t, time.Since(began), 2*time.Second)
	require.NoError(t, conn.Close())
}

func TestAShutdownWithoutAnythingOpenIsQuick(t *testing.T) {
	r := startRig(t)
	began := time.Now()
	require.NoError(t, <-r.shutDown(time.Minute))
	assert.Less(t, time.Since(began), 2*time.Second)
}

func TestCloseEndsEverythingAtOnceAndAgain(t *testing.T) {
	for name, change := range map[string]func(*Options){"raw": func(*Options) {}, "portable": func(o *Options) { o.Stream.Portable = true }} {
		t.Run(name, func(t *testing.T) {
			r := startRig(t, change)
			c := r.open("sessionId=s")
			began := time.Now()
			r.Close()
			r.Close()
			r.halt()
			assert.Less(t, time.Since(began), 2*time.Second)
			_, err := c.in.ReadByte()
			assert.Error(t, err)
			lines := r.log.lines(t, "stream ended")
			require.Len(t, lines, 1)
			assert.Equal(t, "stopped", lines[0]["reason"])
		})
	}
}

func TestCloseOfAServerThatWasNeverStarted(t *testing.T) {
	s, err := New(testOptions(&logBook{}))
	require.NoError(t, err)
	s.Close()
	s.Close()
}

// A listener that comes to be served when the server is closed already is closed too.
func TestServeAfterClose(t *testing.T) {
	s, err := New(testOptions(&logBook{}))
	require.NoError(t, err)
	require.NoError(t, s.Start())
	s.Close()
	ln, err := Listen("127.0.0.1:0", time.Minute)
	require.NoError(t, err)
	require.NoError(t, s.Serve(ln))
	_, err = ln.Accept()
	assert.ErrorIs(t, err, net.ErrClosed)
}

// Streams that are being opened while the server closes end too, one way or another.
func TestStreamsThatComeDuringClose(t *testing.T) {
	for range 20 {
		r := startRig(t)
		over := make(chan struct{})
		go func() {
			defer close(over)
			for {
				conn, err := net.Dial("tcp", r.addr)
				if err != nil {
					return
				}
				_ = conn.SetDeadline(time.Now().Add(soon))
				_, _ = io.WriteString(conn, request("GET", "/api/sse?sessionId=s", ""))
				go func() {
					_, _ = io.Copy(io.Discard, conn) // ends when the server ends the stream
					_ = conn.Close()
				}()
			}
		}()
		eventually(t, func() bool { return r.streams() > 5 }, "streams come")
		r.halt()
		<-over
	}
}

// A client that keeps its connection busy can't keep a closed server alive.
func TestABusyKeepAliveConnectionEndsWithTheServer(t *testing.T) {
	r := startRig(t)
	conn := dial(t, r.addr)
	defer conn.Close()
	ended := make(chan int)
	go func() {
		in, n := bufio.NewReader(conn), 0
		for ; ; n++ {
			if _, err := io.WriteString(conn, request("GET", "/healthz", "")); err != nil {
				break
			}
			line, err := in.ReadString('}')
			if err != nil || line == "" {
				break
			}
		}
		ended <- n
	}()
	eventually(t, func() bool {
		return r.scrape().value[`sseactor_http_requests_total{route="/healthz",status="200"}`] > 10
	}, "it is busy")
	r.halt()
	select {
	case <-ended:
	case <-time.After(soon):
		assert.Fail(t, "a closed server answers on")
	}
}

func TestBadHubOptionsAreToldByNew(t *testing.T) {
	o := testOptions(&logBook{})
	o.Hub.MaxClients = -1
	_, err := New(o)
	assert.ErrorContains(t, err, "MaxClients is -1")
}

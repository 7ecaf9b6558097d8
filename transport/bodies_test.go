package transport

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"
)

// announce is the header of a request whose body is still to come.
func announce(path string, length int, header ...string) string {
	fields := strings.Join(append(header, fmt.Sprintf("Content-Length: %d", length)), "\r\n")
	return "POST " + path + " HTTP/1.1\r\nHost: sse.test\r\n" + fields + "\r\n\r\n"
}

// A body is only read for somebody who may publish, and the answer says so before it
// has come.
func TestWhoseLargeBodyIsRead(t *testing.T) {
	r := startRig(t)
	const large = freeBody + 1
	chunked := "POST /api/sse HTTP/1.1\r\nHost: x\r\n%sTransfer-Encoding: chunked\r\n\r\n4000\r\n" + strings.Repeat("x", 0x4000) + "\r\n0\r\n\r\n"
	for sentence, c := range map[string]struct {
		send string
		want int
		code string
	}{
		"nobody's":                      {announce("/api/sse", large), 401, "UNAUTHORIZED"},
		"with a wrong key":              {announce("/api/sse", large, key("wrong")), 401, "UNAUTHORIZED"},
		"with another scope":            {announce("/api/sse?x=1", large, key(lookKey)), 403, "FORBIDDEN"},
		"in chunks, nobody's":           {fmt.Sprintf(chunked, ""), 401, "UNAUTHORIZED"},
		"in chunks, with another scope": {fmt.Sprintf(chunked, key(lookKey)+"\r\n"), 403, "FORBIDDEN"},
		"for another endpoint":          {announce("/api/sse/metrics", large, key(opsKey)), 413, "BODY_TOO_LARGE"},
		"for no endpoint":               {announce("/nothing", large), 413, "BODY_TOO_LARGE"},
		"beyond every limit":            {announce("/api/sse", 1<<30, key(appKey)), 413, "BODY_TOO_LARGE"},
	} {
		t.Run(sentence, func(t *testing.T) {
			conn := dial(t, r.addr)
			defer conn.Close()
			_, err := io.WriteString(conn, c.send)
			require.NoError(t, err)
			got, _ := io.ReadAll(conn) // the server closes, since the rest means nothing
			readResponseOf(t, string(got)).problem(t, c.want, c.code, "")
		})
	}
	t.Run("a small one is read before it is refused", func(t *testing.T) {
		conn := dial(t, r.addr)
		defer conn.Close()
		in := newReader(conn)
		for range 2 {
			_, err := io.WriteString(conn, request("POST", "/api/sse", `{"data":"`+strings.Repeat("x", freeBody-20)+`"}`, key("wrong")))
			require.NoError(t, err)
			readResponse(t, in, "POST").problem(t, 401, "UNAUTHORIZED", "")
		}
	})
	for _, target := range []string{"/api/sse", "http://sse.test/api/sse", "//api/sse", "/api/%73se", "/api/sse?x=1"} {
		t.Run("for the endpoint, spelled "+target, func(t *testing.T) {
			conn := dial(t, r.addr)
			defer conn.Close()
			_, err := io.WriteString(conn, request("POST", target, `{"data":"`+strings.Repeat("x", large)+`"}`, key(appKey)))
			require.NoError(t, err)
			readResponse(t, newReader(conn), "POST").problem(t, 413, "EVENT_TOO_LARGE", "data")
		})
	}
	assert.Zero(t, r.bodies.held.Load())
	assert.Zero(t, r.bodies.requests.Load())
}

// What strangers announce costs nothing: 300 × 4 MiB would be 1.2 GiB.
func TestAnnouncedBodiesTakeNoMemory(t *testing.T) {
	r := startRig(t, func(o *Options) { o.MaxBodyBytes, o.MaxBodiesBytes = 4<<20, 8<<20 })
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	answers := map[int]int{}
	for i := range 300 {
		header := []string{key("wrong")}
		if i%3 == 0 { // these may, but not all at once
			header = []string{key(appKey)}
		}
		conn := dial(t, r.addr)
		defer conn.Close()
		_, err := io.WriteString(conn, announce("/api/sse", 4<<20, header...))
		require.NoError(t, err)
		if i%3 != 0 || i >= 6 { // two are let wait for their bodies
			answers[readResponse(t, newReader(conn), "POST").StatusCode]++
		}
	}
	runtime.ReadMemStats(&after)
	assert.Equal(t, map[int]int{401: 200, 503: 98}, answers)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(128<<20))
}

// What publishers announce is bounded in all, and given back whatever becomes of it.
func TestLargeBodiesAreBoundedTogether(t *testing.T) {
	r := startRig(t, func(o *Options) { o.MaxBodiesBytes = 2 * o.MaxBodyBytes })
	body := `[` + strings.Repeat(" ", 15<<10) + `{"data":1}]`
	half := func() net.Conn {
		conn := dial(t, r.addr)
		_, err := io.WriteString(conn, announce("/api/sse", len(body), key(appKey)))
		require.NoError(t, err)
		return conn
	}
	first, second := half(), half()
	defer second.Close()
	eventually(t, func() bool { return r.bodies.requests.Load() == 2 }, "both are under way")

	resp := r.call("POST", "/api/sse", body, key(appKey))
	resp.problem(t, 503, "OVERLOADED", "")
	assert.Equal(t, "1", resp.Header.Get("Retry-After"))
	assert.Equal(t, 200, r.call("POST", "/api/sse", `{"data":1}`, key(appKey)).StatusCode, "small ones go on")

	require.NoError(t, first.Close()) // it never sends its body
	eventually(t, func() bool { return r.bodies.requests.Load() == 1 }, "its room is given back")
	assert.Equal(t, 200, r.call("POST", "/api/sse", body, key(appKey)).StatusCode)
	_, err := io.WriteString(second, body)
	require.NoError(t, err)
	assert.Equal(t, 200, readResponse(t, newReader(second), "POST").StatusCode)
	eventually(t, func() bool { return r.bodies.held.Load() == 0 }, "nothing is held")
}

// Not every end of a request is told; what it held comes back with time.
func TestWhatALostRequestHeld(t *testing.T) {
	b := newBodies(100, time.Minute)
	var lost, other fasthttp.RequestHeader
	require.Nil(t, b.hold(&lost, "", 60))
	require.NotNil(t, b.hold(&other, "", 60))
	b.expire(time.Now().Add(59 * time.Second))
	require.NotNil(t, b.hold(&other, "", 60))
	b.expire(time.Now().Add(61 * time.Second))
	require.Nil(t, b.hold(&other, "", 60))
	require.Nil(t, b.hold(&other, "", 30), "its next request")
	assert.EqualValues(t, 30, b.held.Load())
	assert.Nil(t, b.done(&other))
	assert.Nil(t, b.done(&other))
	assert.Zero(t, b.held.Load())
}

// However many users announce however much, services can publish.
func TestUsersHaveAShareOfAllBodies(t *testing.T) {
	const most = 64 << 20
	b := newBodies(most, time.Minute)
	headers := make([]fasthttp.RequestHeader, 100)
	hold := func(n int, user string, size int64) *problem { return b.hold(&headers[n], user, size) }
	assert.Equal(t, 413, hold(0, "mallory", most/userShare+1).Status, "more than one user may ever have")
	assert.Nil(t, hold(0, "mallory", most/userShare))
	assert.Equal(t, &overloaded, hold(1, "mallory", freeBody+1), "one share a user")
	assert.Nil(t, hold(1, "alice", freeBody+1))
	n := 2
	for hold(n, fmt.Sprint("mallory", n), most/userShare) == nil {
		n++
	}
	assert.Less(t, n, 20, "a quarter for all users")
	assert.Nil(t, hold(50, "", most*3/4), "and the rest for services")
	for i := range headers {
		b.done(&headers[i])
	}
	assert.Zero(t, b.held.Load())
	assert.Zero(t, b.users.Load())
	assert.Zero(t, b.byUser.Size())
}

func TestAPanicWhileALargeBodyIsJudged(t *testing.T) {
	r := startRig(t, func(o *Options) { o.Authenticator = panicking{} })
	got := exchange(t, r.addr, announce("/api/sse", freeBody+1, "Cookie: c"))
	readResponseOf(t, got).problem(t, 500, "INTERNAL", "")
	assert.Len(t, r.log.wait(t, "a handler panicked", 1), 1)
}

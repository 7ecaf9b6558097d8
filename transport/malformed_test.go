package transport

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// exchange sends bytes and reads until the server closes.
func exchange(t *testing.T, addr, send string) string {
	t.Helper()
	conn := dial(t, addr)
	defer conn.Close()
	_, err := io.WriteString(conn, send)
	require.NoError(t, err)
	got, _ := io.ReadAll(conn) // a reset is an end too
	return string(got)
}

func TestRequestsThatAreNoHTTP(t *testing.T) {
	r := startRig(t, func(o *Options) { o.RequestTimeout = 300 * time.Millisecond })
	stays := r.open("sessionId=stays")
	const secret = "SECRET-0123456789"
	for sentence, c := range map[string]struct {
		send string
		want string // how the answer begins; empty: any 4xx, or nothing
	}{
		"words":                          {"hello " + secret + "\r\n\r\n", ""},
		"a line of a megabyte":           {strings.Repeat("G", 1<<20), ""},
		"only a method":                  {"GET\r\n\r\n", ""},
		"no version":                     {"GET /api/sse?sessionId=" + secret + "\r\n\r\n", ""},
		"HTTP/2's preface":               {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""},
		"a TLS client's hello":           {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + secret, ""},
		"a header field without a colon": {"GET /healthz HTTP/1.1\r\nHost: x\r\n" + secret + "\r\n\r\n", ""},
		"a header field with a NUL":      {"GET /healthz HTTP/1.1\r\nHost: x\r\nX: \x00" + secret + "\r\n\r\n", ""},
		"a space before the colon":       {"GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n", ""},
		"two lengths that differ":        {"POST /api/sse HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", ""},
		"a length and chunks":            {"POST /api/sse HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""},
		"a negative length":              {"POST /api/sse HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", ""},
		"a length beyond any number":     {"POST /api/sse HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", ""},
		"a length beyond the limit":      {"POST /api/sse HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n", "HTTP/1.1 413 "},
		"chunks beyond the limit":        {"POST /api/sse HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8000\r\n" + strings.Repeat("x", 0x8000) + "\r\n0\r\n\r\n", "HTTP/1.1 401 "},
		"a chunk's length that is none":  {"POST /api/sse HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ""},
		"a header beyond the limit":      {"GET /healthz HTTP/1.1\r\nHost: x\r\nCookie: " + strings.Repeat(secret, 400) + "\r\n\r\n", "HTTP/1.1 431 "},
		"a URL beyond the limit":         {"GET /api/sse?sessionId=" + strings.Repeat(secret, 400) + " HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 431 "},
		"a header that does not end":     {"GET /healthz HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + secret, "HTTP/1.1 408 "},
		"a body that does not come":      {"POST /api/sse HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{\"d", "HTTP/1.1 408 "},
		"a first byte and no more":       {"G", "HTTP/1.1 408 "},
		"nothing at all":                 {"", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := exchange(t, r.addr, c.send)
			if c.want != "" {
				assert.True(t, strings.HasPrefix(got, c.want), "%.200s", got)
			}
			if got != "" {
				assert.Regexp(t, `^HTTP/1\.1 4\d\d `, got)
				resp := readResponse(t, bufio.NewReader(strings.NewReader(got)), "GET")
				code := map[int]string{400: "BAD_REQUEST", 408: "REQUEST_TIMEOUT", 413: "BODY_TOO_LARGE", 431: "HEADERS_TOO_LARGE"}[resp.StatusCode]
				if resp.StatusCode == 404 || resp.StatusCode == 405 || resp.StatusCode == 401 { // it made sense in the end
					return
				}
				resp.problem(t, resp.StatusCode, code, "")
				assert.True(t, resp.Close, "the connection is no use any more")
			}
			assert.NotContains(t, got, secret)
		})
	}
	id := r.publish(`{"data":"alive"}`).Event.ID
	assert.Equal(t, id, stays.next().id, "the server lives, and its streams")
	assert.NotContains(t, r.log.String(), secret, "even at the debug level")
	eventually(t, func() bool { return r.streams() == 1 }, "none of them is a stream")
}

// What follows a request for a stream on its connection is thrown away: it is neither
// answered nor taken for a departure, and nobody else gets it.
func TestGarbageBehindARequestForAStream(t *testing.T) {
	for sentence, behind := range map[string]string{
		"another request":         request("POST", "/api/sse", `{"data":"smuggled"}`, key(appKey)),
		"another stream":          request("GET", "/api/sse?sessionId=other", ""),
		"bytes that mean nothing": strings.Repeat("\x00\xffgarbage", 200),
		"a megabyte":              strings.Repeat("x", 1<<20),
	} {
		t.Run(sentence, func(t *testing.T) {
			r := startRig(t)
			conn := dial(t, r.addr)
			defer conn.Close()
			go func() { _, _ = io.WriteString(conn, request("GET", "/api/sse?sessionId=s", "")+behind) }()
			c := &sseClient{t: t, conn: conn, in: bufio.NewReader(conn)}
			for !strings.HasSuffix(c.head, "\r\n\r\n") {
				line, err := c.in.ReadString('\n')
				require.NoError(t, err)
				c.head += line
			}
			require.Equal(t, "connection", c.next().name)
			assert.Equal(t, 1, r.streams())
			for range 3 {
				id := r.publish(`{"data":1}`).Event.ID
				assert.Equal(t, id, c.next().id)
			}
			stats, err := r.hub.Metrics(t.Context())
			require.NoError(t, err)
			assert.EqualValues(t, 3, stats.Events, "nothing was smuggled in")
		})
	}
}

func TestRequestsOnOneConnection(t *testing.T) {
	r := startRig(t)
	conn := dial(t, r.addr)
	defer conn.Close()
	in := bufio.NewReader(conn)
	t.Run("one after the other", func(t *testing.T) {
		for i := range 5 {
			_, err := io.WriteString(conn, request("POST", "/api/sse", fmt.Sprintf(`{"data":%d}`, i), key(appKey)))
			require.NoError(t, err)
			assert.Contains(t, readResponse(t, in, "POST").body, fmt.Sprintf(`"data":%d`, i))
		}
	})
	t.Run("all at once", func(t *testing.T) {
		all := ""
		for i := range 5 {
			all += request("POST", "/api/sse", fmt.Sprintf(`{"data":%d}`, i), key(appKey))
		}
		_, err := io.WriteString(conn, all)
		require.NoError(t, err)
		for i := range 5 {
			assert.Contains(t, readResponse(t, in, "POST").body, fmt.Sprintf(`"data":%d`, i))
		}
	})
	t.Run("and a stream in the end", func(t *testing.T) {
		_, err := io.WriteString(conn, request("GET", "/api/sse?sessionId=s", ""))
		require.NoError(t, err)
		line, err := in.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, "HTTP/1.1 200 OK\r\n", line)
	})
}

// A stream outlives the time that its request had to arrive in, on each path.
func TestAStreamIsNotCutOffByTheRequestTimeout(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"raw": func(*Options) {}, "portable": func(o *Options) { o.Stream.Portable = true },
	} {
		t.Run(name, func(t *testing.T) {
			r := startRig(t, change, func(o *Options) {
				o.RequestTimeout, o.Hub.HeartbeatInterval = 200*time.Millisecond, 200*time.Millisecond
			})
			c := r.open("sessionId=s")
			for range 4 { // heartbeats, over four times the timeout
				assert.Equal(t, "heartbeat", c.next().name)
			}
			id := r.publish(`{"data":1}`).Event.ID
			for e := c.next(); e.id != id; e = c.next() {
				require.Equal(t, "heartbeat", e.name)
			}
		})
	}
}

// Whoever connects and says nothing costs nobody else anything.
func TestSilentConnectionsHoldUpNobody(t *testing.T) {
	r := startRig(t, func(o *Options) { o.RequestTimeout = 500 * time.Millisecond })
	var silent []net.Conn
	for range 50 {
		silent = append(silent, dial(t, r.addr))
	}
	r.open("sessionId=s")
	assert.Equal(t, 1, r.publish(`{"data":1}`).EventsSent)
	for _, c := range silent {
		require.NoError(t, c.Close())
	}
}

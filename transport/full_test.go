package transport

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refusedInWords checks an answer to a caller that asked for an event stream: it is
// one, which says when to come back, why, and ends. EventSource would give up for
// good on anything else.
func refusedInWords(t *testing.T, c *sseClient, code string) {
	t.Helper()
	assert.Regexp(t, `^HTTP/1\.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n`, c.head)
	e := c.next()
	assert.Equal(t, "error", e.name)
	assert.Empty(t, e.id)
	assert.Equal(t, code, e.json(t)["code"])
	assert.NotEmpty(t, e.json(t)["message"])
	assert.NotEmpty(t, e.json(t)["timestamp"])
	retry, err := strconv.Atoi(e.retry)
	require.NoError(t, err, e.raw)
	assert.GreaterOrEqual(t, retry, 3000)
	assert.LessOrEqual(t, retry, 13000)
	c.end()
}

func refusedInHTTP(t *testing.T, resp response, code string) {
	t.Helper()
	resp.problem(t, 503, code, "")
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	require.NoError(t, err)
	assert.GreaterOrEqual(t, seconds, 5)
	assert.LessOrEqual(t, seconds, 10)
	assert.True(t, resp.Close)
}

func TestAFullServer(t *testing.T) {
	r := startRig(t, func(o *Options) { o.Hub.MaxClients = 2 })
	first := r.open("sessionId=a")
	r.open("sessionId=b")

	t.Run("a browser is told in a stream", func(t *testing.T) {
		refusedInWords(t, r.dialStream("sessionId=c"), "MAX_CLIENTS")
	})
	for name, header := range map[string][]string{"no Accept": nil, "Accept: */*": {"Accept: */*"}, "Accept: text/*": {"Accept: text/*"}} {
		t.Run("another caller gets 503: "+name, func(t *testing.T) {
			refusedInHTTP(t, r.call("GET", "/api/sse?sessionId=c", "", header...), "MAX_CLIENTS")
		})
	}
	t.Run("a page of an allowed origin may read why", func(t *testing.T) {
		resp := r.call("GET", "/api/sse?sessionId=c", "", "Origin: https://app.example")
		refusedInHTTP(t, resp, "MAX_CLIENTS")
		assert.Equal(t, "https://app.example", resp.Header.Get("Access-Control-Allow-Origin"))
	})
	t.Run("a fault is told before", func(t *testing.T) {
		r.call("GET", "/api/sse?sessionId=", "").problem(t, 400, "INVALID_REQUEST", "sessionId")
	})
	t.Run("publishers are let in", func(t *testing.T) { assert.Equal(t, 2, r.publish(`{"data":1}`).EventsSent) })
	t.Run("who leaves makes room", func(t *testing.T) {
		require.NoError(t, first.conn.Close())
		eventually(t, func() bool { return r.streams() == 1 }, "the departure is noticed")
		r.open("sessionId=c")
	})
	assert.Len(t, r.log.wait(t, "stream refused", 5), 5)
}

// While streams are ended the listener is open: who comes is told, and when to come
// back; who publishes gets 503.
func TestADrainingServer(t *testing.T) {
	r := startRig(t)
	c := r.open("sessionId=a")
	require.NoError(t, r.hub.Drain(t.Context(), 0))
	assert.Equal(t, "SERVER_SHUTDOWN", c.next().json(t)["code"])

	refusedInWords(t, r.dialStream("sessionId=b"), "SERVER_SHUTDOWN")
	refusedInHTTP(t, r.call("GET", "/api/sse?sessionId=b", ""), "SERVER_SHUTDOWN")
	for name, body := range map[string]string{"an event": `{"data":1}`, "a batch": `[{"data":1},{"data":2}]`} {
		t.Run(name, func(t *testing.T) {
			resp := r.call("POST", "/api/sse", body, key(appKey), "Idempotency-Key: "+name)
			resp.problem(t, 503, "SERVER_SHUTDOWN", "")
			assert.Equal(t, "5", resp.Header.Get("Retry-After"))
			if name == "a batch" {
				assert.Contains(t, resp.body, `"results":[{"success":false,"eventsSent":0,"code":"SERVER_SHUTDOWN"},{"success":false,"eventsSent":0,"code":"SERVER_SHUTDOWN"}]`)
			}
			again := r.call("POST", "/api/sse", body, key(appKey), "Idempotency-Key: "+name)
			assert.Empty(t, again.Header.Get("Idempotency-Replayed"), "it was not sent: it is not remembered")
		})
	}
}

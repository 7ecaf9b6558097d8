package transport

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func development(o *Options) { o.Development = true }

// Ends all streams, and answers with the metrics after it: all counters at zero.
func TestReset(t *testing.T) {
	r := startRig(t, development, func(o *Options) { o.Hub.MaxClients = 2 })
	a, b := r.open("sessionId=a"), r.open("userId=1&topics=news", key(opsKey))
	refusedInWords(t, r.dialStream("sessionId=c"), "MAX_CLIENTS")
	r.publish(`{"data":1}`)
	a.next()
	b.next()
	r.call("GET", "/nothing", "").problem(t, 404, "NOT_FOUND", "")
	keyed := func() response {
		return r.call("POST", "/api/sse", `{"data":1,"sessionId":"nobody's"}`, key(appKey), "Idempotency-Key: k")
	}
	keyed()

	got := decode[struct {
		Success bool
		Metrics map[string]any
	}](t, r.call("POST", "/api/sse/reset", "", key(opsKey)))
	assert.True(t, got.Success)
	assert.Empty(t, got.Metrics["endedConnections"])
	for name, v := range got.Metrics {
		if n, ok := v.(float64); ok && name != "maxClients" && name != "endingConnections" {
			assert.Zero(t, n, name)
		}
	}
	for _, c := range []*sseClient{a, b} {
		e := c.next()
		assert.Equal(t, "error", e.name)
		assert.Equal(t, "DISCONNECTED_BY_ADMIN", e.json(t)["code"])
		c.end()
	}
	eventually(t, func() bool { return r.streams() == 0 }, "no stream is left")
	for series, v := range r.scrape().value {
		name, _, _ := strings.Cut(series, "{")
		// The farewells are written after the reset, and it and the scrape are requests.
		counts := strings.HasPrefix(series, "sseactor_") && (strings.HasSuffix(name, "_total") || strings.HasSuffix(name, "_seconds_count"))
		if counts && name != "sseactor_writes_total" && name != "sseactor_written_bytes_total" && !strings.Contains(series, `status="200"`) {
			assert.Zero(t, v, series)
		}
	}
	assert.Empty(t, keyed().Header.Get("Idempotency-Replayed"), "keys are forgotten")

	c := r.open("sessionId=c") // and it goes on
	assert.Equal(t, 1, r.publish(`{"data":2}`).EventsSent)
	assert.Equal(t, "2", c.next().data)
	assert.Len(t, r.log.wait(t, "the server was reset", 1), 1)
}

func TestResetClearsTheMailboxes(t *testing.T) {
	store := &mailStore{durable: true}
	r := startRig(t, development, withStore(store))
	r.publish(`{"data":1,"persistent":true}`)
	store.fail(errDisk)
	r.call("POST", "/api/sse/reset", "", key(opsKey)).problem(t, 503, "JOURNAL_FAILED", "")
	require.Len(t, store.all(), 1)
	store.fail(nil)
	got := decode[struct {
		Metrics struct{ Journal map[string]any }
	}](t, r.call("POST", "/api/sse/reset", "", key(opsKey)))
	assert.Empty(t, store.all())
	assert.Equal(t, 0.0, got.Metrics.Journal["written"])
}

func TestResetOfAnEmptyServer(t *testing.T) {
	r := startRig(t, development)
	resp := r.call("POST", "/api/sse/reset", "", key(opsKey))
	require.Equal(t, 200, resp.StatusCode, resp.body)
}

// In production the endpoint does not exist, for nobody.
func TestThereIsNoResetInProduction(t *testing.T) {
	r := startRig(t)
	c := r.open("sessionId=s")
	for _, header := range [][]string{nil, {key(appKey)}, {key(opsKey)}} {
		r.call("POST", "/api/sse/reset", "", header...).problem(t, 404, "NOT_FOUND", "")
	}
	id := r.publish(`{"data":1}`).Event.ID
	assert.Equal(t, id, c.next().id)
}

func TestWhoMayReset(t *testing.T) {
	r := startRig(t, development)
	r.call("POST", "/api/sse/reset", "").problem(t, 401, "UNAUTHORIZED", "")
	r.call("POST", "/api/sse/reset", "", key(appKey)).problem(t, 403, "FORBIDDEN", "")
	r.call("GET", "/api/sse/reset", "", key(opsKey)).problem(t, 405, "METHOD_NOT_ALLOWED", "")
}

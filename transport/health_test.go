package transport

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Alive all along; ready once started, and not any more from the first moment of a
// shutdown on, before any stream is ended.
func TestHealthThroughAServersLife(t *testing.T) {
	r := startRig(t, func(o *Options) { o.ShutdownDelay = 300 * time.Millisecond })
	c := r.open("sessionId=s")
	resp := r.call("GET", "/healthz", "")
	assert.Equal(t, `{"status":"alive","version":"v1.2.3"}`, resp.body)
	assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
	assert.Equal(t, `{"status":"ready"}`, r.call("GET", "/readyz", "").body)

	down := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		down <- r.Shutdown(ctx)
	}()
	eventually(t, func() bool { return !r.ready.Load() }, "the shutdown has begun")
	resp = r.call("GET", "/readyz", "")
	resp.problem(t, 503, "NOT_READY", "")
	assert.Equal(t, "1", resp.Header.Get("Retry-After"))
	assert.Equal(t, 200, r.call("GET", "/healthz", "").StatusCode)
	assert.Equal(t, 1, r.publish(`{"data":"during the delay"}`).EventsSent, "for this long all goes on")
	assert.Equal(t, "during the delay", c.next().data)
	assert.Equal(t, "SERVER_SHUTDOWN", c.next().json(t)["code"])
	require.NoError(t, <-down)
}

// Probes and people ask so; a stream would have no end.
func TestHEAD(t *testing.T) {
	r := startRig(t)
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/api/sse/metrics", "/api/sse/admin/clients"} {
		get, head := r.call("GET", path, "", key(opsKey)), r.call("HEAD", path, "", key(opsKey))
		assert.Equal(t, 200, head.StatusCode, path)
		assert.Equal(t, get.Header.Get("Content-Type"), head.Header.Get("Content-Type"), path)
		assert.Positive(t, head.ContentLength, path)
	}
	assert.Equal(t, 401, r.call("HEAD", "/metrics", "").StatusCode)
}

func TestAServerWhoseHubDoesNotAnswerIsNotReady(t *testing.T) {
	r := startRig(t)
	r.hub.Stop()
	r.call("GET", "/readyz", "").problem(t, 503, "NOT_READY", "")
	r.call("GET", "/metrics", "", key(appKey)).problem(t, 503, "OVERLOADED", "")
	r.call("GET", "/api/sse/metrics", "", key(appKey)).problem(t, 503, "OVERLOADED", "")
	r.call("GET", "/api/sse/admin/clients", "", key(opsKey)).problem(t, 503, "OVERLOADED", "")
	r.call("GET", "/api/sse/admin/clients/x", "", key(opsKey)).problem(t, 503, "OVERLOADED", "")
	r.call("DELETE", "/api/sse/admin/clients/x", "", key(opsKey)).problem(t, 503, "OVERLOADED", "")
	r.call("POST", "/api/sse", `{"data":1}`, key(appKey)).problem(t, 503, "SERVER_SHUTDOWN", "")
	assert.Equal(t, 200, r.call("GET", "/healthz", "").StatusCode)
}

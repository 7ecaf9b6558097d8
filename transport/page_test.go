package transport

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestThePageToTryTheServerOn(t *testing.T) {
	r := startRig(t, development)
	resp := r.call("GET", "/", "")
	assert.Equal(t, 200, resp.StatusCode)
	assert.Equal(t, "text/html; charset=utf-8", resp.Header.Get("Content-Type"))
	assert.Equal(t, "nosniff", resp.Header.Get("X-Content-Type-Options"))
	assert.Equal(t, "no-referrer", resp.Header.Get("Referrer-Policy"))
	assert.Contains(t, resp.Header.Get("Content-Security-Policy"), "default-src 'none'")
	assert.Contains(t, resp.body, "<title>sseactor</title>")
	startRig(t).call("GET", "/", "").problem(t, 404, "NOT_FOUND", "")
}

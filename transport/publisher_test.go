package transport

import (
	"github.com/stretchr/testify/require"
)

// receipt is what a publisher is told of one event.
type receipt struct {
	Success    bool
	EventsSent int
	Event      struct {
		Type string
		Data any
		ID   string
	}
	Code string
}

// publish publishes one event, which must succeed.
func (r *rig) publish(body string, header ...string) receipt {
	r.t.Helper()
	got := decode[receipt](r.t, r.call("POST", "/api/sse", body, append(header, key(appKey))...))
	require.True(r.t, got.Success)
	return got
}

package interop

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tmaxmax/go-sse"
)

// maxBlock is more than any event needs on the wire: 60 KB that are nearly all
// newlines grow sixfold. Some libraries stop at 64 KB unless told otherwise.
const maxBlock = 1 << 20

// openGoSSE reads with github.com/tmaxmax/go-sse.
func openGoSSE(t testing.TB, url string) *reading {
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	r := newReading()
	c := sse.Client{HTTPClient: newHTTPClient(t)}
	conn := c.NewConnection(req)
	conn.Buffer(nil, maxBlock)
	conn.SubscribeToAll(func(e sse.Event) { r.saw(e.Type, e.Data, e.LastEventID) })
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = conn.Connect() // comes back by itself until ctx ends
	}()
	r.end = func() {
		cancel()
		<-ended
	}
	t.Cleanup(r.close)
	return r
}

// newHTTPClient shares no connections with anybody.
func newHTTPClient(t testing.TB) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

package loadgen

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// publisherTo is a publisher to a server that answers each request so, and the last
// request that it got.
func publisherTo(t *testing.T, status int, answer string) (*Publisher, *string) {
	t.Helper()
	last := new(string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*last = r.Method + " " + r.URL.Path + " " + r.Header.Get("Authorization") + " " + string(body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	p := NewPublisher(netip.MustParseAddrPort(server.Listener.Addr().String()), "key")
	t.Cleanup(p.Close)
	return p, last
}

func TestPublisherSendsPersistentEvents(t *testing.T) {
	p, last := publisherTo(t, 200, `{"success":true,"eventsSent":0,"event":{"id":"5-1"},"persisted":true}`)
	answer, err := p.Publish(t.Context(), Event{UserID: "ada", Data: "x", Persistent: true, TTL: 60})
	require.NoError(t, err)
	assert.True(t, answer.Persisted)
	assert.Equal(t, "5-1", answer.Event.ID)
	assert.Equal(t, `POST /api/sse Bearer key {"data":"x","userId":"ada","persistent":true,"ttl":60}`, *last)
	_, err = p.Publish(t.Context(), Event{Data: "x"})
	require.NoError(t, err)
	assert.Equal(t, `POST /api/sse Bearer key {"data":"x"}`, *last)
}

func TestPublisherAcknowledgesAndResets(t *testing.T) {
	p, last := publisherTo(t, 200, `{"success":true}`)
	require.NoError(t, p.Ack(t.Context(), Ack{ID: "5-1", Device: "phone", UserID: "ada"}))
	assert.Equal(t, `POST /api/sse/ack Bearer key {"id":"5-1","device":"phone","userId":"ada"}`, *last)
	require.NoError(t, p.Reset(t.Context()))
	assert.Equal(t, `POST /api/sse/reset Bearer key `, *last)
}

func TestPublisherEndsStreams(t *testing.T) {
	tests := []struct {
		name   string
		status int
		there  bool
		fails  bool
	}{
		{"a stream that is there", 200, true, false},
		{"one that has gone", 404, false, false},
		{"nobody may", 403, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, last := publisherTo(t, tt.status, `{}`)
			there, err := p.Disconnect(t.Context(), "c-1")
			assert.Equal(t, tt.there, there)
			assert.Equal(t, tt.fails, err != nil)
			assert.Equal(t, "DELETE /api/sse/admin/clients/c-1 Bearer key ", *last)
		})
	}
}

func TestStatusErrorKnowsItsCode(t *testing.T) {
	p, _ := publisherTo(t, 503, `{"type":"about:blank","status":503,"code":"JOURNAL_FULL","detail":"no room"}`)
	_, err := p.Publish(t.Context(), Event{Data: "x"})
	var status *StatusError
	require.ErrorAs(t, err, &status)
	assert.Equal(t, "JOURNAL_FULL", status.Code())
	assert.Empty(t, (&StatusError{Status: 502, Body: "<html>"}).Code())
}

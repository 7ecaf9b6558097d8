package sseutils

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestURLsThatAreNone(t *testing.T) {
	for _, u := range []string{"", "localhost:8080", "/api/sse", "ftp://sse.test", "http://", "http://user:SECRET@[", "http://a b"} {
		_, err := New(Options{URL: u})
		require.Error(t, err, u)
		assert.Contains(t, err.Error(), "the server's URL: ")
		assert.NotContains(t, err.Error(), "SECRET")
	}
}

// A server may be behind a path.
func TestAServerBehindAPath(t *testing.T) {
	for _, base := range []string{"http://sse.test/live", "http://sse.test/live/"} {
		var got string
		c, err := New(Options{URL: base, HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			got = r.URL.String()
			return sentAnswer(), nil
		})}})
		require.NoError(t, err)
		_, err = c.Broadcast(t.Context(), "x", 1)
		require.NoError(t, err)
		assert.Equal(t, "http://sse.test/live/api/sse", got)
	}
}

// However a program writes its options or its client down, the key is not in it.
func TestNothingShowsTheKey(t *testing.T) {
	o := Options{URL: "http://user:SECRET@sse.test", APIKey: "SECRET", Timeout: time.Second, HTTPClient: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, errRefused
	})}, Retries: -1}
	c, err := New(o)
	require.NoError(t, err)
	var log strings.Builder
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("starting", "options", o, "pointer", &o, "client", c)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, v := range []any{o, &o, c, struct{ Options Options }{o}, struct{ Client *Client }{c}} {
			fmt.Fprintf(&log, format, v)
		}
	}
	for _, v := range []any{o, &o, c} {
		b, err := json.Marshal(v)
		require.NoError(t, err)
		log.Write(b)
	}
	_, err = c.Broadcast(t.Context(), "x", 1)
	fmt.Fprint(&log, err)
	_, err = c.GetMetrics(t.Context())
	fmt.Fprint(&log, err)
	assert.NotContains(t, log.String(), "SECRET")
	assert.Contains(t, log.String(), "sse.test")
}

// JSON of another server is no server without streams, and no ticket.
func TestAnswersOfAnotherServer(t *testing.T) {
	for _, body := range []string{`{"ok":true}`, `{}`, `null`} {
		c, err := New(Options{URL: "http://sse.test", HTTPClient: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			return answer(200, "application/json", body), nil
		})}})
		require.NoError(t, err)
		_, err = c.GetMetrics(t.Context())
		assert.ErrorIs(t, err, errNotJSON, body)
		_, err = c.GetActiveClientCount(t.Context())
		assert.ErrorIs(t, err, errNotJSON, body)
		_, err = c.CreateTicket(t.Context(), User("7"))
		assert.ErrorIs(t, err, errNotJSON, body)
		_, err = c.Disconnect(t.Context(), User("7"))
		assert.ErrorIs(t, err, errNotJSON, body)
	}
}

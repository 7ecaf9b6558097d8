package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What it prints to be tried does what it says.
func TestTheExample(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, ln) }()
	base := "http://" + ln.Addr().String()

	listen := func(user, topics string) *http.Response {
		r, err := http.NewRequest("GET", base+"/api/sse?topics="+topics, nil)
		require.NoError(t, err)
		if user != "" {
			r.SetBasicAuth(user, "")
		}
		response, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		t.Cleanup(func() { _ = response.Body.Close() })
		return response
	}
	assert.Equal(t, 401, listen("", "news").StatusCode)
	assert.Equal(t, 403, listen("ann", "secrets").StatusCode)
	ann := listen("ann", "news")
	require.Equal(t, 200, ann.StatusCode)

	for body, want := range map[string]struct {
		status int
		text   string
	}{
		`{"user":"ann","order":7}`: {200, "told 1 streams"},
		`{"user":"bob","order":7}`: {200, "told 0 streams"},
		`{"order":7}`:              {422, "userId: empty"},
		`order 7`:                  {400, "not an order"},
	} {
		response, err := http.Post(base+"/orders", "application/json", strings.NewReader(body))
		require.NoError(t, err)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		assert.NoError(t, response.Body.Close())
		assert.Equal(t, want.status, response.StatusCode)
		assert.Contains(t, string(text), want.text)
	}
	stop()
	var heard []string
	for lines := bufio.NewScanner(ann.Body); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			heard = append(heard, name)
		}
	}
	assert.Equal(t, []string{"connection", "notification", "error"}, heard)
	assert.NoError(t, <-ended)
}

package loadgen

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func posterTo(t *testing.T, handler http.HandlerFunc) *Poster {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	p, err := NewPoster(netip.MustParseAddrPort(server.Listener.Addr().String()))
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func request(body string) []byte {
	return fmt.Appendf(nil, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func TestPosterKeepsItsConnectionAndReadsEachAnswer(t *testing.T) {
	var from, bodies []string
	p := posterTo(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		from, bodies = append(from, r.RemoteAddr), append(bodies, string(body))
		w.WriteHeader(200 + len(body))
		_, _ = w.Write([]byte(strings.Repeat("answer", 100*len(body))))
	})
	for i, body := range []string{"a", "bb", "ccc"} {
		status, answer, err := p.Exchange(request(body))
		require.NoError(t, err)
		assert.Equal(t, strings.Repeat("answer", 100*len(body)), string(answer))
		assert.Equal(t, 201+i, status)
	}
	assert.Equal(t, []string{"a", "bb", "ccc"}, bodies)
	assert.Equal(t, from[0], from[2])
}

func TestPosterSaysWhatItCanNotUse(t *testing.T) {
	p := posterTo(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("a"))
		_ = http.NewResponseController(w).Flush() // chunked from here on
	})
	_, err := p.Post(request("x"))
	require.ErrorContains(t, err, "no Content-Length")

	p = posterTo(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err = p.Post(request("x"))
	require.ErrorIs(t, err, io.EOF)
}

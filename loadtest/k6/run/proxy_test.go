//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// faults are what a proxy does wrong between the streams or publishers and the
// server. Each is done once in a run, unless it says otherwise.
type faults struct {
	swallow, repeat, swap, damage, cut bool // to the third event of the first stream
	hideGaps                           bool // of all streams
	badGateway                         bool // for the first stream
	unavailable                        bool // for the third publish
	deny                               bool // the third publish says that it was sent to nobody
	linger                             bool // a stream of a client that has gone stays open
}

// through is the address of a proxy to the server until the test ends.
func through(t *testing.T, s *server, f faults) string {
	t.Helper()
	target, err := url.Parse(s.base)
	require.NoError(t, err)
	var streams, publishes atomic.Int64
	proxy := &httputil.ReverseProxy{
		FlushInterval: -1,
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(res *http.Response) error {
			if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
				res.Body = f.stream(res.Body, res.Request.Context().Value(first{}) == true)
			}
			if f.deny && res.Request.Context().Value(third{}) == true {
				return replaceBody(res, `"eventsSent":1`, `"eventsSent":0`)
			}
			return nil
		},
		ErrorLog: nil,
	}
	lasting, release := context.WithCancel(context.Background())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		switch {
		case r.Method == http.MethodGet && r.URL.Query().Has("sessionId"):
			if streams.Add(1) == 1 {
				if f.badGateway {
					http.Error(w, "bad gateway", http.StatusBadGateway)
					return
				}
				ctx = context.WithValue(ctx, first{}, true)
				if f.linger {
					go linger(lasting, s.base+r.URL.RequestURI())
				}
			}
		case r.Method == http.MethodPost && bytes.Contains(peek(r), []byte(`"load"`)):
			if publishes.Add(1) == 3 {
				if f.unavailable {
					http.Error(w, "unavailable", http.StatusServiceUnavailable)
					return
				}
				ctx = context.WithValue(ctx, third{}, true)
			}
		}
		proxy.ServeHTTP(w, r.WithContext(ctx))
	}))
	t.Cleanup(func() { release(); server.CloseClientConnections(); server.Close() })
	return server.URL
}

type (
	first struct{}
	third struct{}
)

// stream passes a stream on, block by block.
func (f faults) stream(from io.ReadCloser, isFirst bool) io.ReadCloser {
	out, to := io.Pipe()
	go func() {
		blocks := bufio.NewReader(from)
		events, held := 0, ""
		for {
			block, err := readBlock(blocks)
			if err != nil {
				_ = to.CloseWithError(err)
				return
			}
			if isFirst && strings.Contains(block, "event: load\n") {
				events++
			}
			// The fourth event is of the same order as the third.
			third, fourth := events == 3 && isFirst, events == 4 && isFirst
			switch {
			case f.hideGaps && strings.Contains(block, `"status":"gap"`):
				block = ""
			case f.swallow && third:
				block, events = "", 5
			case f.repeat && third:
				block, events = block+block, 5
			case f.swap && third:
				block, held = "", block
			case f.swap && fourth:
				block, events = block+held, 5
			case f.damage && third:
				block, events = strings.Replace(block, " fox ", " ox ", 1), 5
			case f.cut && third:
				_ = to.CloseWithError(io.ErrUnexpectedEOF)
				_ = from.Close()
				return
			}
			if _, err := io.WriteString(to, block); err != nil {
				return
			}
		}
	}()
	return struct {
		io.Reader
		io.Closer
	}{out, closers{out, from}}
}

func readBlock(from *bufio.Reader) (block string, err error) {
	for !strings.HasSuffix(block, "\n\n") {
		line, err := from.ReadString('\n')
		if err != nil {
			return "", err
		}
		block += line
	}
	return block, nil
}

type closers []io.Closer

func (all closers) Close() error {
	for _, c := range all {
		_ = c.Close()
	}
	return nil
}

// linger holds a stream of its own until ctx ends, as a proxy does that has not
// noticed that its client is gone.
func linger(ctx context.Context, url string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return
	}
	if res, err := http.DefaultClient.Do(req); err == nil {
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
}

func replaceBody(res *http.Response, old, new string) error {
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	body = bytes.Replace(body, []byte(old), []byte(new), 1)
	res.Body = io.NopCloser(bytes.NewReader(body))
	res.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// peek reads a request's body and leaves it there.
func peek(r *http.Request) []byte {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body
}

// openStream opens a stream of a visitor; the function that it gives tells what has
// come so far.
func openStream(t *testing.T, s *server) (received func() string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+"/api/sse?sessionId=visitor", nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	said := &syncedBuffer{}
	go func() { _, _ = io.Copy(said, res.Body) }()
	t.Cleanup(func() { _ = res.Body.Close() })
	return said.String
}

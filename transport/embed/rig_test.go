package embed_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sseactor/sseactor/transport/embed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soon is how long anything may take that should take no time.
const soon = 10 * time.Second

// rig is a program with an embedded hub.
type rig struct {
	*embed.Server
	t      testing.TB
	http   *httptest.Server
	client *http.Client
}

// protocol is a way for a stream to come.
type protocol struct {
	name  string
	major int
	start func(*httptest.Server)
}

var protocols = []protocol{
	{"HTTP/1.1", 1, (*httptest.Server).Start},
	{"HTTP/1.1 over TLS", 1, (*httptest.Server).StartTLS},
	{"HTTP/2 over TLS", 2, func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() }},
}

func onEachProtocol(t *testing.T, test func(t *testing.T, p protocol)) {
	for _, p := range protocols {
		t.Run(p.name, func(t *testing.T) { test(t, p) })
	}
}

// authorize takes anybody's word: tests of it say so themselves.
func authorize(r *http.Request) (embed.Subscriber, error) {
	q := r.URL.Query()
	return embed.Subscriber{UserID: q.Get("userId"), SessionID: q.Get("sessionId"), Topics: embed.RequestedTopics(r)}, nil
}

// setup is what a test may change of the program.
type setup struct {
	embed.Options
	server    *http.Server
	authorize func(*http.Request) (embed.Subscriber, error)
	wrap      func(http.Handler) http.Handler // a middleware
}

// startRig starts a program, which ends with the test.
func startRig(t testing.TB, p protocol, change ...func(*setup)) *rig {
	t.Helper()
	s := setup{server: &http.Server{}, authorize: authorize, wrap: func(h http.Handler) http.Handler { return h }}
	for _, c := range change {
		c(&s)
	}
	live, err := embed.New(s.Options)
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.server.Handler = s.wrap(live.Handler(s.authorize))
	r := &rig{Server: live, t: t, http: &httptest.Server{Listener: ln, Config: s.server}}
	p.start(r.http)
	r.client = r.http.Client()
	t.Cleanup(func() {
		r.Close()
		r.http.CloseClientConnections()
		r.http.Close()
	})
	return r
}

// stream is one that a client reads.
type stream struct {
	t        testing.TB
	response *http.Response
	in       *bufio.Reader
	id       string // clientId
	cut      context.CancelFunc
}

type event struct {
	name, data, id, retry string
}

// ask asks for a stream; the header fields are name, value, ….
func (r *rig) ask(query string, header ...string) *stream {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	q, err := http.NewRequestWithContext(ctx, "GET", r.http.URL+"/?"+query, nil)
	require.NoError(r.t, err)
	q.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(header); i += 2 {
		q.Header.Set(header[i], header[i+1])
	}
	response, err := r.client.Do(q)
	require.NoError(r.t, err)
	s := &stream{t: r.t, response: response, in: bufio.NewReader(response.Body), cut: func() { cancel(); _ = response.Body.Close() }}
	r.t.Cleanup(s.cut)
	return s
}

// open opens a stream that must be let in, and reads its greeting.
func (r *rig) open(query string, header ...string) (*stream, map[string]any) {
	r.t.Helper()
	s := r.ask(query, header...)
	require.Equal(r.t, 200, s.response.StatusCode)
	e := s.next()
	require.Equal(r.t, "connection", e.name, e.data)
	says := e.json(r.t)
	s.id = says["clientId"].(string)
	return s, says
}

// next reads the next event, which must come.
func (s *stream) next() event {
	s.t.Helper()
	e, err := s.read()
	require.NoError(s.t, err)
	return e
}

// end reads the end of the stream, before which nothing may come.
func (s *stream) end() {
	s.t.Helper()
	e, err := s.read()
	assert.ErrorIs(s.t, err, io.EOF)
	assert.Empty(s.t, e)
}

func (s *stream) read() (e event, err error) {
	var data []string
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return e, err
		}
		if line = strings.TrimSuffix(line, "\n"); line == "" {
			e.data = strings.Join(data, "\n")
			return e, nil
		}
		field, value, ok := strings.Cut(line, ": ")
		if !ok {
			return e, errors.New("no field: " + line)
		}
		switch field {
		case "event":
			e.name = value
		case "data":
			data = append(data, value)
		case "id":
			e.id = value
		case "retry":
			e.retry = value
		}
	}
}

func (e event) json(t testing.TB) (fields map[string]any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(e.data), &fields), e.data)
	return fields
}

// streams waits until so many are open, ending ones included.
func (r *rig) streams(want int) {
	r.t.Helper()
	eventually(r.t, func() bool {
		s, err := r.Stats(context.Background())
		require.NoError(r.t, err)
		return s.Clients+s.Ending == want
	}, "the number of streams")
}

func eventually(t testing.TB, holds func() bool, what string) {
	t.Helper()
	for deadline := time.Now().Add(soon); !holds(); time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "not within %v: %s", soon, what)
	}
}

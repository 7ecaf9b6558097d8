package interop

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// server is a running sseactor that can be ended and started again at the same
// address, as in a deployment.
type server struct {
	addr string
	base string // http://addr
	key  string
	env  []string
	http *http.Client

	process *process
	log     *output // of all its runs
}

// startServer runs sseactor on a free port until the test ends. env adds
// settings, as SSEACTOR_NAME=value.
func startServer(t testing.TB, env ...string) *server {
	t.Helper()
	return startServerAs(t, "http", http.DefaultClient, env...)
}

// startServerAs is startServer with the scheme that the settings bring.
func startServerAs(t testing.TB, scheme string, client *http.Client, env ...string) *server {
	t.Helper()
	addr := freeAddr(t)
	s := &server{addr: addr, base: scheme + "://" + addr, key: rand.Text() + rand.Text(), env: env, http: client, log: &output{}}
	t.Cleanup(func() {
		// The last clean-up: the process has ended, and all is said.
		if strings.Contains(s.log.String(), "DATA RACE") {
			t.Error("the server has a data race")
		}
		if t.Failed() {
			t.Logf("the server said:\n%s", s.log.tail())
		}
	})
	s.start(t)
	return s
}

// freeAddr is a loopback address that nobody listens at.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// start runs the program and returns once /readyz says 200.
func (s *server) start(t testing.TB) {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	cmd := exec.Command(path)
	for _, v := range os.Environ() {
		// What a developer has set for a server of their own is not for this one.
		if !strings.HasPrefix(v, "SSEACTOR_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "SSEACTOR_ADDR="+s.addr, "SSEACTOR_MODE=development",
		"SSEACTOR_API_KEYS=test:"+s.key+":publish+metrics+admin")
	cmd.Env = append(cmd.Env, s.env...)
	s.process = startProcess(t, cmd, s.log)
	t.Cleanup(func() { s.stop(t) })
	waitReady(t, s.http, s.base, s.process)
}

// waitReady returns once /readyz at base says 200.
func waitReady(t testing.TB, client *http.Client, base string, p *process) {
	t.Helper()
	ready := func() bool {
		resp, err := client.Get(base + "/readyz")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}
	require.Eventually(t, func() bool { return p.ended() || ready() }, 20*time.Second, 10*time.Millisecond,
		"no 200 from /readyz")
	if p.ended() {
		t.Fatalf("%s ended at once and said:\n%s", p.cmd.Path, p.log.tail())
	}
}

// stop asks the server to end, as a deployment does, and waits until it has.
func (s *server) stop(t testing.TB) {
	t.Helper()
	s.process.end(t, syscall.SIGTERM, 30*time.Second)
}

// crash ends the server with no chance to say good-bye.
func (s *server) crash(t testing.TB) {
	t.Helper()
	s.process.end(t, syscall.SIGKILL, 10*time.Second)
}

// streamURL is where a client of that session reads the topic.
func (s *server) streamURL(session string) string {
	return s.base + streamPath(session)
}

const topic = "interop"

func streamPath(session string) string {
	return "/api/sse?" + url.Values{"sessionId": {session}, "topics": {topic}}.Encode()
}

// answer is what a publisher is told of one event.
type answer struct {
	Success    bool `json:"success"`
	EventsSent int  `json:"eventsSent"`
	Event      struct {
		ID string `json:"id"`
	} `json:"event"`
}

// publish posts one event and wants it queued for so many clients. It returns
// the event's id.
func (s *server) publish(t testing.TB, e event, receivers int) string {
	t.Helper()
	var a answer
	s.call(t, http.MethodPost, "/api/sse", e.body(), &a)
	require.True(t, a.Success, e.name)
	require.Equal(t, receivers, a.EventsSent, "clients that %q was queued for", e.name)
	require.NotEmpty(t, a.Event.ID, e.name)
	return a.Event.ID
}

// publishBatch posts events, all of which have ids, in one request.
func (s *server) publishBatch(t testing.TB, batch []event, receivers int) {
	t.Helper()
	var bodies []string
	for _, e := range batch {
		bodies = append(bodies, e.body())
	}
	var a struct {
		Results []answer `json:"results"`
	}
	s.call(t, http.MethodPost, "/api/sse", "["+strings.Join(bodies, ",")+"]", &a)
	require.Len(t, a.Results, len(batch))
	for i, r := range a.Results {
		require.True(t, r.Success, batch[i].name)
		require.Equal(t, receivers, r.EventsSent, batch[i].name)
		require.Equal(t, batch[i].id, r.Event.ID, batch[i].name)
	}
}

// active asks the server how many clients it believes to be there.
func (s *server) active(t testing.TB) int {
	t.Helper()
	var m struct {
		ActiveConnections *int `json:"activeConnections"`
	}
	s.call(t, http.MethodGet, "/api/sse/metrics", "", &m)
	require.NotNil(t, m.ActiveConnections)
	return *m.ActiveConnections
}

func (s *server) call(t testing.TB, method, path, body string, into any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+s.key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.http.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s %s with %.200s: %s", method, path, body, got)
	require.NoError(t, json.Unmarshal(got, into), "%s", got)
}

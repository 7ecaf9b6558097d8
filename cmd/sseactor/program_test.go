package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// soon is how long anything may take that should take no time.
const soon = 20 * time.Second

const testKey = "sse_test-0123456789abcdef"

// output keeps what a command prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// wait returns what a pattern matches, once it does.
func (o *output) wait(t testing.TB, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(soon); ; time.Sleep(2 * time.Millisecond) {
		if m := re.FindStringSubmatch(o.String()); m != nil {
			return m
		}
		require.True(t, time.Now().Before(deadline), "%s does not come in:\n%s", pattern, o)
	}
}

// program is a command that runs in this process.
type program struct {
	out, err *output
	addr     string
	url      string
	end      func() error // ends it as a signal would, and waits
}

// start runs a command in a goroutine of its own.
func start(t testing.TB, command func(context.Context, []string, stdio) error, env []string, args ...string) *program {
	t.Helper()
	p := &program{out: &output{}, err: &output{}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- command(ctx, args, stdio{strings.NewReader(""), p.out, p.err, env}) }()
	p.end = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(soon):
			assert.Fail(t, "it does not end", "%s", p.err)
			return nil
		}
	})
	t.Cleanup(func() { _ = p.end() })
	return p
}

// startServer runs serve on a free port, ready for requests.
func startServer(t testing.TB, args ...string) *program {
	t.Helper()
	checkLeaks(t)
	args = append([]string{"--addr", "127.0.0.1:0", "--log-format", "json", "--shutdown-grace", "10s"}, args...)
	p := start(t, serve, []string{"SSEACTOR_API_KEYS=test:" + testKey + ":publish+metrics+admin"}, args...)
	p.addr = p.err.wait(t, `"msg":"sseactor is serving".*"address":"([^"]+)"`)[1]
	p.url = "http://" + p.addr
	return p
}

var checked sync.Map

// checkLeaks looks for goroutines that a test has left, when all else of it is over.
func checkLeaks(t testing.TB) {
	if _, again := checked.LoadOrStore(t, nil); !again {
		leaks := append([]goleak.Option{goleak.IgnoreCurrent()}, outliving...)
		t.Cleanup(func() {
			checked.Delete(t)
			http.DefaultClient.CloseIdleConnections()
			goleak.VerifyNone(t, leaks...)
		})
	}
}

// do runs a command to its end.
func do(t testing.TB, command func(context.Context, []string, stdio) error, env []string, in string, args ...string) (out, errs string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	var o, e bytes.Buffer
	err = command(ctx, args, stdio{strings.NewReader(in), &o, &e, env})
	return o.String(), e.String(), err
}

// get reads a URL's JSON.
func get(t testing.TB, url, key string) (status int, fields map[string]any) {
	t.Helper()
	r, err := http.NewRequest("GET", url, nil)
	require.NoError(t, err)
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(body, &fields), "%s", body)
	return resp.StatusCode, fields
}

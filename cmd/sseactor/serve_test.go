package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/auth"
)

func TestServeInProduction(t *testing.T) {
	p := startServer(t)
	status, fields := get(t, p.url+"/healthz", "")
	assert.Equal(t, 200, status)
	assert.Equal(t, "alive", fields["status"])
	status, _ = get(t, p.url+"/api/sse/metrics", "")
	assert.Equal(t, 401, status)
	status, fields = get(t, p.url+"/api/sse/metrics", testKey)
	assert.Equal(t, 200, status)
	assert.Equal(t, 10000.0, fields["maxClients"])
	status, _ = get(t, p.url+"/", testKey)
	assert.Equal(t, 404, status, "the page is for development")
	assert.Empty(t, p.out.String(), "nobody is invited")
	require.NoError(t, p.end())
	assert.Contains(t, p.err.String(), `"msg":"shutting down"`)
	assert.Contains(t, p.err.String(), `"msg":"stopped"`)
	assert.NotContains(t, p.err.String(), testKey)
}

func TestServeWithAPrivateListener(t *testing.T) {
	private := freeAddr(t)
	p := startServer(t, "--metrics-addr", private, "--pprof=true")
	status, _ := get(t, p.url+"/metrics", testKey)
	assert.Equal(t, 404, status)
	resp, err := http.Get("http://" + private + "/metrics")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, 200, resp.StatusCode)
	assert.Contains(t, string(body), "sseactor_streams 0\n")
	require.NoError(t, p.end())
}

// What can't be opened leaves nothing open that could.
func TestServeWhosePrivateAddressIsTaken(t *testing.T) {
	checkLeaks(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	public := freeAddr(t)
	_, _, err = do(t, serve, nil, "", "--mode", "development", "--addr", public, "--metrics-addr", taken.Addr().String())
	assert.ErrorContains(t, err, "(setting metrics-addr)")
	again, err := net.Listen("tcp", public)
	require.NoError(t, err, "the public address is free again")
	require.NoError(t, again.Close())
}

// A signal that comes before the listeners are served ends the program all the same.
func TestServeThatIsEndedAtOnce(t *testing.T) {
	checkLeaks(t)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for range 20 {
		done := make(chan error, 1)
		go func() {
			done <- serve(ended, []string{"--mode", "development", "--addr", "127.0.0.1:0"}, stdio{nil, io.Discard, io.Discard, nil})
		}()
		select {
		case err := <-done:
			require.NoError(t, err)
		case <-time.After(soon):
			require.FailNow(t, "it serves on")
		}
	}
}

func TestTheDevelopmentKey(t *testing.T) {
	checkLeaks(t)
	file := filepath.Join(t.TempDir(), "key")
	run := func(t *testing.T) (key string) {
		p := start(t, serve, nil, "--mode", "development", "--addr", "127.0.0.1:0", "--dev-key-file", file)
		m := p.out.wait(t, `Try it: +(http://\S+)/demo#key=(sse_[0-9a-f]{64})\n`)
		status, _ := get(t, m[1]+"/api/sse/admin/clients", m[2])
		assert.Equal(t, 200, status, "it may do everything")
		require.NoError(t, p.end())
		assert.NotContains(t, p.err.String(), m[2], "it is printed, not logged")
		return m[2]
	}
	first := run(t)
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, first, string(kept))
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	assert.Equal(t, first, run(t), "it is the same after a restart")

	t.Run("with a line end, as an editor leaves it", func(t *testing.T) {
		require.NoError(t, os.WriteFile(file, []byte(first+"\n"), 0o600))
		assert.Equal(t, first, run(t))
	})
	t.Run("an empty file is filled, and made private", func(t *testing.T) {
		require.NoError(t, os.WriteFile(file, nil, 0o644))
		require.NoError(t, os.Chmod(file, 0o644))
		assert.NotEqual(t, first, run(t))
		info, err := os.Stat(file)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	})
	t.Run("a file that holds something else is left alone", func(t *testing.T) {
		const precious = "-----BEGIN PRIVATE KEY-----\n"
		require.NoError(t, os.WriteFile(file, []byte(precious), 0o600))
		_, _, err := do(t, serve, nil, "", "--mode", "development", "--addr", "127.0.0.1:0", "--dev-key-file", file)
		assert.ErrorContains(t, err, "development key")
		assert.ErrorContains(t, err, file)
		kept, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, precious, string(kept))
	})
	t.Run("a file that can't be written", func(t *testing.T) {
		_, _, err := do(t, serve, nil, "", "--mode", "development", "--addr", "127.0.0.1:0", "--dev-key-file", "/no/such/folder/key")
		assert.ErrorContains(t, err, "keep the development key")
	})
	t.Run("a folder", func(t *testing.T) {
		_, _, err := do(t, serve, nil, "", "--mode", "development", "--addr", "127.0.0.1:0", "--dev-key-file", t.TempDir())
		assert.ErrorContains(t, err, "read the development key")
	})
}

func TestADevelopmentServerWithAKeyMakesNone(t *testing.T) {
	p := startServer(t, "--mode", "development")
	assert.Empty(t, p.out.String())
	require.NoError(t, p.end())
}

func TestEachDevelopmentServerWithoutAFileHasItsOwnKey(t *testing.T) {
	checkLeaks(t)
	keys := map[string]bool{}
	for range 2 {
		p := start(t, serve, nil, "--mode", "development", "--addr", "127.0.0.1:0")
		key := p.out.wait(t, `#key=(\S+)\n`)[1]
		assert.True(t, auth.IsSecret(key))
		keys[key] = true
		require.NoError(t, p.end())
	}
	assert.Len(t, keys, 2)
}

// The dashboard is where the operators' endpoints are.
func TestThePrintedLinksLeadToPages(t *testing.T) {
	for name, args := range map[string][]string{"one listener": nil, "a private one": {"--metrics-addr", "127.0.0.1:0"}} {
		t.Run(name, func(t *testing.T) {
			checkLeaks(t)
			p := start(t, serve, nil, append([]string{"--mode", "development", "--addr", "127.0.0.1:0"}, args...)...)
			for _, link := range p.out.wait(t, `Try it: +(http://\S+)#key=\S+\nDashboard: +(http://\S+)#key=`)[1:] {
				resp, err := http.Get(link)
				require.NoError(t, err)
				require.NoError(t, resp.Body.Close())
				assert.Equal(t, 200, resp.StatusCode, link)
				assert.Equal(t, "text/html; charset=utf-8", resp.Header.Get("Content-Type"), link)
			}
			require.NoError(t, p.end())
		})
	}
}

// What the server prints to be pasted, pasted.
func TestThePrintedCurlLinesWork(t *testing.T) {
	needCurl(t)
	checkLeaks(t)
	p := start(t, serve, nil, "--mode", "development", "--addr", "127.0.0.1:0")
	lines := p.out.wait(t, `(?s)\n  (curl -N .*?)\n\n  (curl .*?)\n\n`)

	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	listen := exec.CommandContext(ctx, "bash", "-c", "exec "+lines[1])
	heard := &output{}
	listen.Stdout = heard
	require.NoError(t, listen.Start())
	heard.wait(t, `event: connection\n`)

	answer, err := exec.CommandContext(ctx, "bash", "-c", lines[2]).Output()
	require.NoError(t, err)
	assert.Regexp(t, `^\{"success":true,"eventsSent":1,"event":\{"type":"notification","data":\{"message":"Hello World"\},"id":"\d+-\d+"\}\}$`, string(answer))
	heard.wait(t, `event: notification\ndata: \{"message":"Hello World"\}\nid: \d+-\d+\n\n`)
	require.NoError(t, p.end())
	require.NoError(t, listen.Wait(), "curl ends with the stream")
	assert.Contains(t, heard.String(), "SERVER_SHUTDOWN")
}

func needCurl(t *testing.T) {
	for _, name := range []string{"curl", "bash"} {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("REQUIRE_ALL") == "1" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

// freeAddr is a loopback address that nobody listens at.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func TestTheURLToPrint(t *testing.T) {
	for addr, want := range map[string]string{"127.0.0.1:0": "http://127.0.0.1:", "0.0.0.0:0": "http://localhost:", "[::1]:0": "http://[::1]:", ":0": "http://localhost:"} {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue // no IPv6 here
		}
		a := &app{public: l, config: loaded(t)}
		assert.True(t, strings.HasPrefix(a.url(), want), "%s: %s", addr, a.url())
		require.NoError(t, l.Close())
	}
}

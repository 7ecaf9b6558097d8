package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// process is the program as a process of its own, for what only signals and exit
// codes show.
type process struct {
	cmd      *exec.Cmd
	out, err *output
	url      string
	exit     chan int
}

func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	p := &process{cmd: exec.Command(self, args...), out: &output{}, err: &output{}, exit: make(chan int, 1)}
	p.cmd.Env = []string{beProgram + "=1", "HOME=" + t.TempDir(), "SSEACTOR_API_KEYS=test:" + testKey}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.err
	require.NoError(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		p.exit <- p.cmd.ProcessState.ExitCode()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		http.DefaultClient.CloseIdleConnections()
	})
	return p
}

func startServerProcess(t *testing.T, args ...string) *process {
	t.Helper()
	p := startProcess(t, append([]string{"serve", "--addr", "127.0.0.1:0", "--log-format", "json"}, args...)...)
	p.url = "http://" + p.err.wait(t, `"msg":"sseactor is serving".*"address":"([^"]+)"`)[1]
	return p
}

func (p *process) exited(t *testing.T) int {
	t.Helper()
	select {
	case code := <-p.exit:
		return code
	case <-time.After(soon):
		require.FailNow(t, "the process does not end", "%s", p.err)
		return -1
	}
}

func TestASignalDrainsAndTheProcessExitsWithZero(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			p := startServerProcess(t)
			resp, err := http.Get(p.url + "/api/sse?sessionId=s")
			require.NoError(t, err)
			defer resp.Body.Close()
			in := bufio.NewReader(resp.Body)
			line, err := in.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "event: connection\n", line)

			require.NoError(t, p.cmd.Process.Signal(signal))
			rest, err := io.ReadAll(in)
			require.NoError(t, err, "the stream ends properly")
			assert.Contains(t, string(rest), `"code":"SERVER_SHUTDOWN"`)
			assert.Zero(t, p.exited(t), p.err)
			assert.Contains(t, p.err.String(), `"msg":"stopped"`)
		})
	}
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	p := startServerProcess(t, "--shutdown-delay", "1m", "--shutdown-grace", "2m")
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	p.err.wait(t, `"msg":"shutting down"`)
	select {
	case <-p.exit:
		require.Fail(t, "the first signal is not the end", "%s", p.err)
	case <-time.After(50 * time.Millisecond):
	}
	began := time.Now()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, 1, p.exited(t))
	assert.Less(t, time.Since(began), 5*time.Second)
	assert.Contains(t, p.err.String(), "a second signal: ending at once")
}

func TestTheProcessExitsWithTwoForAWrongConfiguration(t *testing.T) {
	p := startProcess(t, "--max-clients", "none", "--mode", "prod")
	assert.Equal(t, 2, p.exited(t))
	for _, fault := range []string{"max-clients", "mode"} {
		assert.Contains(t, p.err.String(), fault)
	}
	assert.Empty(t, strings.TrimSpace(p.out.String()))
}

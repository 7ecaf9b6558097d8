package interop

import (
	"bytes"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process is a running program that says when it has ended.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{}
	log    *output
}

// startProcess runs cmd and keeps what it says in log.
func startProcess(t testing.TB, cmd *exec.Cmd, log *output) *process {
	t.Helper()
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	p := &process{cmd: cmd, exited: make(chan struct{}), log: log}
	go func() {
		defer close(p.exited)
		_ = cmd.Wait()
	}()
	return p
}

// ended reports whether it has, without waiting.
func (p *process) ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// end sends the signal and waits; a process that is still there after that time
// is killed, and the test fails. Ending it again does nothing.
func (p *process) end(t testing.TB, how syscall.Signal, within time.Duration) {
	t.Helper()
	_ = p.cmd.Process.Signal(how)
	select {
	case <-p.exited:
	case <-time.After(within):
		t.Errorf("%s was still there %v after %v; killing it. It said:\n%s", p.cmd.Path, within, how, p.log.tail())
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
}

// output keeps what a program says. Safe for concurrent use.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// tail is the end of it, enough for a failure's message.
func (o *output) tail() string {
	s := o.String()
	return s[max(0, len(s)-4000):]
}

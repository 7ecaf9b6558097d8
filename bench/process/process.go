//go:build linux

// Package process starts, watches and ends the servers that are measured.
package process

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
)

// Process is a server's process and those that it has started. Safe for
// concurrent use.
type Process struct {
	os     *os.Process
	exited chan struct{} // closed when it has ended and code is set
	code   int
}

// Start starts a command. Should this process be killed, the command's goes with
// it; else whoever started it ends it with Kill.
func Start(cmd *exec.Cmd) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	p := &Process{os: cmd.Process, exited: make(chan struct{})}
	go func() {
		defer close(p.exited)
		_ = cmd.Wait()
		p.code = cmd.ProcessState.ExitCode()
	}()
	return p, nil
}

// Signal sends a signal to the process itself.
func (p *Process) Signal(s os.Signal) error { return p.os.Signal(s) }

// Exited is closed when it has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// HasExited reports whether it has ended, and its exit code.
func (p *Process) HasExited() (code int, yes bool) {
	select {
	case <-p.exited:
		return p.code, true
	default:
		return 0, false
	}
}

// AwaitExit waits for it to end by itself and gives its exit code.
func (p *Process) AwaitExit(ctx context.Context, most time.Duration) (code int, err error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	select {
	case <-p.exited:
		return p.code, nil
	case <-ctx.Done():
		return -1, fmt.Errorf("the server has not ended after %v", most)
	}
}

// Kill ends it, and what it has started, if they have not ended by themselves.
func (p *Process) Kill() {
	if _, gone := p.HasExited(); !gone {
		for _, pid := range p.children() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	_ = p.os.Kill()
	<-p.exited
}

// Usage is what it and what it has started hold and have used. Memory that they
// share is in the sum of Share once, in the sum of RSS several times.
func (p *Process) Usage() (loadgen.Usage, error) {
	sum, err := loadgen.ReadUsage(p.os.Pid)
	for _, pid := range p.children() {
		u, childErr := loadgen.ReadUsage(pid)
		err = errors.Join(err, childErr)
		sum.Add(u)
	}
	return sum, err
}

// Peak is the most resident memory that the process itself has had, in bytes.
func (p *Process) Peak() (int64, error) { return loadgen.ReadPeak(p.os.Pid) }

// children are the processes that its first thread has started: those of nginx, say,
// but not all of a Go program's.
func (p *Process) children() (pids []int) {
	pid := strconv.Itoa(p.os.Pid)
	text, _ := os.ReadFile("/proc/" + pid + "/task/" + pid + "/children")
	for field := range strings.FieldsSeq(string(text)) {
		if n, err := strconv.Atoi(field); err == nil {
			pids = append(pids, n)
		}
	}
	return pids
}

// AwaitReady asks a URL until it answers 200, for ten seconds at most.
func (p *Process) AwaitReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var last error
	err := Poll(ctx, 5*time.Millisecond, func() bool {
		if code, gone := p.HasExited(); gone {
			last = fmt.Errorf("it exited with code %d", code)
			return true
		}
		last = ask(ctx, url)
		return last == nil
	})
	if err != nil || last != nil {
		return fmt.Errorf("the server did not become ready: %w", errors.Join(last, err))
	}
	return nil
}

func ask(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, res.Status)
	}
	return nil
}

// Poll asks again and again: another process's state can't be awaited.
func Poll(ctx context.Context, every time.Duration, done func() bool) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// Pause lets time pass where time itself is what is measured.
func Pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// FreeAddress is an address on loopback that was free a moment ago. Its port is none of
// those that Linux gives to connects by itself: else one of these could take it while its
// server is down between two starts.
func FreeAddress() (netip.AddrPort, error) {
	const first, end, attempts = 12_000, 32_000, 100
	var last error
	for range attempts {
		l, err := net.Listen("tcp4", fmt.Sprint("127.0.0.1:", first+rand.IntN(end-first)))
		if err != nil {
			last = err
			continue
		}
		addr := l.Addr().(*net.TCPAddr).AddrPort()
		return addr, l.Close()
	}
	return netip.AddrPort{}, last
}

//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
)

// key is the API key that the servers are started with.
const key = "0123456789abcdef0123456789abcdef"

// server is a process of the server's binary.
type server struct {
	*loadgen.Publisher
	addr    netip.AddrPort
	process *os.Process
	exited  chan struct{} // closed when it has ended and code is set
	code    int
}

// start starts a server with settings as NAME=value and waits until it is
// ready. It ends with the scenario.
func (b *bench) start(ctx context.Context, settings ...string) (*server, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	return b.startAt(ctx, addr, settings...)
}

func (b *bench) startAt(ctx context.Context, addr netip.AddrPort, settings ...string) (*server, error) {
	// Not CommandContext: the scenarios end the server themselves, and what is
	// left over is ended in end.
	cmd := exec.Command(b.bin)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"),
		"SSEACTOR_ADDR=" + addr.String(),
		"SSEACTOR_MODE=development",
		"SSEACTOR_API_KEYS=bench:" + key + ":publish+metrics+admin",
		"SSEACTOR_LOG_LEVEL=warn",
	}
	for _, s := range append(settings, b.extra...) {
		cmd.Env = append(cmd.Env, "SSEACTOR_"+s)
	}
	cmd.Stdout, cmd.Stderr = b.log, b.log
	// Should this process be killed, the server goes with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", b.bin, err)
	}
	s := &server{
		Publisher: loadgen.NewPublisher(addr, key),
		addr:      addr, process: cmd.Process, exited: make(chan struct{}),
	}
	go func() {
		defer close(s.exited)
		_ = cmd.Wait()
		s.code = cmd.ProcessState.ExitCode()
	}()
	b.servers = append(b.servers, s)
	return s, s.awaitReady(ctx)
}

func (s *server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var last error
	err := poll(ctx, 5*time.Millisecond, func() bool {
		if s.hasExited() {
			last = fmt.Errorf("it exited with code %d", s.code)
			return true
		}
		_, last = s.Get(ctx, "/readyz")
		return last == nil
	})
	if err != nil || last != nil {
		return fmt.Errorf("the server did not become ready: %w", errors.Join(last, err))
	}
	return nil
}

func (s *server) hasExited() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

// kill ends the server by its pid, if it has not ended by itself.
func (s *server) kill() {
	s.Publisher.Close()
	_ = s.process.Kill()
	<-s.exited
}

// awaitExit waits for the server to end by itself and gives its exit code.
func (s *server) awaitExit(ctx context.Context, most time.Duration) (code int, err error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	select {
	case <-s.exited:
		return s.code, nil
	case <-ctx.Done():
		return -1, fmt.Errorf("the server has not ended after %v", most)
	}
}

func (s *server) usage() (loadgen.Usage, error) { return loadgen.ReadUsage(s.process.Pid) }

// active asks the server how many streams it counts; -1 if it does not say.
func (s *server) active(ctx context.Context) (int, error) {
	status, err := s.Status(ctx)
	return status.Active(), err
}

// awaitActive asks until the server counts so many streams, and says how long
// that took and what it counted last.
func (s *server) awaitActive(ctx context.Context, want int, most time.Duration) (took time.Duration, last int, err error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	began := time.Now()
	timedOut := poll(ctx, 2*time.Millisecond, func() bool {
		var n int
		if n, err = s.active(ctx); err == nil {
			last = n
		}
		return err != nil || last == want
	})
	if timedOut != nil {
		err = nil // what was counted last says it
	}
	return time.Since(began), last, err
}

// poll asks again and again: another process's state can't be awaited.
func poll(ctx context.Context, every time.Duration, done func() bool) error {
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

// pause lets time pass where time itself is what is measured.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// freeAddress is an address on loopback that was free a moment ago.
func freeAddress() (netip.AddrPort, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return netip.AddrPort{}, err
	}
	addr := l.Addr().(*net.TCPAddr).AddrPort()
	return addr, l.Close()
}

// maxClients is the setting with room for what comes and goes.
func maxClients(streams int) string { return "MAX_CLIENTS=" + strconv.Itoa(streams+500) }

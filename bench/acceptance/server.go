//go:build linux

package main

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
)

// key is the API key that the servers are started with.
const key = "0123456789abcdef0123456789abcdef"

// server is a process of the server's binary.
type server struct {
	*loadgen.Publisher
	*process.Process
	addr netip.AddrPort
}

// start starts a server with settings as NAME=value and waits until it is
// ready. It ends with the scenario.
func (b *bench) start(ctx context.Context, settings ...string) (*server, error) {
	addr, err := process.FreeAddress()
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
	}
	for _, s := range append(settings, b.extra...) {
		cmd.Env = append(cmd.Env, "SSEACTOR_"+s)
	}
	cmd.Stdout, cmd.Stderr = b.log, b.log
	p, err := process.Start(cmd)
	if err != nil {
		return nil, err
	}
	s := &server{Publisher: loadgen.NewPublisher(addr, key), Process: p, addr: addr}
	b.servers = append(b.servers, s)
	return s, s.AwaitReady(ctx, "http://"+addr.String()+"/readyz")
}

// kill ends the server, if it has not ended by itself.
func (s *server) kill() {
	s.Publisher.Close()
	s.Process.Kill()
}

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
	timedOut := process.Poll(ctx, 2*time.Millisecond, func() bool {
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

// maxClients is the setting with room for what comes and goes.
func maxClients(streams int) string { return "MAX_CLIENTS=" + strconv.Itoa(streams+500) }

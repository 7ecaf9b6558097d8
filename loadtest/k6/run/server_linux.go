package main

import (
	"context"
	"crypto/rand"
	"io"
	"os/exec"
	"syscall"
	"time"

	"github.com/sseactor/sseactor/bench/process"
)

// server is a server of the test's own, in production mode on a free port.
type server struct {
	*process.Process
	base string // its address
	key  string // of a service that publishes and reads metrics
}

// startServer starts the program and waits until it is ready. The settings in the
// environment, as SSEACTOR_NAME=value, win over those that suit a load test.
func startServer(ctx context.Context, program string, log io.Writer, environment []string) (*server, error) {
	addr, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	key := rand.Text() + rand.Text()
	cmd := exec.Command(program)
	cmd.Env = []string{
		"SSEACTOR_MAX_CLIENTS=18000", // a process may often have no more than 20,000 descriptors
		"SSEACTOR_PUBLIC_TOPICS=load*",
		"SSEACTOR_SHUTDOWN_GRACE=2s",
		"SSEACTOR_LOG_LEVEL=warn",
		"SSEACTOR_LOG_FORMAT=text",
	}
	cmd.Env = append(cmd.Env, environment...)
	cmd.Env = append(cmd.Env, "SSEACTOR_ADDR="+addr.String(), "SSEACTOR_API_KEYS=loadtest:"+key)
	cmd.Stdout, cmd.Stderr = log, log
	// A group of its own: a terminal's Ctrl-C is for k6, which says good-bye first.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p, err := process.Start(cmd)
	if err != nil {
		return nil, err
	}
	s := &server{Process: p, base: "http://" + addr.String(), key: key}
	if err := s.AwaitReady(ctx, s.base+"/readyz"); err != nil {
		s.Kill()
		return nil, err
	}
	return s, nil
}

// environment is what a script needs to find the server.
func (s *server) environment() []string {
	return []string{"BASE_URL=" + s.base, "API_KEY=" + s.key}
}

// end lets the server drain, and kills it if that takes too long.
func (s *server) end() {
	_ = s.Signal(syscall.SIGTERM)
	_, _ = s.AwaitExit(context.Background(), 5*time.Second)
	s.Kill()
}

// dieTogether ends a command should this program be killed.
func dieTogether(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

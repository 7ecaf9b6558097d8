//go:build linux

package main

import (
	"context"
	"syscall"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/report"
)

// kill2 sends a second SIGTERM while the server drains: whoever does that does
// not want to wait.
func kill2(ctx context.Context, b *bench, r *report.Report) error {
	n := min(b.streams, 5000)
	s, err := b.start(ctx, maxClients(n), "SHUTDOWN_GRACE=20s")
	if err != nil {
		return err
	}
	c, err := b.client(loadgen.Options{Target: s.addr})
	if err != nil {
		return err
	}
	if _, err := open(ctx, c, sessions(n, "kill")); err != nil {
		return err
	}
	if err := s.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := c.Await(ctx, "the drain to begin", func() bool { return c.Counts(0).Errors > 0 }); err != nil {
		return err
	}
	left := c.Counts(0).Open
	r.Check("streams still open at the second signal", left > 0, left, "some, or the drain was over")
	began := time.Now()
	if err := s.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	code, err := s.AwaitExit(ctx, 30*time.Second)
	if err != nil {
		return err
	}
	r.Within("ended after the second signal within", time.Since(began), time.Second)
	r.Check("exit code", code != 0, code, "not 0: it was not an orderly end")
	if err := c.Await(ctx, "all streams to end", func() bool { return c.Counts(0).Open == 0 }); err != nil {
		return err
	}
	counts := c.Counts(0)
	r.Tell("streams ended by", "%s", counts.Endings())
	return nil
}

//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

// idle measures what a stream costs the server's process while nothing is sent
// to it but heartbeats. The kernel's own memory for a socket, about 4 KB, is in
// no process's RSS.
func idle(ctx context.Context, b *bench, r *report.Report) error {
	const settling = 35 * time.Second // more than a heartbeat interval, so that each stream has had one
	const bar = 1800                  // bytes; a quarter of what the best other server takes would be 2,500
	s, err := b.start(ctx, maxClients(b.streams), "HEARTBEAT_INTERVAL=30s")
	if err != nil {
		return err
	}
	empty, err := s.level(ctx)
	if err != nil {
		return err
	}
	c, err := b.client(loadgen.Options{Target: s.addr})
	if err != nil {
		return err
	}
	before, err := loadgen.ReadUsage(os.Getpid())
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := open(ctx, c, sessions(b.streams, "idle")); err != nil {
		return err
	}
	opening := time.Since(began)
	fresh, err := s.level(ctx)
	if err != nil {
		return err
	}
	if err := process.Pause(ctx, settling); err != nil {
		return err
	}
	settled, err := s.level(ctx)
	if err != nil {
		return err
	}

	own, err := loadgen.ReadUsage(os.Getpid())
	if err != nil {
		return err
	}
	each := func(l level) float64 { return float64(l.RSS-empty.RSS) / float64(b.streams) }
	n := c.Counts(0)
	r.Tell("how RSS is read", "Rss of /proc/PID/smaps_rollup, median of 5 readings in a second")
	r.Tell("streams opened", "%d in %v: %.0f a second", n.Opened, opening.Round(time.Millisecond), float64(n.Opened)/opening.Seconds())
	r.Tell("with none, fresh from start", "%v", empty)
	r.Tell("right after connecting", "%v", fresh)
	r.Tell(fmt.Sprintf("%v later", settling), "%v", settled)
	r.Tell("RSS a stream right after connecting", "%.0f bytes", each(fresh))
	r.Check("RSS a stream, settled", each(settled) <= bar, fmt.Sprintf("%.0f bytes", each(settled)), fmt.Sprintf("at most %d bytes", bar))
	r.Check("goroutines more than with no stream", settled.goroutines-empty.goroutines < 50, settled.goroutines-empty.goroutines, "less than 50")
	r.Tell("CPU from then to now", "%v for connects and %d heartbeats", settled.CPU-empty.CPU, n.Heartbeats)
	r.Tell("the load client's", "%v; %.0f bytes RSS a stream", own.CPU-before.CPU, float64(own.RSS-before.RSS)/float64(b.streams))
	r.Equal("streams open", n.Open, b.streams)
	r.Equal("descriptors more than with no stream", settled.FDs-empty.FDs, b.streams)
	r.Check("heartbeats", n.Heartbeats >= b.streams, n.Heartbeats, fmt.Sprintf("at least %d, one each", b.streams))
	faults(r, "streams", n)
	return nil
}

//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

// heartbeats measures what streams cost that nothing is sent to but heartbeats, which
// are to be spread over their interval however the streams came.
func heartbeats(ctx context.Context, b *bench, r *report.Report) error {
	const interval, looking = 30 * time.Second, 60 * time.Second
	s, err := b.start(ctx, maxClients(b.streams), "HEARTBEAT_INTERVAL="+interval.String())
	if err != nil {
		return err
	}
	c, err := b.client(loadgen.Options{Target: s.addr})
	if err != nil {
		return err
	}
	if _, err := open(ctx, c, sessions(b.streams, "quiet")); err != nil {
		return err
	}
	if err := process.Pause(ctx, interval+5*time.Second); err != nil {
		return err
	}
	s.Publisher.Close()
	before, err := s.Usage()
	if err != nil {
		return err
	}
	first := c.Counts(0).Heartbeats
	const every = 100 * time.Millisecond
	began := time.Now()
	counts := []int{first}
	for time.Since(began) < looking {
		if err := process.Pause(ctx, time.Until(began.Add(time.Duration(len(counts))*every))); err != nil {
			return err
		}
		counts = append(counts, c.Counts(0).Heartbeats)
	}
	took := time.Since(began)
	after, err := s.Usage()
	if err != nil {
		return err
	}
	// Any second, not only those of a clock.
	var seconds []int
	for i := range counts[:len(counts)-10] {
		seconds = append(seconds, counts[i+10]-counts[i])
	}
	n := counts[len(counts)-1] - first
	mean := float64(n) / took.Seconds()
	share := 100 * (after.CPU - before.CPU).Seconds() / took.Seconds()
	r.Tell("streams, nothing sent to them", "%d, looked at for %v", b.streams, took.Round(time.Second))
	r.Check("the server's CPU", share < 2, fmt.Sprintf("%.2f %% of one core", share), "less than 2 %")
	r.Check("heartbeats", n >= int(float64(b.streams)*0.95*took.Seconds()/interval.Seconds()), fmt.Sprintf("%d, %.0f a second", n, mean), "one for each stream in each interval")
	r.Check("most in any second", float64(slices.Max(seconds)) <= 2*mean, slices.Max(seconds), "at most twice the mean")
	r.Equal("streams open", c.Counts(0).Open, b.streams)
	faults(r, "streams", c.Counts(0))
	return nil
}

//go:build linux

package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

// heartbeat counts the heartbeats of each tick, from one interval after the last
// client has come to two.
func heartbeat(ctx context.Context, r *rig, rep *report.Report) error {
	if err := process.Pause(ctx, r.heartbeat+time.Second); err != nil {
		return err
	}
	used := cpu()
	var mu sync.Mutex
	var totals []uint64 // before each tick
	var failed error
	count := func() {
		mu.Lock()
		defer mu.Unlock()
		stats, err := r.stats(ctx)
		if err != nil {
			failed = err
		}
		totals = append(totals, stats.Heartbeats)
	}
	r.watch.Store(&count)
	err := process.Pause(ctx, r.heartbeat)
	r.watch.Store(nil)
	used = cpu() - used
	mu.Lock()
	defer mu.Unlock()
	if err != nil || failed != nil {
		return firstOf(err, failed)
	}
	perTick := make([]int, len(totals)-1)
	for i := range perTick {
		perTick[i] = int(totals[i+1] - totals[i])
	}
	sum := totals[len(totals)-1] - totals[0]
	mean := float64(sum) / float64(len(perTick))
	expected := float64(r.clients) * float64(len(perTick)) * actor.TickInterval.Seconds() / r.heartbeat.Seconds()
	rep.Check("heartbeats, for one each an interval", float64(sum) > .98*expected && float64(sum) < 1.02*expected,
		sum, "the clients' share of the time, to 2 %")
	top := slices.Max(perTick)
	rep.Check("in the busiest tick", float64(top) <= 2*mean, top, "at most twice the mean")
	rep.Tell("in the quietest; mean", "%d; %.0f", slices.Min(perTick), mean)
	rep.Tell("CPU", "%.1f %% of one processor", 100*used.Seconds()/r.heartbeat.Seconds())
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

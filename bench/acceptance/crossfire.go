//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

// crossfire sends single events while broadcasts to all run back to back: these must
// not make those wait for the end of a broadcast. The streams that the single events
// are for have a load client to themselves, whose own queue is short: that of the
// others is as long as a broadcast has receivers.
func crossfire(ctx context.Context, b *bench, r *report.Report) error {
	const lasting, watched, single = 15 * time.Second, 200, 2000
	const broadcasts = 5000 // room for so many
	s, err := b.start(ctx, maxClients(b.streams))
	if err != nil {
		return err
	}
	crowd, err := b.client(loadgen.Options{Target: s.addr, Tags: single + broadcasts})
	if err != nil {
		return err
	}
	if _, err := open(ctx, crowd, sessions(b.streams-watched, "crowd")); err != nil {
		return err
	}
	c, err := b.client(loadgen.Options{Target: s.addr, Tags: single + broadcasts})
	if err != nil {
		return err
	}
	if _, err := open(ctx, c, sessions(watched, "watched")); err != nil {
		return err
	}
	firing, stop := context.WithTimeout(ctx, lasting)
	defer stop()
	var all sync.WaitGroup
	sent, failed := 0, error(nil)
	all.Go(func() {
		for ; firing.Err() == nil && failed == nil && sent < broadcasts; sent++ {
			_, failed = s.Publish(ctx, loadgen.Event{Data: loadgen.Tag{N: single + sent, At: loadgen.Now()}.Text(200, false)})
		}
	})
	at := make([]int64, single)
	n := 0
	for ; n < single && firing.Err() == nil && err == nil; n++ {
		due := time.Now().Add(15 * time.Millisecond)
		at[n] = loadgen.Now()
		session := fmt.Sprintf("watched-%05d", n%watched)
		_, err = s.Publish(ctx, loadgen.Event{SessionID: session, Data: loadgen.Tag{N: n, Lane: 1, At: at[n]}.Text(200, false)})
		_ = process.Pause(firing, time.Until(due))
	}
	all.Wait()
	if err != nil || failed != nil {
		return fmt.Errorf("publish: %w", errors.Join(err, failed))
	}
	settle(ctx, crowd, func() bool { return crowd.Counts(0).Events+crowd.Counts(0).Told >= sent*(b.streams-watched) })
	settle(ctx, c, func() bool { return c.Counts(0).Events+c.Counts(0).Told >= sent*watched+n })
	arrivals, _ := c.Arrivals()
	var took []time.Duration
	for i := range n {
		if arrivals[i].Count > 0 {
			took = append(took, time.Duration(arrivals[i].Last-at[i]))
		}
	}
	r.Equal("events for one stream that came", len(took), n)
	if len(took) == 0 {
		return nil
	}
	slices.Sort(took)
	counts, others := c.Counts(0), crowd.Counts(0)
	counts.Add(&others)
	r.Tell("broadcasts back to back", "%d to %d streams, %.1f a second", sent, b.streams, float64(sent)/lasting.Seconds())
	r.Tell("events for one stream meanwhile", "%d", n)
	r.Tell("from post to stream", "p50 %v, p90 %v, max %v", took[len(took)/2].Round(100*time.Microsecond), took[len(took)*9/10].Round(100*time.Microsecond), took[len(took)-1].Round(100*time.Microsecond))
	r.Within("from post to stream, p99", took[len(took)*99/100], 50*time.Millisecond)
	r.Zero("events neither received nor told of", sent*b.streams+n-counts.Events-counts.Told)
	faults(r, "streams", counts)
	return nil
}

//go:build linux

package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/report"
)

// overflow sends far more than the outbox of a stream that does not read can
// hold, at a pace that the others keep up with, and then has those read again:
// every event that they did not get must have been counted, and they must have
// been told of it.
func overflow(ctx context.Context, b *bench, r *report.Report) error {
	const events, step = 3000, 50
	s, c, streams, err := gather(ctx, b, events, stuck)
	if err != nil {
		return err
	}
	growth, err := watchGrowth(ctx, s)
	if err != nil {
		return err
	}
	var busy atomic.Int64
	for n := range events {
		_, err := patient(ctx, s, &busy, func() loadgen.Event {
			return loadgen.Event{Event: "blast", Data: loadgen.Tag{N: n, At: loadgen.Now()}.Text(blastBytes, false)}
		})
		if err != nil {
			return err
		}
		if n%step == step-1 {
			settle(ctx, c, func() bool { return c.Counts(healthy).Events >= (crowd-stuck)*(n+1) })
		}
	}
	grown := growth()
	status, err := s.Status(ctx)
	if err != nil {
		return err
	}
	dropped := int(status["dropped"])
	r.Check("overflow: events dropped, by /api/sse/metrics", dropped > 0, dropped, fmt.Sprintf("some of %d × %d", stuck, events))
	// What waits is shared by all outboxes, so even the bound of one for each
	// would be far too much: 100 MiB.
	r.Check("overflow: the server grew by", grown <= 32<<20, mebibytes(grown), "at most 32 MiB")
	r.Equal("overflow: events that readers got", c.Counts(healthy).Events, (crowd-stuck)*events)
	faults(r, "overflow, readers", c.Counts(healthy))

	c.Resume(streams[:stuck]...)
	settle(ctx, c, func() bool {
		n := c.Counts(stuckOnes)
		return n.Events+n.Told >= stuck*events || n.AllEnded() == stuck
	})
	untold := 0
	c.Each(streams[:stuck], func(s *loadgen.Stream) {
		if s.Count()+s.Told != events && s.Code != "SLOW_CONSUMER" {
			untold++
		}
	})
	n := c.Counts(stuckOnes)
	r.Tell("overflow: the stuck ones then read", "%d events and %d notices of %d more; ended: %s", n.Events, n.Notices, n.Told, n.Endings())
	r.Zero("overflow: stuck ones with a hole that they were not told of exactly", untold)
	r.Equal("overflow: events that notices tell of, against those counted", n.Told, dropped)
	faults(r, "overflow, stuck ones", n)
	return nil
}

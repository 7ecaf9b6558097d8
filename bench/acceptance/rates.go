//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

// rates sends ten times as many events as a stream may have, for ten seconds, and counts
// what comes and what the stream is told that it missed.
func rates(ctx context.Context, b *bench, r *report.Report) error {
	const rate, burst, sent, lasting = 100, 25, 10_000, 10 * time.Second
	s, err := b.start(ctx, fmt.Sprint("CLIENT_EVENT_RATE=", rate))
	if err != nil {
		return err
	}
	c, err := b.client(loadgen.Options{Target: s.addr, Tags: sent})
	if err != nil {
		return err
	}
	if _, err := open(ctx, c, sessions(1, "limited")); err != nil {
		return err
	}
	began := time.Now()
	for n := 0; n < sent; n += 10 {
		batch := make([]loadgen.Event, 10)
		for i := range batch {
			batch[i] = loadgen.Event{SessionID: "limited-00000", Data: loadgen.Tag{N: n + i, At: loadgen.Now()}.Text(200, false)}
		}
		if _, err := s.PublishBatch(ctx, batch); err != nil {
			return err
		}
		if err := process.Pause(ctx, time.Until(began.Add(lasting*time.Duration(n+10)/sent))); err != nil {
			return err
		}
	}
	took := time.Since(began)
	settle(ctx, c, func() bool { return c.Counts(0).Events+c.Counts(0).Told >= sent })
	n := c.Counts(0)
	due := took.Seconds()*rate + burst
	r.Tell("sent", "%d events in %v", sent, took.Round(time.Millisecond))
	r.Check("came", float64(n.Events) > due*.95 && float64(n.Events) < due*1.05, n.Events, fmt.Sprintf("%.0f, within 5 %%", due))
	r.Check("events above the rate alone, over the time", float64(n.Events) < took.Seconds()*rate*1.05, fmt.Sprintf("%+.1f %%", 100*(float64(n.Events)/(took.Seconds()*rate)-1)), "at most 5 %")
	r.Zero("neither received nor told of", sent-n.Events-n.Told)
	faults(r, "the stream", n)
	return nil
}

//go:build linux

package main

import (
	"context"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/report"
)

// departures measures how soon the server knows of streams that have gone. No
// heartbeat and no event is sent meanwhile: nothing that was written could have
// told it.
func departures(ctx context.Context, b *bench, r *report.Report) error {
	const each = 1000
	s, err := b.start(ctx, "HEARTBEAT_INTERVAL=5m", "CLIENT_TIMEOUT=15m")
	if err != nil {
		return err
	}
	c, err := b.client(loadgen.Options{Target: s.addr, Tags: 64})
	if err != nil {
		return err
	}
	streams, err := open(ctx, c, sessions(3*each, "departing"))
	if err != nil {
		return err
	}
	took, last, err := s.awaitActive(ctx, 3*each, time.Second)
	if err != nil {
		return err
	}
	r.Check("activeConnections with all open", last == 3*each, last, "exactly 3000")
	r.Tell("counted after", "%v", took.Round(time.Millisecond))

	for i, leave := range []struct {
		how string
		do  func(...*loadgen.Stream)
	}{{"closed (FIN)", c.Close}, {"aborted (RST)", c.Abort}} {
		began := time.Now()
		leave.do(streams[i*each : (i+1)*each]...)
		done := time.Since(began)
		want := (2 - i) * each
		_, last, err := s.awaitActive(ctx, want, 5*time.Second)
		if err != nil {
			return err
		}
		r.Equal("1,000 "+leave.how+": activeConnections", last, want)
		r.Within("all noticed within (since the first close)", time.Since(began), time.Second)
		r.Tell("of which the closing itself took", "%v", done.Round(time.Millisecond))
	}

	answer, err := s.Publish(ctx, loadgen.Event{Event: "still", Data: loadgen.Tag{At: loadgen.Now()}.Text(100, false)})
	if err != nil {
		return err
	}
	r.Equal("a broadcast afterwards is queued for", answer.EventsSent, each)
	settle(ctx, c, func() bool { return c.Counts(0).Events == each })
	n := c.Counts(0)
	r.Equal("and received by", n.Events, each)
	r.Zero("streams that the server ended", n.AllEnded()-2*each)
	faults(r, "streams", n)
	return nil
}
